"""A MariaDB of one's own, from the programs that the operating system's package installed: for the Travel Rule.

It listens on 127.0.0.1 and on a Unix socket, runs under the account that starts it, and its administrator's password is
random and kept in the data folder (0600): for tests and demonstrations.

In the data folder: ``data/`` (MariaDB's own), ``admin_password``, ``port``, ``pid``, ``mariadb.log``.
"""

import os
import pwd
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from strongroom.apps.embedded.ports import HOST, choose_port, remember_port
from strongroom.apps.embedded.process import Command, ManagedProcess, run_to_end
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import Entropy, SystemEntropy
from strongroom.runtime.kms import write_once

ADMIN_USER = "root"
MISSING = "MariaDB is not installed: apt-get install mariadb-server"
"""What is said where its programs are not found."""
_SEARCH = os.pathsep.join(("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": _SEARCH, "TZ": "UTC"}
_ATTEMPTS = 5
_DRAFT = "data.new."
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_START_TIMEOUT_S = 300.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the server and of what makes its data folder."""

    server: str
    install: str


@final
class RunningMariaDb:
    """A server that accepts sessions."""

    def __init__(self, *, process: ManagedProcess, port: int, password: str) -> None:
        self.process = process
        self.port = port
        self._password = password

    def url(self, database: str = "mysql") -> str:
        """The administrator's address of one database, for SQLAlchemy."""
        return f"mysql+asyncmy://{ADMIN_USER}:{self._password}@{HOST}:{self.port}/{quote(database, safe='')}"

    async def make_database(self, name: str, *, password: str) -> str:
        """A database, where absent, and a user of its name who may do everything in it; gives that user's address.

        Args:
            name: lower-case letters, digits and underscores.
            password: set anew at every call; hexadecimal digits.
        """
        if not _NAME.fullmatch(name) or not password.isalnum():
            raise ValueError("a database's name or password that would need quoting")
        server = create_async_engine(self.url())
        try:
            async with server.begin() as connection:
                for statement in (
                    f"create database if not exists {name}",
                    f"create or replace user {name}@'{HOST}' identified by '{password}'",
                    f"grant all privileges on {name}.* to {name}@'{HOST}'",
                ):
                    await connection.execute(text(statement))
        finally:
            await server.dispose()
        return f"mysql+asyncmy://{name}:{password}@{HOST}:{self.port}/{name}"

    def stop(self) -> None:
        """Ends sessions and server; returns when nothing of it is left. May be called twice."""
        self.process.stop()


def find_mariadb() -> Programs | None:
    """Where MariaDB's programs are, or None."""
    server, install = (shutil.which(name, path=_SEARCH) for name in ("mariadbd", "mariadb-install-db"))
    return None if server is None or install is None else Programs(server, install)


def start_mariadb(data_dir: Path, *, durable: bool = True, entropy: Entropy | None = None) -> RunningMariaDb:
    """Prepares and starts a server and waits until it accepts sessions (some seconds the first time).

    Args:
        data_dir: a folder for MariaDB alone; made if absent.
        durable: False trades safety for speed: for databases that a test throws away.
        entropy: source of the administrator's password.

    Raises:
        StrongroomError: CONFIG_INVALID if its programs are not installed; UNAVAILABLE if it does not come up;
            STATUS_CONFLICT if one runs there already.
    """
    programs = find_mariadb()
    if programs is None:
        raise StrongroomError(Code.CONFIG_INVALID, MISSING)
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data_dir / "tmp").mkdir(mode=0o700, exist_ok=True)
    chance = entropy or SystemEntropy()
    password = _keep_password(data_dir, chance)
    reason = ""
    for _ in range(_ATTEMPTS):
        port = choose_port(data_dir / "port")

        def prepare(port: int = port) -> None:
            remember_port(data_dir / "port", port)
            if not (data_dir / "data").is_dir():
                _initialise(data_dir, programs, chance)

        process = ManagedProcess.start(_command(data_dir, programs, port=port, durable=durable), before=prepare)
        if _wait_ready(process, port):
            return RunningMariaDb(process=process, port=port, password=password)
        reason = process.log_tail()
        process.stop()
        if "in use" not in reason:  # the port was taken meanwhile
            break
    raise StrongroomError(Code.UNAVAILABLE, f"MariaDB did not start ({data_dir / 'mariadb.log'}):\n{reason}")


def _command(data_dir: Path, programs: Programs, *, port: int, durable: bool) -> Command:
    options = {
        "datadir": str(data_dir / "data"),
        "user": _own_name(),
        "bind-address": HOST,
        "skip-name-resolve": "ON",
        "port": str(port),
        "socket": "socket",  # relative to the data folder, for a path has at most 107 bytes (unix(7))
        "init-file": str(data_dir / "first_statements"),
        "innodb-buffer-pool-size": "64M",
        "innodb-log-file-size": "16M",
        "innodb-flush-log-at-trx-commit": "1" if durable else "0",
        "performance-schema": "OFF",
        "max-connections": "200",
        "character-set-server": "utf8mb4",
        "default-time-zone": "+00:00",
    }
    return Command(
        name="MariaDB",
        arguments=(programs.server, "--no-defaults", *(f"--{name}={value}" for name, value in options.items())),
        log_path=data_dir / "mariadb.log",
        pid_path=data_dir / "pid",
        directory=data_dir,
        environment=_environment(data_dir),
    )


def _initialise(data_dir: Path, programs: Programs, entropy: Entropy) -> None:
    """Makes MariaDB's own folder beside its final place and moves it there, so that a killed start leaves no half one.

    Each draft has a name of its own: what a killed start left may still be writing to the one before.
    """
    for old in data_dir.glob(f"{_DRAFT}*"):
        shutil.rmtree(old, ignore_errors=True)
    draft = data_dir / f"{_DRAFT}{entropy.token(8).hex()}"
    options = (f"--datadir={draft}", f"--user={_own_name()}", "--auth-root-authentication-method=normal")
    run_to_end(
        (programs.install, "--no-defaults", *options, "--skip-test-db"),
        environment=_environment(data_dir),
        account=None,
        directory=data_dir,
    )
    draft.rename(data_dir / "data")


def _environment(data_dir: Path) -> Mapping[str, str]:
    """With a folder for temporary tables of its own: a server that starts deletes all that it finds in a shared one."""
    return {**_ENVIRONMENT, "TMPDIR": str(data_dir / "tmp")}


def _keep_password(data_dir: Path, entropy: Entropy) -> str:
    path = data_dir / "admin_password"
    write_once(path, entropy.token(16).hex().encode())
    password = path.read_text()
    statements = (
        f"alter user {ADMIN_USER}@localhost identified by '{password}';\n"
        f"create or replace user {ADMIN_USER}@'{HOST}' identified by '{password}';\n"
        f"grant all privileges on *.* to {ADMIN_USER}@'{HOST}' with grant option;\n"
    )
    write_once(data_dir / "first_statements", statements.encode())
    return password


def _own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _wait_ready(process: ManagedProcess, port: int) -> bool:
    for _ in range(int(_START_TIMEOUT_S / _POLL_S)):
        if process.wait(timeout_s=_POLL_S) is not None:
            return False
        if _greets(port):
            return True
    return False


def _greets(port: int) -> bool:
    """Whether the server speaks first, as its protocol has it, on that port."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False
