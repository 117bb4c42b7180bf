"""What other institutions ask about customers here; the same question again gets the same answer."""

from collections.abc import Iterable
from uuid import UUID

from strongroom.custody.screening.domain.exchanges import Asked
from strongroom.custody.screening.domain.inbound import (
    UNKNOWN,
    Answer,
    Asking,
    Inbound,
    Told,
    TransactionStatus,
    decide_account,
    decide_status,
    decide_verification,
    disclosed,
    find_asset,
)
from strongroom.custody.screening.domain.parties import Originator
from strongroom.custody.screening.domain.verdicts import address_key
from strongroom.custody.screening.operations.means import Means
from strongroom.custody.screening.peers import Holder
from strongroom.custody.screening.store import exchanges, parties
from strongroom.kernel.errors import Code, StrongroomError


async def answer_account(*, means: Means, asking: Asking) -> Answer:
    """Whether the address is of a customer here and, where the question names somebody, of that one.

    Raises:
        StrongroomError: ``UNAVAILABLE`` while secure_vault cannot say.
    """
    asset_id = find_asset(means.asset_ids, symbol=asking.symbol, network=asking.network)
    if isinstance(asset_id, Answer):
        return asset_id
    holder = await _find_holder(means, asset_id, asking.address)
    if holder is None:
        return UNKNOWN
    return decide_account(holder=await _find_originator(means, holder), beneficiary=asking.beneficiary)


async def answer_verification(
    *, means: Means, verification_id: UUID, asking: Asking, amount: str, codes: Iterable[str]
) -> Told:
    """Whether the customer may receive this, and what the codes ask of a beneficiary that may; stored once.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for a verification that was another question before; ``UNAVAILABLE``
            while secure_vault cannot say.
    """
    asset_id = find_asset(means.asset_ids, symbol=asking.symbol, network=asking.network)
    if isinstance(asset_id, Answer):
        return Told(answer=asset_id)
    holder = await _find_holder(means, asset_id, asking.address)
    originator = await _find_originator(means, holder) if holder else None
    answer = decide_verification(holder=originator, beneficiary=asking.beneficiary) if holder else UNKNOWN
    inbound = Inbound(
        verification_id=verification_id,
        tenant_id=holder.tenant_id if holder else "",
        vault_account=holder.vault_account if holder else "",
        originating_vasp_id=asking.originating_vasp_id,
        asset_id=asset_id,
        address=asking.address,
        amount=amount,
        answer=answer,
    )
    first = await _keep(means, inbound)
    if first.answer.result != "VERIFIED" or originator is None:
        return Told(answer=first.answer)
    return Told(answer=first.answer, persons=disclosed(originator.persons, codes=codes))


async def answer_status(*, means: Means, verification_id: UUID) -> tuple[TransactionStatus, str]:
    """What became of a transfer of ours, and its hash; the latter empty while it is not known.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``.
    """
    asked: Asked | None = await exchanges.find_exchange_by_verification(means.database, verification_id=verification_id)
    if asked is None:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND)
    return decide_status(asked), asked.tx_hash


async def take_sent(*, means: Means, verification_id: UUID, tx_hash: str) -> None:
    """Keep the hash of a transfer that is to arrive here; the first one stays, and one of ours is left alone."""
    now = means.clock.now()
    await means.database.commit(
        exchanges.update_inbound_sent(verification_id=verification_id, tx_hash=tx_hash, now=now)
    )


async def take_failed(*, means: Means, verification_id: UUID, reason: str) -> None:
    """Keep that a transfer will not arrive here; likewise."""
    now = means.clock.now()
    await means.database.commit(
        exchanges.update_inbound_failed(verification_id=verification_id, failure=reason, now=now)
    )


async def _keep(means: Means, inbound: Inbound) -> Inbound:
    """The verification as it was answered first."""
    await means.database.commit(exchanges.insert_inbound(inbound, now=means.clock.now()))
    first = await exchanges.find_inbound(means.database, verification_id=inbound.verification_id)
    if first is None:
        raise StrongroomError(Code.UNAVAILABLE, "What was stored cannot be read.")
    same = (inbound.originating_vasp_id, inbound.asset_id, inbound.address, inbound.amount)
    if (first.originating_vasp_id, first.asset_id, first.address, first.amount) != same:
        raise StrongroomError(Code.STATUS_CONFLICT, "This verification was another question before.")
    return first


async def _find_holder(means: Means, asset_id: str, address: str) -> Holder | None:
    try:
        address_key(address)
    except StrongroomError:
        return None  # what is no address is nobody's
    return await means.peers.find_holder(asset_id=asset_id, address=address)


async def _find_originator(means: Means, holder: Holder) -> Originator | None:
    return await parties.find_originator(
        means.database, means.seal, tenant_id=holder.tenant_id, vault_account=holder.vault_account
    )
