"""Personal data at rest, on each engine: never in clear, bound to its place, rotated while running, erased for good."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import MemoryKms, SealingKeyWrapper
from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.verifications import Answered, Outcome, Persons, Result
from strongroom.travel_rule.enclave.operations.reencrypt import Progress, reencrypt
from strongroom.travel_rule.enclave.store.cipher import PLAIN_MAX_BYTES, ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keys import find_own_key, insert_own_key
from strongroom.travel_rule.enclave.store.keyset import insert_data_key, load_keyset
from strongroom.travel_rule.enclave.store.schema import own_keys, verifications, x_keyset, x_row_keys
from strongroom.travel_rule.enclave.store.verifications import PERSONAL, erase_verification, record_result
from tests.travel_rule.enclave.store.world import (
    NOW,
    OURS,
    WRAPPER,
    change_row,
    find,
    later,
    open_cipher,
    store,
    verification,
)

ALL = Persons(originator=b"name-1", originating_vasp=b"name-2", beneficiary=b"name-3", beneficiary_vasp=b"name-4")


async def column(database: EnclaveDatabase, of: sa.Column[Any], uuid: str | None = None) -> Any:
    statement = sa.select(of) if uuid is None else sa.select(of).where(of.table.c.verification_uuid == uuid)
    async with database.engine.connect() as connection:
        return (await connection.execute(statement)).scalar_one()


async def rotate(database: EnclaveDatabase, cipher: ColumnCipher) -> int:
    version = await database.run(lambda tx: insert_data_key(tx, cipher, now=NOW))
    await database.read(lambda tx: load_keyset(tx, cipher))
    return version


async def refused(database: EnclaveDatabase, cipher: ColumnCipher, uuid: str) -> bool:
    try:
        await find(database, cipher, uuid)
    except StrongroomError as error:
        return error.code is Code.STATE_DAMAGED
    return False


async def test_columns_hold_ciphertext_that_names_its_version(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = verification(persons=ALL)
    await store(enclave_database, cipher, made)
    texts = [await column(enclave_database, verifications.c[name]) for name in PERSONAL]
    assert all(text.startswith("1.") and "name" not in text for text in texts)
    assert len(set(texts)) == 4


@pytest.mark.parametrize("name", PERSONAL)
async def test_a_column_that_was_changed_moved_or_cut_does_not_open(
    enclave_database: EnclaveDatabase, name: str
) -> None:
    cipher = await open_cipher(enclave_database)
    made, other = verification(persons=ALL), verification(persons=ALL)
    await store(enclave_database, cipher, made, other)
    of_made = sa.update(verifications).where(verifications.c.verification_uuid == made.uuid)
    own = await column(enclave_database, verifications.c[name], made.uuid)
    neighbour = next(each for each in PERSONAL if each != name)
    moved = [
        await column(enclave_database, verifications.c[name], other.uuid),
        await column(enclave_database, verifications.c[neighbour], made.uuid),
    ]
    flipped = own[:-3] + ("A" if own[-3] != "A" else "B") + own[-2:]
    for text in (*moved, flipped, own[:-4], own[:10], "1.", "2" + own[1:], "0" + own[1:], own[2:], "clear text"):
        await change_row(enclave_database, of_made.values({name: text}))
        assert await refused(enclave_database, cipher, made.uuid), text
    await change_row(enclave_database, of_made.values({name: own}))
    assert not await refused(enclave_database, cipher, made.uuid)


async def test_a_rows_key_that_was_changed_moved_or_lost_opens_nothing(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made, other = verification(), verification()
    await store(enclave_database, cipher, made, other)
    await rotate(enclave_database, cipher)
    of_made = sa.update(x_row_keys).where(x_row_keys.c.verification_uuid == made.uuid)
    own = await column(enclave_database, x_row_keys.c.wrapped_key, made.uuid)
    foreign = await column(enclave_database, x_row_keys.c.wrapped_key, other.uuid)
    for values in (
        {"wrapped_key": foreign},
        {"wrapped_key": own[:-2] + "AA"},
        {"wrapped_key": "2" + own[1:], "key_version": 2},
        {"key_version": 2},
        {"wrapped_key": "9" + own[1:], "key_version": 9},
        {"wrapped_key": None},
    ):
        await change_row(enclave_database, of_made.values({"wrapped_key": own, "key_version": 1} | values))
        assert await refused(enclave_database, cipher, made.uuid), values
    await change_row(enclave_database, sa.delete(x_row_keys).where(x_row_keys.c.verification_uuid == made.uuid))
    assert await refused(enclave_database, cipher, made.uuid)


async def test_another_key_encryption_key_opens_nothing(enclave_database: EnclaveDatabase) -> None:
    await open_cipher(enclave_database)
    with pytest.raises(StrongroomError) as caught:
        await open_cipher(enclave_database, SealingKeyWrapper(MemoryKms().sealing_key("kek")))
    assert caught.value.code is Code.STATE_DAMAGED


async def test_nothing_is_written_without_a_data_key(enclave_database: EnclaveDatabase) -> None:
    with pytest.raises(StrongroomError) as caught:
        await store(enclave_database, ColumnCipher(WRAPPER, SystemEntropy()), verification())
    assert caught.value.code is Code.STATE_DAMAGED


async def test_the_largest_payload_fits_and_a_larger_one_is_refused(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    full = b"x" * PLAIN_MAX_BYTES
    made = verification(
        persons=Persons(originator=full, originating_vasp=full, beneficiary=full, beneficiary_vasp=full)
    )
    await store(enclave_database, cipher, made)
    for name in PERSONAL:
        assert 65_500 < len(await column(enclave_database, verifications.c[name])) <= 65_535
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert found.persons == made.persons
    with pytest.raises(StrongroomError, match="ivms101_beneficiary is longer than") as caught:
        await store(enclave_database, cipher, verification(persons=Persons(beneficiary=full + b"x")))
    assert caught.value.code is Code.INVALID_FORMAT


async def test_a_rotation_is_noticed_by_processes_that_run(enclave_database: EnclaveDatabase) -> None:
    cipher, other = await open_cipher(enclave_database), await open_cipher(enclave_database)
    before = verification()
    await store(enclave_database, cipher, before)
    assert await rotate(enclave_database, cipher) == 2
    after = verification()
    await store(enclave_database, cipher, after)
    assert await column(enclave_database, x_row_keys.c.key_version, after.uuid) == 2
    assert other.version == 1
    for made in (before, after):  # it has not been told: it looks up what it does not know
        found = await find(enclave_database, other, made.uuid)
        assert found is not None
        assert found.persons == made.persons
    assert other.version == 2


async def test_two_who_rotate_at_once_make_two_versions(enclave_database: EnclaveDatabase) -> None:
    ciphers = [await open_cipher(enclave_database) for _ in range(4)]
    versions = await asyncio.gather(*(rotate(enclave_database, cipher) for cipher in ciphers))
    assert sorted(versions) == [2, 3, 4, 5]


async def test_old_rows_are_re_encrypted_while_new_ones_are_written(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = [verification(persons=ALL) for _ in range(25)]
    await store(enclave_database, cipher, *made)
    key = OwnKey(type=KeyType.PER_VASP, identifier=OURS, public_key=b"\x01" * 32, private_key=b"\x02" * 32)
    await enclave_database.run(lambda tx: insert_own_key(tx, key, cipher=cipher, now=NOW))
    await rotate(enclave_database, cipher)
    waiting = made[-1]
    told: list[Progress] = []

    async def answer() -> None:
        answered = Answered(outcome=Outcome(result=Result.VERIFIED), beneficiary=b"new", verified_at=later(1))
        await enclave_database.run(lambda tx: record_result(tx, waiting.uuid, answered, cipher=cipher))
        await store(enclave_database, cipher, verification())

    work = reencrypt(database=enclave_database, cipher=cipher, report=told.append, batch=4)
    end, _ = await asyncio.gather(work, answer())
    rest = await reencrypt(database=enclave_database, cipher=cipher, report=told.append)
    assert end.done + rest.done == 26
    assert rest.left == 0
    assert [each.done for each in told] == sorted(each.done for each in told)
    for each in made[:-1]:
        assert (await column(enclave_database, verifications.c.ivms101_originator, each.uuid)).startswith("2.")
        found = await find(enclave_database, cipher, each.uuid)
        assert found is not None
        assert replace(found, number=0) == each
    found = await find(enclave_database, cipher, waiting.uuid)
    assert found is not None
    assert found.persons == replace(ALL, beneficiary=b"new")
    assert await enclave_database.read(lambda tx: find_own_key(tx, KeyType.PER_VASP, OURS, cipher=cipher)) == key
    assert (await column(enclave_database, own_keys.c.private_key)).startswith("2.")


async def test_re_encryption_needs_no_old_data_key_afterwards(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = verification(persons=ALL)
    await store(enclave_database, cipher, made)
    await rotate(enclave_database, cipher)
    await reencrypt(database=enclave_database, cipher=cipher, report=lambda _: None)
    await change_row(enclave_database, sa.delete(x_keyset).where(x_keyset.c.version == 1))
    fresh = await open_cipher(enclave_database)
    found = await find(enclave_database, fresh, made.uuid)
    assert found is not None
    assert found.persons == ALL


async def test_an_erased_verification_has_no_personal_data_left(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made, other = verification(persons=ALL), verification(persons=ALL)
    await store(enclave_database, cipher, made, other)
    key = OwnKey(type=KeyType.PER_VERIFICATION, identifier=made.uuid, public_key=b"\x01" * 32, private_key=b"\x02" * 32)
    await enclave_database.run(lambda tx: insert_own_key(tx, key, cipher=cipher, now=NOW))
    copy = {name: await column(enclave_database, verifications.c[name], made.uuid) for name in PERSONAL}

    async def erase() -> bool:
        return await enclave_database.run(lambda tx: erase_verification(tx, made.uuid, now=later(5)))

    assert await erase()
    assert not await erase()
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert (found.persons, found.originator_account_number, found.content_mac) == (Persons(), None, b"")
    assert (found.asset, found.outcome) == (made.asset, made.outcome)
    pair = enclave_database.read(lambda tx: find_own_key(tx, KeyType.PER_VERIFICATION, made.uuid, cipher=cipher))
    assert await pair is None
    of_made = sa.update(verifications).where(verifications.c.verification_uuid == made.uuid)
    await change_row(enclave_database, of_made.values(copy))  # as from a backup of the row
    again = await find(enclave_database, cipher, made.uuid)
    assert again is not None
    assert again.persons == Persons()
    answered = Answered(outcome=Outcome(result=Result.VERIFIED), beneficiary=b"late", verified_at=later(9))
    assert await enclave_database.run(lambda tx: record_result(tx, made.uuid, answered, cipher=cipher))
    again = await find(enclave_database, cipher, made.uuid)
    assert again is not None
    assert again.persons == Persons()
    assert await find(enclave_database, cipher, other.uuid) is not None
