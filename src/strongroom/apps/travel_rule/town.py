"""Prepares and runs a small network in one folder: databases, an authority, a hub, two enclaves with a robot each.

Everything listens on 127.0.0.1 and ends with this process. Under one account of the operating system it is a
demonstration, not a security boundary.
"""

import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from strongroom.apps.embedded.layout import ENVIRONMENT, Layout, replace_private
from strongroom.apps.embedded.mariadb import RunningMariaDb, find_mariadb, start_mariadb
from strongroom.apps.embedded.ports import HOST, keep_port
from strongroom.apps.embedded.postgres import RunningPostgres, start_postgres
from strongroom.apps.embedded.process import Command, ManagedProcess
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database, DatabaseConfig, DatabaseNames, Passwords, provision
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import SoftwareKms
from strongroom.travel_rule.enclave import app as enclave_app
from strongroom.travel_rule.enclave.config import load_config
from strongroom.travel_rule.hub import app as hub_app
from strongroom.travel_rule.hub.operations.directory import enrol_vasp
from strongroom.travel_rule.hub.operations.issue import Applicant, NetworkAuthority

_ENVIRON: Final = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "PYTHONUNBUFFERED": "1"}
_VASPS: Final = {"a": ("9007199254740993", "Alpha Exchange"), "b": ("18446744073709551615", "Beta Exchange")}
"""Both ids are above 2^53, as real ones are."""
Engine = Literal["MariaDB", "PostgreSQL"]
Engines = Mapping[str, Engine]
Settings = Mapping[str, str | int | float | Mapping[str, str | int | float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One VASP: its enclave, and the robot that is its back end.

    Args:
        name: ``a`` asks, ``b`` is asked.
        engine: what its enclave's database runs on.
        database_url: of that database, for SQLAlchemy.
        api_port: of the enclave's API.
        robot_port: of its back end.
        token: bearer token in both directions.
    """

    name: str
    vasp_id: str
    title: str
    engine: Engine
    database_url: str
    api_port: int
    message_port: int
    robot_port: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What runs."""

    a: Side
    b: Side
    hub_database: Database
    processes: tuple[ManagedProcess, ...]


def default_engines() -> Engines:
    """The required engine for one side where the machine has it, and the other one beside it."""
    return {"a": "PostgreSQL" if find_mariadb() is None else "MariaDB", "b": "PostgreSQL"}


@asynccontextmanager
async def open_town(
    data_dir: Path, *, engines: Engines | None = None, without: frozenset[str] = frozenset()
) -> AsyncGenerator[Town]:
    """Start everything; it is stopped, in reverse order, when the block ends.

    Args:
        data_dir: made if absent; what is in it from an earlier run goes on being used.
        engines: what each side's database runs on, by its name; ``default_engines`` if None.
        without: programs that the caller stands in for, such as ``robot-a`` for a back end of its own.

    Raises:
        StrongroomError: ``UNAVAILABLE`` when a database does not start, ``STATUS_CONFLICT`` when the folder is in use.
    """
    layout = Layout.at(data_dir)
    async with AsyncExitStack() as stack:
        postgres = start_postgres(layout.postgres)
        stack.callback(postgres.stop)
        chosen = engines or default_engines()
        mariadb: RunningMariaDb | None = None
        if "MariaDB" in chosen.values():
            mariadb = start_mariadb(layout.data_dir / "mariadb")
            stack.callback(mariadb.stop)
        sides = [
            await _prepare_side(name, layout, postgres, mariadb if chosen[name] == "MariaDB" else None)
            for name in _VASPS
        ]
        authority = NetworkAuthority.open(layout.data_dir / "authority", environment=ENVIRONMENT, clock=SystemClock())
        hub_dsn = await _prepare_hub(layout, authority, postgres)
        hub_database = await stack.enter_async_context(await Database.open(DatabaseConfig(dsn=hub_dsn)))
        for side in sides:
            await _prepare_enclave(side, layout, authority, hub_database)
        processes: list[ManagedProcess] = []
        for name, arguments in _programs(sides, layout).items():
            if name in without:
                continue
            processes.append(ManagedProcess.start(_command(name, arguments, layout)))
            stack.callback(processes[-1].stop)
        yield Town(a=sides[0], b=sides[1], hub_database=hub_database, processes=tuple(processes))


async def _prepare_side(name: str, layout: Layout, postgres: RunningPostgres, mariadb: RunningMariaDb | None) -> Side:
    vasp_id, title = _VASPS[name]
    password, database = _secret(), f"enclave_{name}"
    engine: Engine = "MariaDB" if mariadb else "PostgreSQL"
    if mariadb:
        url = await mariadb.make_database(database, password=password)
    else:
        names = DatabaseNames(ENVIRONMENT.value, database)
        await provision(postgres.admin_dsn(), names=names, passwords=Passwords(owner=password))
        dsn = postgres.dsn(database=names.database, user=names.owner_role, password=password)
        url = dsn.replace("postgresql://", "postgresql+asyncpg://")
    token = _secret()
    replace_private(_home(layout, name) / "token", token.encode())
    ports = {part: keep_port(_home(layout, name) / f"{part}_port") for part in ("api", "message", "robot")}
    return Side(
        name=name,
        vasp_id=vasp_id,
        title=title,
        engine=engine,
        database_url=url,
        api_port=ports["api"],
        message_port=ports["message"],
        robot_port=ports["robot"],
        token=token,
    )


async def _prepare_hub(layout: Layout, authority: NetworkAuthority, postgres: RunningPostgres) -> str:
    password = _secret()
    await hub_app.migrate_store(admin_dsn=postgres.admin_dsn(), environment=ENVIRONMENT, password=password)
    names = DatabaseNames(ENVIRONMENT.value, hub_app.SERVICE)
    dsn = postgres.dsn(database=names.database, user=names.service_role, password=password)
    home = _home(layout, "hub")
    authority.issue_hub(home / "tls")
    _write_settings(
        home / "hub.toml",
        {
            "database_dsn": dsn,
            "authority_key": authority.public_key.hex(),
            "tls_folder": str(home / "tls"),
            "port": keep_port(home / "port"),
            "directory_s": 0.5,
            "health_s": 0.5,
        },
    )
    return dsn


async def _prepare_enclave(side: Side, layout: Layout, authority: NetworkAuthority, hub_database: Database) -> None:
    home, clock = _home(layout, side.name), SystemClock()
    kms = SoftwareKms(home / "keys")
    applicant = Applicant(
        vasp_id=side.vasp_id,
        name=side.title,
        legal_name=f"{side.title} Ltd.",
        country="KR",
        url=f"https://{HOST}:{side.message_port}",
        identity_key=kms.signer(enclave_app.IDENTITY).public_key,
    )
    signed = authority.issue_member(applicant, home / "tls")
    await enrol_vasp(database=hub_database, signed=signed, authority_key=authority.public_key, now=clock.now())
    settings = home / "enclave.toml"
    _write_settings(settings, _enclave_settings(side, layout, authority))
    ports = enclave_app.Ports(clock=clock, entropy=SystemEntropy(), kms=kms)
    await enclave_app.migrate_store(load_config(settings, environ={}), ports)


def _enclave_settings(side: Side, layout: Layout, authority: NetworkAuthority) -> Settings:
    home, hub_port = _home(layout, side.name), keep_port(_home(layout, "hub") / "port")
    return {
        "vasp_id": side.vasp_id,
        "jurisdiction": "KR",
        "keys_folder": str(home / "keys"),
        "log_level": "WARNING",
        "api": {"port": side.api_port, "token": side.token},
        "messages": {"port": side.message_port},
        "hub": {
            "url": f"https://{HOST}:{hub_port}",
            "tls_folder": str(home / "tls"),
            "authority_key": authority.public_key.hex(),
            "directory_s": 1.0,
        },
        "backend": {
            "url": f"http://{HOST}:{side.robot_port}",
            "token": side.token,
            "verification_path": "/verification",
            "account_path": "/account",
            "transaction_path": "/transaction",
            "callback_path": "/callback",
        },
        "database": {"url": side.database_url},
    }


def _programs(sides: list[Side], layout: Layout) -> Mapping[str, tuple[str, ...]]:
    package = "strongroom.travel_rule"
    hub_settings = str(_home(layout, "hub") / "hub.toml")
    programs: dict[str, tuple[str, ...]] = {"hub": (f"{package}.hub.main", "run", "--config", hub_settings)}
    for side in sides:
        home = _home(layout, side.name)
        serve = ("--token-file", str(home / "token"), "--port", str(side.robot_port))
        programs[f"robot-{side.name}"] = (f"{package}.robot.main", *serve)
        settings = str(home / "enclave.toml")
        programs[f"enclave-{side.name}"] = (f"{package}.enclave.main", "serve", "--config", settings)
    return programs


def _command(name: str, arguments: tuple[str, ...], layout: Layout) -> Command:
    return Command(
        name=name,
        arguments=(sys.executable, "-m", *arguments),
        log_path=layout.log(name),
        pid_path=layout.data_dir / f"{name}.pid",
        directory=layout.data_dir,
        environment=_ENVIRON,
    )


def _home(layout: Layout, name: str) -> Path:
    home = layout.data_dir / name
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def _secret() -> str:
    return SystemEntropy().token(24).hex()


def _write_settings(path: Path, settings: Settings) -> None:
    """TOML: its strings and numbers are written as JSON's are."""
    lines = [f"{name} = {_value(value)}" for name, value in settings.items() if not isinstance(value, Mapping)]
    for name, table in settings.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    replace_private(path, ("\n".join(lines) + "\n").encode())


def _value(value: str | float) -> str:
    return msgspec.json.encode(value).decode()
