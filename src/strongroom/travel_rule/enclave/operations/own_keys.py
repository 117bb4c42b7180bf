"""The enclave's own key pairs: made when a counterparty first asks for them, and forgotten if none of them is used."""

from datetime import timedelta
from typing import Final

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
from strongroom.travel_rule.enclave.store.retention import drop_own_keys, find_unused_keys
from strongroom.travel_rule.messages import OpeningKey, public_key_of

_BATCH: Final = 500


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


async def forget_unused_keys(*, means: Means, keep_s: float, after: int = 0) -> int:
    """Drop keys of addresses and verifications that were made so long ago and that no verification came for.

    Whoever asks for keys, or checks an account, would otherwise fill the table. Who seals to a dropped key is told
    KEY_UNKNOWN and asks for another; a key is asked for just before it is used, so that is rare.

    Args:
        after: id of the last key that this process has looked at; each is looked at once.

    Returns:
        The same, afterwards.
    """
    before = means.now() - timedelta(seconds=keep_s)
    while found := await means.database.read(
        lambda tx, after=after: find_unused_keys(tx, after=after, before=before, limit=_BATCH)
    ):
        if found.ids:
            await means.database.run(lambda tx, ids=found.ids: drop_own_keys(tx, ids))
        after = found.seen
    return after


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
