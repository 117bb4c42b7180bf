"""Own keys and counterparties' keys, on each engine."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType, OwnKey
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keys import (
    drop_counter_party_key,
    drop_own_key,
    find_counter_party_key,
    find_own_key,
    find_own_key_by_public,
    insert_own_key,
    put_counter_party_key,
)
from strongroom.travel_rule.enclave.store.schema import own_keys
from tests.travel_rule.enclave.store.world import NOW, OURS, THEIRS, change_row, open_cipher

KEY = OwnKey(type=KeyType.PER_ADDRESS, identifier="rExample", public_key=b"\x01" * 32, private_key=b"\x02" * 32)
THEIR_KEY = CounterPartyKey(type=KeyType.PER_VASP, vasp_id=THEIRS, identifier=THEIRS, public_key=b"\x03" * 32)


async def test_an_own_key_is_found_by_name_and_by_public_key(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    other_case = replace(KEY, identifier="rexample", public_key=b"\x04" * 32)
    run, read = enclave_database.run, enclave_database.read
    for key in (KEY, other_case, replace(KEY, type=KeyType.PER_VASP, public_key=b"\x05" * 32)):
        await run(lambda tx, key=key: insert_own_key(tx, key, cipher=cipher, now=NOW))
    assert await read(lambda tx: find_own_key(tx, KeyType.PER_ADDRESS, "rExample", cipher=cipher)) == KEY
    assert await read(lambda tx: find_own_key(tx, KeyType.PER_ADDRESS, "rexample", cipher=cipher)) == other_case
    assert await read(lambda tx: find_own_key(tx, KeyType.PER_VERIFICATION, "rExample", cipher=cipher)) is None
    assert await read(lambda tx: find_own_key_by_public(tx, b"\x04" * 32, cipher=cipher)) == other_case
    assert await read(lambda tx: find_own_key_by_public(tx, b"\x09" * 32, cipher=cipher)) is None
    with pytest.raises(StrongroomError) as caught:
        await run(lambda tx: insert_own_key(tx, replace(KEY, public_key=b"\x06" * 32), cipher=cipher, now=NOW))
    assert caught.value.code is Code.CONFLICT
    assert await run(lambda tx: drop_own_key(tx, KeyType.PER_ADDRESS, "rExample"))
    assert not await run(lambda tx: drop_own_key(tx, KeyType.PER_ADDRESS, "rExample"))
    await run(lambda tx: insert_own_key(tx, replace(KEY, public_key=b"\x06" * 32), cipher=cipher, now=NOW))


async def test_a_private_key_is_no_clear_text_and_fits_its_column(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    longest = replace(KEY, identifier="가" * 256)
    await enclave_database.run(lambda tx: insert_own_key(tx, longest, cipher=cipher, now=NOW))
    async with enclave_database.engine.connect() as connection:
        text = (await connection.execute(sa.select(own_keys.c.private_key))).scalar_one()
    assert text.startswith("1.")
    assert len(text) < 100
    assert KEY.private_key not in text.encode()


@pytest.mark.parametrize("column", ["type", "key_identifier", "public_key", "private_key"])
async def test_a_private_key_that_was_changed_or_moved_does_not_open(
    enclave_database: EnclaveDatabase, column: str
) -> None:
    cipher = await open_cipher(enclave_database)
    other = OwnKey(type=KeyType.PER_VASP, identifier=OURS, public_key=b"\x07" * 32, private_key=b"\x08" * 32)
    for key in (KEY, other):
        await enclave_database.run(lambda tx, key=key: insert_own_key(tx, key, cipher=cipher, now=NOW))
    async with enclave_database.engine.connect() as connection:
        of_other = sa.select(own_keys.c[column]).where(own_keys.c.key_identifier == OURS)
        foreign = (await connection.execute(of_other)).scalar_one()
    await change_row(enclave_database, sa.delete(own_keys).where(own_keys.c.key_identifier == OURS))
    await change_row(enclave_database, sa.update(own_keys).values({column: foreign}))
    identifier = OURS if column == "key_identifier" else KEY.identifier
    key_type = KeyType.PER_VASP if column == "type" else KEY.type
    with pytest.raises(StrongroomError) as caught:
        await enclave_database.read(lambda tx: find_own_key(tx, key_type, identifier, cipher=cipher))
    assert caught.value.code is Code.STATE_DAMAGED


async def test_what_a_counterparty_answered_last_counts(enclave_database: EnclaveDatabase) -> None:
    run = enclave_database.run

    async def find() -> CounterPartyKey | None:
        return await enclave_database.read(
            lambda tx: find_counter_party_key(tx, vasp_id=THEIRS, key_type=KeyType.PER_VASP, identifier=THEIRS)
        )

    assert await find() is None
    rotated = replace(THEIR_KEY, public_key=b"\x04" * 32)
    for key in (THEIR_KEY, THEIR_KEY, rotated):
        await run(lambda tx, key=key: put_counter_party_key(tx, key, now=NOW))
        assert await find() == key
    drop = run(lambda tx: drop_counter_party_key(tx, vasp_id=THEIRS, key_type=KeyType.PER_VASP, identifier=THEIRS))
    assert await drop
    assert await find() is None


async def test_two_who_keep_the_same_answer_at_once_do_not_fail(enclave_database: EnclaveDatabase) -> None:
    keys = [replace(THEIR_KEY, public_key=bytes([number]) * 32) for number in range(8)]
    await asyncio.gather(
        *(enclave_database.run(lambda tx, key=key: put_counter_party_key(tx, key, now=NOW)) for key in keys)
    )
    kept = await enclave_database.read(
        lambda tx: find_counter_party_key(tx, vasp_id=THEIRS, key_type=KeyType.PER_VASP, identifier=THEIRS)
    )
    assert kept in keys
