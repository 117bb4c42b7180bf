"""The transactions under way, as this process last stored or read them: a shortcut past the widest row."""

from collections import OrderedDict
from typing import Final, final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.custody.transaction_manager.store.transactions import get_transaction
from strongroom.runtime.db import Database

_KEPT: Final = 512  # some ten kilobytes each; the one that was used longest ago goes first


@final
class LiveTransactions:
    """What is kept may be out of date, because other processes change the same rows.

    So it may only lead to a commit, which is guarded by the row's version and by that of the tenant's document set;
    whatever is answered or refused without one is decided from ``read``.
    """

    def __init__(self, database: Database, *, kept: int = _KEPT) -> None:
        self._database = database
        self._max = kept
        self._kept: OrderedDict[UUID, Transaction] = OrderedDict()

    def find(self, *, tenant_id: str, transaction_id: UUID) -> Transaction | None:
        """The transaction as it was when this process saw it last; None for another tenant's."""
        found = self._kept.get(transaction_id)
        return found if found is not None and found.tenant_id == tenant_id else None

    async def read(self, *, tenant_id: str, transaction_id: UUID) -> Transaction:
        """The transaction as it is; ``TRANSACTION_UNKNOWN``, also for another tenant's."""
        found = await get_transaction(self._database, tenant_id=tenant_id, transaction_id=transaction_id)
        self.keep(found)
        return found

    def keep(self, transaction: Transaction) -> None:
        """Remember what was just stored or read, unless something newer is known; an ended one is forgotten."""
        known = self._kept.get(transaction.id)
        if transaction.ended:
            self._kept.pop(transaction.id, None)
            return
        if known is None or known.version <= transaction.version:
            self._kept[transaction.id] = transaction
        self._kept.move_to_end(transaction.id)
        if len(self._kept) > self._max:
            self._kept.popitem(last=False)

    def drop(self, transaction_id: UUID) -> None:
        """Forget it: what was kept led to a refusal, or nobody knows whether its change was stored."""
        self._kept.pop(transaction_id, None)
