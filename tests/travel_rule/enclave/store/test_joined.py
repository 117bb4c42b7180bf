"""The commits of a verification in one journey: all of it or nothing, and the transaction of many where nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.verifications import Answered, Outcome, Result, Verification
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.commands import fail_command, insert_commands, take_commands
from strongroom.travel_rule.enclave.store.direct import Direct, Script
from strongroom.travel_rule.enclave.store.engine import (
    DatabaseSettings,
    EnclaveDatabase,
    Transaction,
    open_database,
)
from strongroom.travel_rule.enclave.store.joined import (
    finish_all,
    insert_asked,
    insert_made,
    insert_received,
    record_answered,
    record_ended,
)
from strongroom.travel_rule.enclave.store.keys import find_own_key_by_public
from strongroom.travel_rule.enclave.store.keyset import insert_data_key, load_keyset
from strongroom.travel_rule.enclave.store.messages import remember_message
from strongroom.travel_rule.enclave.store.reencrypt import reencrypt_verifications
from strongroom.travel_rule.enclave.store.schema import x_messages
from strongroom.travel_rule.enclave.store.verifications import erase_verification, insert_verification, record_result
from tests.travel_rule.enclave.store.world import NOW, command, find, later, open_cipher, store, verification

TOLD = Answered(
    outcome=Outcome(result=Result.VERIFIED), beneficiary=b'{"b":3}', beneficiary_vasp=b'{"v":1}', verified_at=later(2)
)
WORK = command(21, status=CommandStatus.PROCESSING, fetched_at=NOW)
FOLLOW = command(22)


@pytest.fixture
async def database(enclave_database: EnclaveDatabase) -> EnclaveDatabase:
    return enclave_database


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
    assert (
        await database.run(never, at_once=lambda direct: record_answered(direct, made.uuid, denied, row_cipher=row))
        is True
    )
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
        await database.run(the_long_way, at_once=lambda direct: insert_asked(direct, made, FOLLOW, row_cipher=row))
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
            the_long_way, at_once=lambda direct: insert_received(direct, made, guard="guard", now=NOW, row_cipher=row)
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


async def test_what_does_nothing_at_once_is_done_the_long_way(database: EnclaveDatabase) -> None:
    async def long(tx: Transaction) -> str:
        await insert_commands(tx, [FOLLOW])
        return "long"

    async def nothing(_direct: Direct) -> None:
        return None

    assert await database.run(long, at_once=nothing) == "long"
    assert await due(database) == [FOLLOW.id]


async def test_many_are_finished_together_and_one_whose_lease_was_lost_is_not(database: EnclaveDatabase) -> None:
    held = [command(each, status=CommandStatus.PROCESSING, fetched_at=NOW) for each in (31, 32, 33)]
    await database.run(lambda tx: insert_commands(tx, held))
    lost = replace(held[2], fetched_at=later(-60))

    async def the_long_way(_tx: Transaction) -> int:
        raise AssertionError("it was done at once")

    done = [*held[:2], lost]
    await database.run(the_long_way, at_once=lambda direct: finish_all(direct, done, now=later(1)))
    assert [await database.run(lambda tx, each=each: fail_command(tx, each, now=NOW)) for each in held] == [
        False,
        False,
        True,
    ]


async def test_an_own_key_is_made_once(database: EnclaveDatabase) -> None:
    cipher = await open_cipher(database)
    key = OwnKey(type=KeyType.PER_ADDRESS, identifier="0xa", public_key=b"\x01" * 32, private_key=b"\x02" * 32)

    async def the_long_way(_tx: Transaction) -> None:
        return None

    async def make() -> OwnKey | None:
        return await database.run(the_long_way, at_once=lambda direct: insert_made(direct, key, cipher=cipher, now=NOW))

    assert await make() == key
    assert await make() is None
    assert await database.read(lambda tx: find_own_key_by_public(tx, key.public_key, cipher=cipher)) == key


async def test_a_mistake_in_the_middle_leaves_nothing_behind(database: EnclaveDatabase) -> None:
    wrong = Script(
        postgresql=sa.select(sa.literal_column("1 / 0", sa.Integer())),
        mysql=(
            sa.insert(x_messages).values(message_id="left", seen_at=NOW),
            sa.insert(x_messages).values(message_id="left", seen_at=sa.literal_column("'never'")),
        ),
        telling=0,
    )

    async def the_long_way(_tx: Transaction) -> int:
        raise AssertionError("it is an error either way")

    with pytest.raises(DBAPIError):
        await database.run(the_long_way, at_once=lambda direct: direct.tell(wrong, {}))
    await database.run(lambda tx: remember_message(tx, "left", now=NOW))


async def test_a_connection_that_was_lost_is_replaced(narrow: EnclaveDatabase) -> None:
    ends = script("pg_terminate_backend(pg_backend_pid())", "kill connection_id()")
    with pytest.raises(StrongroomError) as caught:
        await narrow.run(never, at_once=lambda direct: direct.tell(ends, {}))
    assert caught.value.code is Code.UNAVAILABLE
    await asked(narrow, await open_cipher(narrow), verification())


async def test_who_gives_up_leaves_no_answer_to_another(narrow: EnclaveDatabase) -> None:
    waits = script("pg_sleep(30)", "select sleep(30)")
    waiting = asyncio.create_task(narrow.run(never, at_once=lambda direct: direct.tell(waits, {})))
    await asyncio.sleep(0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asked(narrow, await open_cipher(narrow), verification())


@pytest.fixture
async def narrow(database: EnclaveDatabase) -> AsyncIterator[EnclaveDatabase]:
    """The same database by one connection."""
    url = database.engine.url.render_as_string(hide_password=False)
    settings = DatabaseSettings(url=url, max_connections=1)
    opened = await open_database(settings, clock=SystemClock(), entropy=SystemEntropy())
    yield opened
    await opened.close()


def script(postgresql: str, mysql: str) -> Script:
    """An expression of the one, a statement of the other."""
    return Script(postgresql=sa.select(sa.literal_column(postgresql, sa.Boolean())), mysql=(sa.text(mysql),), telling=0)


async def never(_tx: Transaction) -> Any:
    raise AssertionError("it was done at once")


async def asked(database: EnclaveDatabase, cipher: ColumnCipher, made: Verification) -> RowCipher:
    row = cipher.new_row(made.uuid)

    async def the_long_way(_tx: Transaction) -> int:
        raise AssertionError("it was stored at once")

    number = await database.run(the_long_way, at_once=lambda direct: insert_asked(direct, made, WORK, row_cipher=row))
    found = await find(database, cipher, made.uuid)
    assert found == replace(made, number=number)
    return row


async def ended(database: EnclaveDatabase, made: Verification, row: RowCipher) -> bool | None:
    async def the_long_way(_tx: Transaction) -> bool | None:
        return None

    return await database.run(
        the_long_way,
        at_once=lambda direct: record_ended(
            direct, made.uuid, TOLD, row_cipher=row, done=WORK, follow=FOLLOW, now=later(3)
        ),
    )


async def lease_holds(database: EnclaveDatabase) -> bool:
    return await database.run(lambda tx: fail_command(tx, WORK, now=NOW))


async def due(database: EnclaveDatabase) -> list[int]:
    taken: tuple[Command, ...] = await database.run(lambda tx: take_commands(tx, limit=5, lease_s=3600, now=later(1)))
    return [each.id for each in taken]
