"""Reading transactions for the doors."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.status import parse_filter
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.store import transactions
from strongroom.custody.transaction_manager.store.transactions import ListQuery
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.kernel.paging import Page, check_page_size, encode_cursor, parse_cursor

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATEST_MS: Final = 253_402_300_799_000  # the end of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which transactions; empty texts and zeros filter nothing. Times in Unix milliseconds, exclusive."""

    tenant_id: str
    status: str
    before_ms: int
    after_ms: int
    page_size: int
    cursor: str
    source_account: str


async def get(
    *, tenant_id: str, transaction_id: UUID | None, external_id: str, ports: Ports
) -> tuple[Transaction, list[Step]]:
    """One transaction by its id or its externalTxId, with what happened so far; ``TRANSACTION_UNKNOWN``."""
    if transaction_id is not None:
        found = await transactions.get_transaction(ports.database, tenant_id=tenant_id, transaction_id=transaction_id)
    else:
        found = await transactions.get_by_external_id(ports.database, tenant_id=tenant_id, external_id=external_id)
    return found, await transactions.list_steps(ports.database, tenant_id=tenant_id, transaction_id=found.id)


async def list_page(*, listing: Listing, ports: Ports) -> Page[Transaction]:
    """A page, newest first.

    Raises:
        StrongroomError: ``PAGE_INVALID``, ``REQUEST_INVALID`` for an unknown status or an impossible time.
    """
    size = check_page_size(listing.page_size)
    found = await transactions.list_transactions(
        ports.database,
        ListQuery(
            tenant_id=TenantId(listing.tenant_id),
            created_after=_time(listing.after_ms),
            created_before=_time(listing.before_ms or _LATEST_MS),
            statuses=parse_filter(listing.status),
            source_account=listing.source_account or None,
            after_key=_parse_key(listing.cursor) if listing.cursor else None,
            limit=size + 1,
        ),
    )
    shown = tuple(found[:size])
    return Page(shown, _key(shown[-1]) if len(found) > size else None)


def _time(unix_ms: int) -> datetime:
    if not 0 <= unix_ms <= _LATEST_MS:
        raise StrongroomError(Code.REQUEST_INVALID, "A time is in Unix milliseconds.")
    return _EPOCH + timedelta(milliseconds=unix_ms)


def _key(last: Transaction) -> str:
    return encode_cursor(last.created_at.isoformat(), str(last.id))


def _parse_key(cursor: str) -> tuple[datetime, UUID]:
    created_at, transaction_id = parse_cursor(cursor, parts=2)
    try:
        at, key = datetime.fromisoformat(created_at), UUID(transaction_id)
    except ValueError:
        raise StrongroomError(Code.PAGE_INVALID) from None
    if at.tzinfo is None:
        raise StrongroomError(Code.PAGE_INVALID)
    return at, key
