"""Reading back, as the auditor's read-only role, every row that a transaction must have written."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from strongroom.apps.catalog import SERVICES
from strongroom.kernel.ids import Environment
from strongroom.runtime.db import Database, DatabaseConfig, DatabaseNames, Row

T = TypeVar("T")
_BY_TRANSACTION: Mapping[str, str] = {
    "aml_screening_results": "select count(*) from aml_screening_results where transaction_id = $1",
    "travel_rule_records": "select count(*) from travel_rule_records where transaction_id = $1",
    "approval_requests": "select count(*) from approval_requests where transaction_id = $1",
    "approval_decisions": "select count(*) from approval_decisions where transaction_id = $1",
    "signing_requests": "select count(*) from signing_requests where transaction_id = $1",
    "signing_events": "select count(*) from signing_events where transaction_id = $1",
    "callback_invocations": "select count(*) from callback_invocations where transaction_id = $1",
    "broadcast_attempts": "select count(*) from broadcast_attempts where transaction_id = $1",
    "service_handoff_events": "select count(*) from service_handoff_events where transaction_id = $1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """One row that was looked for: where, and how many there are."""

    database: str
    table: str
    column: str
    rows: int


class Auditor:
    """Reads every service's database of one environment; can write to none.

    Args:
        environment: of the databases.
        address: ``host:port`` of PostgreSQL.
        password: of the auditor role.
    """

    def __init__(self, *, environment: Environment, address: str, password: str) -> None:
        self._environment, self._address, self._password = environment, address, password

    async def find_transaction(self, transaction_id: UUID) -> Row | None:
        """The manager's row."""
        return await self._ask(
            "transaction_manager",
            lambda database: database.fetchrow(
                """select status, request_hash, created_by, raw_payload_cbor is not null as assembled, tx_hash
                from transactions where id = $1""",
                transaction_id,
            ),
        )

    async def count(self, database: str, table: str, *, transaction_id: UUID) -> int:
        """How many rows of a table belong to a transaction."""
        sql = _BY_TRANSACTION[table]
        return await self._ask(database, lambda opened: opened.fetchval(sql, transaction_id))

    async def count_tokens(self, request_hash: bytes) -> int:
        """How many access tokens were issued for a request."""
        return await self._ask(
            "auth_engine",
            lambda database: database.fetchval(
                "select count(*) from auth_tokens where request_hash = $1", request_hash
            ),
        )

    async def count_certificates(self, api_user: str) -> int:
        """How many certificates the store has of an API user."""
        return await self._ask(
            "auth_engine",
            lambda database: database.fetchval("select count(*) from certificates where api_user_id = $1", api_user),
        )

    async def count_handoffs(self, transaction_id: UUID) -> Mapping[str, int]:
        """How many hops each service recorded of a transaction."""
        owners = [entry.name for entry in SERVICES if entry.has_database]
        return {
            owner: await self.count(owner, "service_handoff_events", transaction_id=transaction_id) for owner in owners
        }

    async def _ask(self, service: str, question: Callable[[Database], Awaitable[T]]) -> T:
        names = DatabaseNames(self._environment.value, service)
        dsn = f"postgresql://{names.auditor_role}:{self._password}@{self._address}/{names.database}"
        async with await Database.open(DatabaseConfig(dsn=dsn, max_connections=1)) as database:
            return await question(database)
