"""``strongroom-travel-rule-hub``: the hub's program, and the network authority's tools."""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import structlog
import uvloop
from cyclopts import App, Parameter

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.collector import settle_collector
from strongroom.runtime.db import Database, DatabaseConfig
from strongroom.runtime.http import RenewedTls, TlsFiles, open_door, serve_config, wait_for_signal
from strongroom.runtime.kms import SoftwareAttestor, write_once
from strongroom.runtime.program import run_program
from strongroom.runtime.telemetry import configure_logging
from strongroom.travel_rule.hub.app import build, migrate_store
from strongroom.travel_rule.hub.config import HubConfig, load_config
from strongroom.travel_rule.hub.operations.directory import Directory, enrol_vasp
from strongroom.travel_rule.hub.operations.issue import Applicant, NetworkAuthority
from strongroom.travel_rule.messages import VaspStatus

ADMIN_DSN: Final = "STRONGROOM_ADMIN_DSN"
RECORD_FILE: Final = "vasp.record"
_KEY_HEX: Final = 64
_log = structlog.stdlib.get_logger(__name__)

app = App(name="strongroom-travel-rule-hub", help="Carries sealed messages between Travel Rule enclaves.")
authority_app = App(name="authority", help="The network authority's work. Its home belongs on a machine of its own.")
app.command(authority_app)
Config = Annotated[Path, Parameter(help="The hub's settings, TOML.")]
Home = Annotated[Path, Parameter(help="The network authority's home folder.")]
Out = Annotated[Path, Parameter(help="The folder to write to.")]


@authority_app.command(name="show")
def show_authority(*, home: Home, environment: Environment = Environment.SANDBOX) -> None:
    """Show the authority's public key, which every enclave and the hub need; makes the authority when there is none."""
    _say(NetworkAuthority.open(home, environment=environment, clock=SystemClock()).public_key.hex())


@authority_app.command
def issue_hub(*, home: Home, out: Out, environment: Environment = Environment.SANDBOX) -> None:
    """Write a TLS identity for the hub."""
    NetworkAuthority.open(home, environment=environment, clock=SystemClock()).issue_hub(out)
    _say(f"{out}: tls.key, tls.pem, root.pem")


@authority_app.command
def issue(
    *,
    home: Home,
    out: Out,
    vasp_id: Annotated[str, Parameter(help="Decimal number below 2^64.")],
    name: Annotated[str, Parameter(help="What people call it.")],
    legal_name: Annotated[str, Parameter(help="As in its register.")],
    country: Annotated[str, Parameter(help="ISO 3166-1 alpha-2.")],
    url: Annotated[str, Parameter(help="https://host:port of its enclave's message door.")],
    identity_key: Annotated[str, Parameter(help="The enclave's Ed25519 public key, 64 hexadecimal digits.")],
    status: Annotated[VaspStatus, Parameter(help="What was verified.")] = VaspStatus.VERIFIED_MEMBER,
    environment: Environment = Environment.SANDBOX,
) -> None:
    """Sign a VASP's record and write it with a TLS identity for its enclave; enrol the record at the hub."""
    applicant = Applicant(
        vasp_id=vasp_id,
        name=name,
        legal_name=legal_name,
        country=country,
        url=url,
        identity_key=_parse_key(identity_key),
        status=status,
    )
    signed = NetworkAuthority.open(home, environment=environment, clock=SystemClock()).issue_member(applicant, out)
    (out / RECORD_FILE).unlink(missing_ok=True)
    write_once(out / RECORD_FILE, signed)
    _say(f"{out}: {RECORD_FILE}, tls.key, tls.pem, root.pem")


@app.command(name="migrate")
def migrate_database(*, config: Config) -> None:
    """Make or migrate the hub's database; STRONGROOM_ADMIN_DSN is of a role that may create databases."""
    settings, admin_dsn = load_config(config, environ=os.environ), os.environ.get(ADMIN_DSN, "")
    if not admin_dsn:
        raise StrongroomError(Code.CONFIG_INVALID, f"{ADMIN_DSN} must be set.")
    password = urlsplit(settings.database_dsn).password
    applied = migrate_store(admin_dsn=admin_dsn, environment=settings.environment, password=password)
    for name in asyncio.run(applied):
        _say(name)


@app.command
def enrol(record: Annotated[Path, Parameter(help="The signed record.")], *, config: Config) -> None:
    """Take a VASP into the directory, or renew its record; the network authority must have signed it."""
    settings = load_config(config, environ=os.environ)
    vasp_id = asyncio.run(_enrol(settings, record))
    _say(f"VASP {vasp_id} is enrolled.")


@app.command
def vasps(*, config: Config) -> None:
    """Show the directory."""
    for line in asyncio.run(_list(load_config(config, environ=os.environ))):
        _say(line)


@app.command
def run(*, config: Config) -> None:
    """Serve until SIGINT or SIGTERM."""
    settings = load_config(config, environ=os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: HubConfig) -> None:
    configure_logging(
        service="travel-rule-hub",
        environment=settings.environment,
        attestor=SoftwareAttestor(),
        level=settings.log_level,
    )
    async with await _open(settings) as database:
        clock = SystemClock()
        tls = RenewedTls(TlsFiles.in_folder(Path(settings.tls_folder)), clock=clock)
        hub = build(config=settings, database=database, clock=clock, tls=tls)
        assert hub.http is not None, "the hub is an HTTP service"
        door = serve_config(hub.http, host=settings.host, port=settings.port, tls=tls.server)
        await hub.start()
        try:
            settle_collector()
            async with open_door(door) as port:
                _log.info("listening", port=port)
                await wait_for_signal()
        finally:
            await hub.stop()


async def _enrol(settings: HubConfig, record: Path) -> str:
    authority_key = bytes.fromhex(settings.authority_key)
    async with await _open(settings) as database:
        enrolled = await enrol_vasp(
            database=database, signed=_read(record), authority_key=authority_key, now=SystemClock().now()
        )
    return enrolled.vasp_id


async def _list(settings: HubConfig) -> list[str]:
    authority_key = bytes.fromhex(settings.authority_key)
    directory = Directory(authority_key=authority_key, environment=settings.environment, clock=SystemClock())
    async with await _open(settings) as database:
        await directory.read(database)
    return [
        f"{member.record.vasp_id:<21}{member.health:<6}{member.record.status:<17}{_day(member.record.expires_at)}"
        f"  {member.record.name}"
        for member in directory.members()
    ]


async def _open(settings: HubConfig) -> Database:
    config = DatabaseConfig(dsn=settings.database_dsn, max_connections=settings.max_connections)
    return await Database.open(config)


def _parse_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(text) != _KEY_HEX or not key:
        raise StrongroomError(Code.CONFIG_INVALID, "--identity-key is 64 hexadecimal digits.")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"{path} cannot be read: {error.strerror}.") from None


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> None:
    """Run the program."""
    sys.exit(run_program(app, sys.argv[1:]))


if __name__ == "__main__":
    main()
