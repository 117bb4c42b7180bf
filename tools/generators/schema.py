"""<service>/schema.sql: what the service's migrations and grants make of an empty database, for reading and review.

Migrations say how a database came to be, this says what it is, and who may do what in it. The roles are called
owner_role, service_role and auditor_role, as in grants.sql.
"""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from strongroom.apps.embedded.postgres import RunningPostgres, delete_postgres, start_postgres
from strongroom.runtime.db import DatabaseNames, Passwords, migrate, provision
from tools.generators import Generator

PATTERN = "src/strongroom/*/*/migrations"
HEAD = "-- Generated from the migrations and grants beside it by `make generate`; do not edit, and never run.\n\n"
_PASSWORD = "only for this run"  # noqa: S105  the server is gone when the file is written
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)?\n", re.MULTILINE)


def make(root: Path) -> Mapping[str, str]:
    """Migrate one database for each service on a server of its own, and dump it."""
    folders = sorted(path for path in root.glob(PATTERN) if any(path.glob("*.sql")) and "runtime" not in path.parts)
    if not folders:
        return {}
    home = Path(tempfile.mkdtemp(prefix="strongroom-schema-"))
    home.chmod(0o755)  # the server's account passes through it
    server = start_postgres(home / "postgres", durable=False)
    try:
        return {
            (folder.parent / "schema.sql").relative_to(root).as_posix(): asyncio.run(_schema(server, folder.parent))
            for folder in folders
        }
    finally:
        server.stop()
        delete_postgres(home / "postgres")
        shutil.rmtree(home)


async def _schema(server: RunningPostgres, service: Path) -> str:
    names = DatabaseNames("made", service.name)
    passwords = Passwords(service=_PASSWORD, owner=_PASSWORD, auditor=_PASSWORD)
    await provision(server.admin_dsn(), names=names, passwords=passwords)
    grants = service / "grants.sql"
    await migrate(
        server.dsn(database=names.database, user=names.owner_role, password=_PASSWORD),
        names=names,
        migrations=service / "migrations",
        grants=grants if grants.is_file() else None,
    )
    return HEAD + _readable(_dump(server, names), names)


def _dump(server: RunningPostgres, names: DatabaseNames) -> str:
    program, dsn = server.cluster.programs.path("pg_dump"), server.admin_dsn(database=names.database)
    command = [program, "--schema-only", "--restrict-key=strongroom", f"--dbname={dsn}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _readable(dump: str, names: DatabaseNames) -> str:
    """Without what pg_dump says about itself and its session; roles by what they are for."""
    text = _NOISE.sub("", dump)
    roles = {
        names.owner_role: "owner_role",
        names.auditor_role: "auditor_role",
        names.service_role: "service_role",
    }
    for role, purpose in roles.items():
        text = re.sub(rf"\b{role}\b", purpose, text)
    return text


GENERATOR = Generator(name="schema", owns=("src/strongroom/*/*/schema.sql",), make=make)
