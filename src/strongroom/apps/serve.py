"""The platform process: every service of one environment joined in memory, behind the gateway's REST door."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import structlog
import uvicorn
import uvloop

from strongroom.apps.catalog import SERVICES, Entry
from strongroom.apps.embedded.layout import Layout
from strongroom.apps.migrate import migrate_all
from strongroom.custody.balances.config import BalancesConfig
from strongroom.custody.cosigner_engine.config import EngineConfig
from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.custody.screening.config import ScreeningConfig
from strongroom.custody.secure_vault.config import VaultConfig
from strongroom.custody.transaction_manager.config import TransactionManagerConfig
from strongroom.gateway.config import GatewayConfig
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock, SystemClock
from strongroom.runtime.collector import settle_collector
from strongroom.runtime.config import load_settings
from strongroom.runtime.db import Database, DatabaseConfig, DatabaseNames
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.http import RenewedTls, TlsFiles, is_loopback, open_door, serve_config
from strongroom.runtime.kms import SoftwareAttestor, SoftwareKms
from strongroom.runtime.pki import Authority, TlsIdentity
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.service import Service
from strongroom.runtime.telemetry import configure_logging
from strongroom.runtime.work import Work

CONNECTIONS = 8
"""Per service: sixteen transactions in flight hold a connection for a millisecond each."""


class TravelRuleSettings(ScreeningConfig, frozen=True):
    """Screening's settings with an enclave.

    Args:
        backend_host: where screening's door for the enclave listens; elsewhere than on loopback only with TLS.
        backend_port: the same.
        backend_tls_cert_file: that door's certificate with its chain, PEM; renewed when it changes.
        backend_tls_key_file: its key.
    """

    backend_host: str = "127.0.0.1"
    backend_port: int = 8632
    backend_tls_cert_file: str = ""
    backend_tls_key_file: str = ""

    def __post_init__(self) -> None:
        """Refuse to have personal data asked for in clear on a network."""
        if bool(self.backend_tls_cert_file) != bool(self.backend_tls_key_file):
            raise ValueError("backend_tls_cert_file and backend_tls_key_file belong together")
        if not self.backend_tls_cert_file and not is_loopback(self.backend_host):
            raise ValueError("backend_host beyond loopback needs backend_tls_cert_file and backend_tls_key_file")

    def tls_files(self) -> TlsFiles | None:
        """Of screening's door; None for plain HTTP."""
        if not self.backend_tls_cert_file:
            return None
        return TlsFiles(certificate=Path(self.backend_tls_cert_file), key=Path(self.backend_tls_key_file))


def load_travel_rule(file: Path) -> TravelRuleSettings:
    """The settings in a TOML file; the names of other files in it are meant beside it.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` naming the setting, never its value.
    """
    settings = load_settings(TravelRuleSettings, file=file, environ={})
    if settings.enclave is None:
        raise StrongroomError(Code.CONFIG_INVALID, f"{file.name} has no table `enclave`.")
    if not settings.backend_tls_cert_file:
        return settings
    beside, names = file.absolute().parent, (settings.backend_tls_cert_file, settings.backend_tls_key_file)
    certificate, key = (beside / name for name in names)
    RenewedTls(TlsFiles(certificate=certificate, key=key), clock=SystemClock())  # refused before anything starts
    return msgspec.structs.replace(settings, backend_tls_cert_file=str(certificate), backend_tls_key_file=str(key))


class PlatformSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the platform process is told, in a file of mode 0600.

    Args:
        data_dir: for certificates and keys.
        environment: which one it serves.
        database_address: ``host:port`` of PostgreSQL.
        database_socket: the folder of its Unix socket, which is used instead where there is one.
        admin_dsn: of a role that may create databases.
        service_passwords: of each service's database role.
        auditor_password: of the read-only role.
        operator_token: for the operator's REST calls.
        http_port: of the REST door, on 127.0.0.1.
        link_port: of the co-signers' door, on 127.0.0.1.
        chains: JSON-RPC URL by chain id.
        travel_rule: the Travel Rule enclave; None for a simulated counterparty.
        keep_finished_work_days: how long the row of a durable call that is over is kept; at least one.
    """

    data_dir: str
    environment: Environment
    database_address: str
    admin_dsn: str
    service_passwords: dict[str, str]
    auditor_password: str
    operator_token: str
    http_port: int
    link_port: int
    chains: dict[str, str]
    database_socket: str = ""
    travel_rule: TravelRuleSettings | None = None
    keep_finished_work_days: Annotated[int, msgspec.Meta(ge=1)] = 30

    def __repr__(self) -> str:
        """No secret of it."""
        return f"PlatformSettings(environment={self.environment!r})"


async def serve_platform(settings: PlatformSettings) -> None:
    """Migrate, build and start everything, and serve until SIGINT or SIGTERM."""
    attestor = SoftwareAttestor()
    configure_logging(service="platform", environment=settings.environment, attestor=attestor)
    await migrate_all(
        admin_dsn=settings.admin_dsn,
        environment=settings.environment,
        passwords=settings.service_passwords,
        auditor_password=settings.auditor_password,
    )
    async with AsyncExitStack() as stack:
        platform, services = await _build(settings, stack)
        await platform.start()
        stack.push_async_callback(platform.stop)
        await _open_backend_door(settings, services["screening"], stack)
        settle_collector()
        await _serve_http(services["gateway"], settings.http_port)


async def _build(settings: PlatformSettings, stack: AsyncExitStack) -> tuple[LocalPlatform, dict[str, Service]]:
    layout, clock, entropy = Layout(Path(settings.data_dir)), SystemClock(), SystemEntropy()
    authority = Authority.open(layout.pki, environment=settings.environment, clock=clock)
    platform = LocalPlatform(
        issuer=authority,
        trust_root=authority.trust_root(),
        access=Access.load(),
        clock=clock,
        entropy=entropy,
        attestor=SoftwareAttestor(),
    )
    configs, services = _configs(settings, authority), dict[str, Service]()
    for entry in SERVICES:
        database = await _open(entry, settings, stack) if entry.has_database else None
        work = _work(database, settings, clock) if database and entry.has_work else None
        kms = SoftwareKms(layout.kms(entry.name))
        host = platform.host(entry.name, kms=kms, database=database, work=work)
        services[entry.name] = entry.build(host, configs.get(entry.name))
        platform.add(services[entry.name])
    return platform, services


def _work(database: Database, settings: PlatformSettings, clock: Clock) -> Work:
    keep_finished_s = settings.keep_finished_work_days * 86_400.0
    return Work(database, clock=clock, worker_id="platform", keep_finished_s=keep_finished_s)


async def _open(entry: Entry, settings: PlatformSettings, stack: AsyncExitStack) -> Database:
    names = DatabaseNames(settings.environment.value, entry.name)
    password = settings.service_passwords[entry.name]
    address, _, port = settings.database_address.partition(":")
    where = f"/{names.database}?" + urlencode({"host": settings.database_socket or address, "port": port})
    dsn = f"postgresql://{names.service_role}:{password}@{where}"
    return await stack.enter_async_context(
        await Database.open(DatabaseConfig(dsn=dsn, min_connections=2, max_connections=CONNECTIONS))
    )


def _configs(settings: PlatformSettings, authority: Authority) -> Mapping[str, object]:
    return {
        "balances": BalancesConfig(),
        "screening": settings.travel_rule or ScreeningConfig(),
        "policy_engine": PolicyEngineConfig(),
        "cosigner_engine": EngineConfig(
            link_address=f"127.0.0.1:{settings.link_port}",
            link_tls=TlsIdentity.from_issuer(authority, service="cosigner_engine", clock=SystemClock()),
        ),
        "secure_vault": VaultConfig(),
        "transaction_manager": TransactionManagerConfig(),
        "nodes": NodesConfig(chains=settings.chains),
        "gateway": GatewayConfig(operator_token=settings.operator_token),
    }


async def _open_backend_door(settings: PlatformSettings, screening: Service, stack: AsyncExitStack) -> None:
    """Screening's door for the enclave, if there is one."""
    door = settings.travel_rule
    if door is None or screening.http is None:
        return
    files, tls = door.tls_files(), None
    if files is not None:
        tls = RenewedTls(files, clock=SystemClock())
        tls.start()
        stack.push_async_callback(tls.stop)
    config = serve_config(screening.http, host=door.backend_host, port=door.backend_port, tls=tls and tls.server)
    await stack.enter_async_context(open_door(config))


async def _serve_http(gateway: Service, port: int) -> None:
    assert gateway.http is not None, "the gateway is an HTTP service"
    config = uvicorn.Config(
        gateway.http,
        host="127.0.0.1",
        port=port,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    structlog.stdlib.get_logger(__name__).info("listening", port=port)
    await uvicorn.Server(config).serve()


def main() -> None:
    """``python -m strongroom.apps.serve FILE``: what the supervisor starts."""
    try:
        settings = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=PlatformSettings)
    except (IndexError, OSError, msgspec.DecodeError):
        raise StrongroomError(Code.CONFIG_INVALID, "The argument is the platform's settings file.") from None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_platform(settings))


if __name__ == "__main__":
    main()
