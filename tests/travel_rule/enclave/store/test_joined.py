"""The commits of a verification as one statement: all of it or nothing, and the transaction of many where nothing."""

from dataclasses import replace

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.verifications import Answered, Outcome, Result, Verification
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.commands import fail_command, insert_commands, take_commands
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.joined import (
    insert_asked,
    insert_received,
    record_answered,
    record_ended,
)
from strongroom.travel_rule.enclave.store.keyset import insert_data_key, load_keyset
from strongroom.travel_rule.enclave.store.messages import remember_message
from strongroom.travel_rule.enclave.store.reencrypt import reencrypt_verifications
from strongroom.travel_rule.enclave.store.verifications import erase_verification, insert_verification, record_result
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.world import NOW, command, find, later, open_cipher, store, verification

TOLD = Answered(
    outcome=Outcome(result=Result.VERIFIED), beneficiary=b'{"b":3}', beneficiary_vasp=b'{"v":1}', verified_at=later(2)
)
WORK = command(21, status=CommandStatus.PROCESSING, fetched_at=NOW)
FOLLOW = command(22)


@pytest.fixture
async def database(enclave_databases: EnclaveDatabases) -> EnclaveDatabase:
    return await enclave_databases.migrated("postgresql")


async def test_a_verification_is_asked_and_ended(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    assert await ended(database, made, row) is True
    found = await find(database, cipher, made.uuid)
    assert found is not None
    expected = replace(made.persons, beneficiary=TOLD.beneficiary, beneficiary_vasp=TOLD.beneficiary_vasp)
    assert (found.outcome.result, found.persons, found.verified_at) == (Result.VERIFIED, expected, TOLD.verified_at)
    assert found.content_mac == made.content_mac
    assert not await lease_holds(database)
    assert await due(database) == [FOLLOW.id]


async def test_what_was_not_told_stays(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    denied = Answered(outcome=Outcome(result=Result.DENIED, reason="R", message="m"), verified_at=NOW)
    assert await database.run(never, at_once=lambda tx: record_answered(tx, made.uuid, denied, row_cipher=row)) is True
    found = await find(database, cipher, made.uuid)
    assert found is not None
    assert (found.outcome, found.persons) == (denied.outcome, made.persons)


async def test_a_uuid_that_is_there_stores_nothing(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    await store(database, cipher, made)
    row = cipher.new_row(made.uuid)

    async def the_long_way(tx: Transaction) -> int:
        return await insert_verification(tx, made, cipher=cipher)

    with pytest.raises(StrongroomError) as caught:
        await database.run(the_long_way, at_once=lambda tx: insert_asked(tx, made, FOLLOW, row_cipher=row))
    assert caught.value.code is Code.CONFLICT
    assert await due(database) == []


async def test_a_message_that_came_before_stores_nothing(database: EnclaveDatabase) -> None:
    cipher, first, second = await open_cipher(database), verification(), verification()

    async def take(made: Verification) -> int:
        row = cipher.new_row(made.uuid)

        async def the_long_way(tx: Transaction) -> int:
            await remember_message(tx, "guard", now=NOW)
            raise AssertionError("the first is stored at once")

        return await database.run(
            the_long_way, at_once=lambda tx: insert_received(tx, made, guard="guard", now=NOW, row_cipher=row)
        )

    assert await take(first) > 0
    with pytest.raises(StrongroomError) as caught:
        await take(second)
    assert caught.value.code is Code.HANDOFF_REPLAYED
    assert await find(database, cipher, second.uuid) is None


async def test_nothing_is_recorded_twice(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    assert await database.run(lambda tx: record_result(tx, made.uuid, TOLD, cipher=cipher))
    assert await ended(database, made, row) is None
    assert await lease_holds(database)
    assert await due(database) == []


async def test_nothing_is_told_of_who_was_erased_meanwhile(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    assert await database.run(lambda tx: erase_verification(tx, made.uuid, now=NOW))
    assert await ended(database, made, row) is None
    assert await due(database) == []


async def test_a_key_that_was_wrapped_anew_meanwhile_seals_nothing(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    await database.run(lambda tx: insert_data_key(tx, cipher, now=NOW))
    await database.read(lambda tx: load_keyset(tx, cipher))
    assert await database.run(lambda tx: reencrypt_verifications(tx, cipher, limit=5)) == 1
    assert await ended(database, made, row) is None
    found = await find(database, cipher, made.uuid)
    assert found is not None
    assert found.outcome.result is Result.WAIT


async def test_a_lost_lease_ends_nothing_of_another(database: EnclaveDatabase) -> None:
    cipher, made = await open_cipher(database), verification()
    row = await asked(database, cipher, made)
    (taken,) = await database.run(lambda tx: take_commands(tx, limit=5, lease_s=30, now=later(60)))
    assert await ended(database, made, row) is True
    assert await database.run(lambda tx: fail_command(tx, taken, now=NOW))


async def test_other_databases_take_the_long_way(enclave_database: EnclaveDatabase) -> None:
    async def long(tx: Transaction) -> str:
        await insert_commands(tx, [FOLLOW])
        return "long"

    async def short(tx: Transaction) -> str:
        await insert_commands(tx, [FOLLOW])
        return "short"

    way = await enclave_database.run(long, at_once=short)
    assert way == ("short" if enclave_database.dialect == "postgresql" else "long")
    assert await due(enclave_database) == [FOLLOW.id]


async def never(_tx: Transaction) -> bool:
    raise AssertionError("it was done at once")


async def asked(database: EnclaveDatabase, cipher: ColumnCipher, made: Verification) -> RowCipher:
    row = cipher.new_row(made.uuid)

    async def the_long_way(_tx: Transaction) -> int:
        raise AssertionError("it was stored at once")

    number = await database.run(the_long_way, at_once=lambda tx: insert_asked(tx, made, WORK, row_cipher=row))
    found = await find(database, cipher, made.uuid)
    assert found == replace(made, number=number)
    return row


async def ended(database: EnclaveDatabase, made: Verification, row: RowCipher) -> bool | None:
    async def the_long_way(_tx: Transaction) -> bool | None:
        return None

    return await database.run(
        the_long_way,
        at_once=lambda tx: record_ended(tx, made.uuid, TOLD, row_cipher=row, done=WORK, follow=FOLLOW, now=later(3)),
    )


async def lease_holds(database: EnclaveDatabase) -> bool:
    return await database.run(lambda tx: fail_command(tx, WORK, now=NOW))


async def due(database: EnclaveDatabase) -> list[int]:
    taken: tuple[Command, ...] = await database.run(lambda tx: take_commands(tx, limit=5, lease_s=3600, now=later(1)))
    return [each.id for each in taken]
