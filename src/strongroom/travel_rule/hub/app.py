"""Puts the hub together."""

from pathlib import Path
from typing import Final

from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, DatabaseNames, Passwords, migrate, provision
from strongroom.runtime.http import RenewedTls
from strongroom.runtime.rate import TokenBuckets
from strongroom.runtime.service import Service
from strongroom.travel_rule.hub.config import HubConfig
from strongroom.travel_rule.hub.jobs import Jobs
from strongroom.travel_rule.hub.operations.directory import Directory
from strongroom.travel_rule.hub.operations.limits import Limits
from strongroom.travel_rule.hub.operations.relay import Relay
from strongroom.travel_rule.hub.peers import Enclaves
from strongroom.travel_rule.hub.routes import make_application
from strongroom.travel_rule.messages import MESSAGE_BYTES_MAX

SERVICE: Final = "travel_rule_hub"
_FOLDER: Final = Path(__file__).parent


async def migrate_store(*, admin_dsn: str, environment: Environment, password: str | None) -> tuple[str, ...]:
    """Make the hub's database and roles where absent and bring them to this release; gives what was applied.

    Args:
        admin_dsn: of a role that may create databases and roles.
        environment: ``<environment>_travel_rule_hub`` is the database's name, and its service role's.
        password: of the service's role; None leaves it as it is.

    Raises:
        StrongroomError: as ``runtime.db.migrate``.
    """
    names = DatabaseNames(environment.value, SERVICE)
    await provision(admin_dsn, names=names, passwords=Passwords(service=password))
    return await migrate(admin_dsn, names=names, migrations=_FOLDER / "migrations", grants=_FOLDER / "grants.sql")


def build(*, config: HubConfig, database: Database, clock: Clock, tls: RenewedTls) -> Service:
    """The hub, ready to be started; its door is to be served behind ``tls.server``."""
    enclaves = Enclaves(tls=tls.client, environment=config.environment, timeout_s=config.counterparty_s)
    directory = Directory(
        authority_key=bytes.fromhex(config.authority_key), environment=config.environment, clock=clock
    )
    relay = Relay(directory=directory, enclaves=enclaves, limits=_limits(config, clock), clock=clock)
    jobs = Jobs(relay=relay, database=database, config=config, clock=clock)

    async def start() -> None:
        await jobs.start()
        tls.start()

    async def stop() -> None:
        await tls.stop()
        await jobs.stop()
        await enclaves.close()

    return Service(name=SERVICE, http=make_application(relay), start=start, stop=stop)


def _limits(config: HubConfig, clock: Clock) -> Limits:
    requests = TokenBuckets(per_s=config.member_requests_per_s, burst=config.member_requests_burst)
    burst = config.member_bytes_burst
    sizes = TokenBuckets(per_s=config.member_bytes_per_s, burst=burst, debt=max(burst, MESSAGE_BYTES_MAX))
    return Limits(requests=requests, sizes=sizes, clock=clock)
