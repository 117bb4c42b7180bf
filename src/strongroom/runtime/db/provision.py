"""Makes the database and the roles of one service. Run by an administrator, before ``migrate``; may be repeated."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TypeAlias

import asyncpg

from strongroom.runtime.db.failures import translated
from strongroom.runtime.db.names import DatabaseNames
from strongroom.runtime.db.statement import Row
from strongroom.runtime.entropy import Entropy, SystemEntropy

_LOCK = 5_732_002  # any constant: roles belong to the whole cluster, so one at a time
_ITERATIONS = 4096  # PostgreSQL's own scram_iterations; the passwords are random, so more would buy nothing
_ROLE = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
_Connection: TypeAlias = "asyncpg.Connection[Row]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """Passwords to set, in ASCII; None leaves a role as it is (a socket with peer or trust needs none)."""

    service: str | None = field(default=None, repr=False)
    owner: str | None = field(default=None, repr=False)
    auditor: str | None = field(default=None, repr=False)


_NO_PASSWORDS = Passwords()


async def provision(
    admin_dsn: str, *, names: DatabaseNames, passwords: Passwords = _NO_PASSWORDS, entropy: Entropy | None = None
) -> None:
    """Make the database, its owner role, its service's role and the environment's auditor role, where absent.

    The service's role can do nothing until ``migrate`` has run its grants; the auditor reads every table of the owner.
    Nobody else can connect.

    Args:
        admin_dsn: a superuser, or a role that may create databases and roles.
        names: of what is made.
        passwords: sent as SCRAM verifiers, so that no server log can hold them.
        entropy: for the salts.

    Raises:
        StrongroomError: ``UNAVAILABLE`` when the server does not answer.
    """
    salts = entropy or SystemEntropy()
    with translated():
        server: _Connection = await asyncpg.connect(
            admin_dsn, server_settings={"createrole_self_grant": "set, inherit"}
        )
        try:
            await server.execute("select pg_advisory_lock($1)", _LOCK)
            await _make_role(server, names.owner_role, passwords.owner, salts)
            await _make_role(server, names.service_role, passwords.service, salts)
            await _make_role(server, names.auditor_role, passwords.auditor, salts)
            await server.execute(f'alter role "{names.auditor_role}" set default_transaction_read_only = on')
            await _make_database(server, names)
            await _close_doors(admin_dsn, names)
        finally:
            await server.close()


async def _make_role(server: _Connection, role: str, password: str | None, salts: Entropy) -> None:
    if not await server.fetchval("select exists (select 1 from pg_roles where rolname = $1)", role):
        await server.execute(f'create role "{role}"')
    await server.execute(f'alter role "{role}" {_ROLE}')
    if password is not None:
        await server.execute(f"alter role \"{role}\" password '{_verifier(password, salts.token(16))}'")


async def _make_database(server: _Connection, names: DatabaseNames) -> None:
    if await server.fetchval("select exists (select 1 from pg_database where datname = $1)", names.database):
        return
    # one collation wherever it runs: the order of rows must not depend on the machine
    await server.execute(
        f'create database "{names.database}" owner "{names.owner_role}" template template0 encoding \'UTF8\''
        " locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
    )


async def _close_doors(admin_dsn: str, names: DatabaseNames) -> None:
    database, owner = f'"{names.database}"', f'"{names.owner_role}"'
    readers = f'"{names.service_role}", "{names.auditor_role}"'
    connection: _Connection = await asyncpg.connect(admin_dsn, database=names.database)
    try:
        async with connection.transaction():
            await connection.execute(f"revoke all on database {database} from public")
            await connection.execute(f"grant connect on database {database} to {readers}")
            await connection.execute("revoke all on schema public from public")
            await connection.execute(f"grant usage on schema public to {readers}")
            await connection.execute(
                f"alter default privileges for role {owner} in schema public"
                f' grant select on tables to "{names.auditor_role}"'
            )
    finally:
        await connection.close()


def _verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL stores for SCRAM-SHA-256 (RFC 5803; PostgreSQL documentation, 53.9 pg_authid)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${stored_text}:{server_text}"
