"""What the co-signers said to a close order."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from strongroom.custody.transaction_manager.domain.closing import CUSTOMER, check_tombstone, decide_close
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.errors import Code, StrongroomError

_log = structlog.stdlib.get_logger(__name__)
WATCH_SLOT: Final = "watch_slot"
_TRIES: Final = 5


async def record_close(
    *, tenant_id: str, transaction_id: UUID, tombstones: Sequence[bytes], received: Received, ports: Ports
) -> Status:
    """End a closing transaction by co-signer 3's tombstone, or free its slot by another's; the same again does nothing.

    Returns:
        The status after it.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``, ``REQUEST_INVALID`` without a tombstone; ``DOCUMENT_*``,
            ``INTENT_MISMATCH`` if none verifies, and nothing is stored; ``STATUS_CONFLICT`` for a transaction that is
            not closing; ``CLAIM_LOST`` when others are always faster.
    """
    if not tombstones:
        raise StrongroomError(Code.REQUEST_INVALID, "A close is reported with its tombstones.")
    for _ in range(_TRIES):
        transaction = await ports.live.read(tenant_id=tenant_id, transaction_id=transaction_id)
        signed = await _verify(transaction, tombstones, ports)
        change = decide_close(transaction=transaction, customers=signed.get(CUSTOMER))
        if change is None:
            return transaction.status
        try:
            await _store(transaction, change, received, ports)
        except StrongroomError as error:
            if error.code is not Code.CLAIM_LOST:
                raise
        else:
            return change.moves[-1] if change.moves else transaction.status
    raise StrongroomError(Code.CLAIM_LOST)


async def _verify(transaction: Transaction, tombstones: Sequence[bytes], ports: Ports) -> dict[int, bytes]:
    """The tombstones by co-signer, by the roster of now or of the acceptance.

    One that does not verify is passed over beside one that does: else a co-signer that lies could keep co-signer 3's
    word from being heard. If none does, the first says why.
    """
    versions = dict.fromkeys((transaction.current_version, transaction.document_set_version))
    document_sets = [
        await ports.documents.get(tenant_id=transaction.tenant_id, version=version) for version in versions
    ]
    signed: dict[int, bytes] = {}
    failures: list[StrongroomError] = []
    for data in tombstones:
        try:
            signed[check_tombstone(data=data, transaction=transaction, document_sets=document_sets)] = data
        except StrongroomError as error:
            _log.error("alarm_tombstone", transaction_id=str(transaction.id), code=error.code.name, detail=error.detail)
            failures.append(error)
    if not signed:
        raise failures[0]
    return signed


async def _store(transaction: Transaction, change: Change, received: Received, ports: Ports) -> None:
    errand = Errand.of(
        environment=transaction.environment,
        tenant_id=transaction.tenant_id,
        parents=received.parents,
        context=received.context,
    )
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=errand,
        handoff=received.handoff,
        statements=lanes.free_slot(transaction, now=ports.clock.now()) if change.freed else (),
        then=[ports.work.new(str(transaction.id), WATCH_SLOT, errand.encode())] if change.freed else [],
    )
