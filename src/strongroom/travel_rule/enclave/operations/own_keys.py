"""The enclave's own key pairs: made when a counterparty first asks for them."""

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.joined import insert_made
from strongroom.travel_rule.enclave.store.keys import (
    find_own_key,
    find_own_key_by_public,
    insert_own_key,
)
from strongroom.travel_rule.messages import OpeningKey, public_key_of


async def get_own_key(*, means: Means, key_type: KeyType, identifier: str) -> OwnKey:
    """The key of that type and identifier, made if there is none."""
    found = None
    if key_type is not KeyType.PER_VERIFICATION:  # which is hardly ever asked for twice
        found = await means.database.read(lambda tx: find_own_key(tx, key_type, identifier, cipher=means.cipher))
    if found is None:
        found = await _make(means, key_type, identifier)
    means.remember_key(found)
    return found


async def find_key_to_open(*, means: Means, public_key: bytes) -> OpeningKey | None:
    """The own key of that public half, 32 bytes."""
    known = means.find_known_key(public_key)
    if known is not None:
        return known
    found = await means.database.read(lambda tx: find_own_key_by_public(tx, public_key, cipher=means.cipher))
    return None if found is None else means.remember_key(found)


async def _make(means: Means, key_type: KeyType, identifier: str) -> OwnKey:
    private_key, now = means.entropy.token(32), means.now()  # RFC 7748 5: any 32 bytes are a private key
    key = OwnKey(type=key_type, identifier=identifier, public_key=public_key_of(private_key), private_key=private_key)

    async def store(tx: Transaction) -> OwnKey:
        await insert_own_key(tx, key, cipher=means.cipher, now=now)
        return key

    try:
        return await means.database.run(
            store, at_once=lambda direct: insert_made(direct, key, cipher=means.cipher, now=now)
        )
    except StrongroomError as error:
        if error.code is not Code.CONFLICT:
            raise
        other = await means.database.read(lambda tx: find_own_key(tx, key_type, identifier, cipher=means.cipher))
        assert other is not None, "a row that conflicts is there"
        return other
