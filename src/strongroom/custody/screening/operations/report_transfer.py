"""What became of a transfer, told to the institution that data was exchanged with."""

from uuid import UUID

from strongroom.custody.screening.domain.exchanges import Asked
from strongroom.custody.screening.operations.means import Means
from strongroom.custody.screening.store import exchanges
from strongroom.runtime.db import Statement, insert_handoff
from strongroom.runtime.rpc.evidence import HandoffEvent


async def report_transfer(
    *, means: Means, tenant_id: str, transaction_id: UUID, tx_hash: str, failure: str, received: HandoffEvent
) -> bool:
    """Tell the hash once it is known, and a failure for good; what was told is not told again.

    Returns:
        Whether anybody was asked about this transaction, and so is told.

    Raises:
        StrongroomError: ``TRAVEL_RULE_PENDING`` until the enclave has taken it; the call is then made again.
    """
    asked = await exchanges.find_exchange(means.database, tenant_id=tenant_id, transaction_id=transaction_id)
    told = [] if asked is None else await _tell(means, asked, tx_hash=tx_hash, failure=failure)
    await means.database.commit(*told, insert_handoff(received))
    return asked is not None


async def _tell(means: Means, asked: Asked, *, tx_hash: str, failure: str) -> list[Statement]:
    verification_id, now = asked.verification_id, means.clock.now()
    if tx_hash and not asked.tx_hash:
        await means.counterparty.report_sent(verification_id, tx_hash)
        await means.database.commit(
            exchanges.update_sent(verification_id=verification_id, tx_hash=tx_hash, now=now)
        )  # for itself, because the failure may have to wait
    if not failure or asked.failure:
        return []
    await means.counterparty.report_failed(verification_id, failure)
    return [exchanges.update_failed(verification_id=verification_id, failure=failure, now=now)]
