"""What an operator does to what is kept: new keys, and erasing."""

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.keys import drop_own_key
from strongroom.travel_rule.enclave.store.keyset import insert_data_key
from strongroom.travel_rule.enclave.store.verifications import erase_verification


async def rotate_data_key(*, means: Means) -> int:
    """Make the next version of the data key; gives it. Processes that run learn of it within a minute."""
    return await means.database.run(lambda tx: insert_data_key(tx, means.cipher, now=means.now()))


async def renew_own_key(*, means: Means) -> None:
    """Drop the provider's own PerVasp key: the next that asks gets a new one, and whoever used the old asks again.

    Processes that run learn of it within a minute.
    """
    await means.database.run(lambda tx: drop_own_key(tx, KeyType.PER_VASP, means.own_vasp_id))


async def erase(*, means: Means, uuid: str) -> None:
    """Erase the personal data of one verification for good; ``VERIFICATION_NOT_FOUND`` if there is none to erase."""
    if not await means.database.run(lambda tx: erase_verification(tx, uuid, now=means.now())):
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, f"Verification({uuid}) is not found, or is erased.")
