"""Transactions on each engine: deadlocks are repeated, nothing is lost, and a database that is gone is said to be."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.travel_rule.enclave.domain.commands import CommandStatus
from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.verifications import Answered, Outcome, Result
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.commands import finish_command, insert_commands, take_commands
from strongroom.travel_rule.enclave.store.engine import (
    ATTEMPTS,
    DatabaseSettings,
    EnclaveDatabase,
    RepeatTransaction,
    Transaction,
    open_database,
)
from strongroom.travel_rule.enclave.store.keys import insert_own_key
from strongroom.travel_rule.enclave.store.messages import remember_message
from strongroom.travel_rule.enclave.store.schema import commands, own_keys, verifications, x_messages
from strongroom.travel_rule.enclave.store.verifications import insert_verification, record_result
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.world import NOW, command, find, later, open_cipher, store, verification

MANY = 100


async def count(database: EnclaveDatabase, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    async with database.engine.connect() as connection:
        statement = sa.select(sa.func.count()).select_from(table).where(*where)
        return int((await connection.execute(statement)).scalar_one())


async def test_two_that_lock_each_other_both_come_through(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    first, second = verification(), verification()
    await store(enclave_database, cipher, first, second)
    both_hold, tries = asyncio.Barrier(2), 0

    def crossing(uuids: tuple[str, str], hash_: str) -> Callable[[Transaction], Awaitable[None]]:
        met = False

        async def work(tx: Transaction) -> None:
            nonlocal met, tries
            tries += 1
            for uuid in uuids:
                of_uuid = sa.update(verifications).where(verifications.c.verification_uuid == uuid)
                await tx.change(of_uuid.values(tx_hash=hash_))
                if not met:
                    met = True
                    await both_hold.wait()

        return work

    ran = (
        enclave_database.run(crossing((first.uuid, second.uuid), "0xa")),
        enclave_database.run(crossing((second.uuid, first.uuid), "0xb")),
    )
    await asyncio.gather(*ran)
    assert tries == 3  # one of the two was undone, and began again
    found = [await find(enclave_database, cipher, each.uuid) for each in (first, second)]
    assert len({each.tx_hash for each in found if each}) == 1


async def test_a_lock_that_is_held_too_long_is_waited_for_again(
    enclave_databases: EnclaveDatabases, enclave_engine: str
) -> None:
    database = await enclave_databases.migrated(enclave_engine)
    cipher = await open_cipher(database)
    made = verification()
    await store(database, cipher, made)
    settings = DatabaseSettings(
        url=database.engine.url.render_as_string(hide_password=False), max_connections=2, timeout_s=1
    )
    hasty = await open_database(settings, clock=SystemClock(), entropy=SystemEntropy())
    of_made = sa.update(verifications).where(verifications.c.verification_uuid == made.uuid)
    tries = 0
    try:
        async with database.engine.connect() as holder:
            await holder.execute(of_made.values(vout="1"))

            async def change(tx: Transaction) -> None:
                nonlocal tries
                tries += 1
                await tx.change(of_made.values(tx_hash="0xc"))

            waiting = asyncio.create_task(hasty.run(change))
            while tries < 2 and not waiting.done():  # noqa: ASYNC110  the database tells nobody
                await asyncio.sleep(0.02)
            await holder.commit()
            await waiting
    finally:
        await hasty.close()
    found = await find(database, cipher, made.uuid)
    assert found is not None
    assert (found.tx_hash, found.vout) == ("0xc", "1")


async def exchange(database: EnclaveDatabase, cipher: ColumnCipher, number: int) -> None:
    """The commits of one verification at both sides, from the question to the callback that waits."""
    made = verification(uuid=f"uuid-{number}")
    ask = command(number, status=CommandStatus.PROCESSING, fetched_at=NOW)
    key = OwnKey(
        type=KeyType.PER_VERIFICATION,
        identifier=made.uuid,
        public_key=number.to_bytes(32, "big"),
        private_key=bytes(32),
    )

    async def begin(tx: Transaction) -> None:
        await insert_verification(tx, made, cipher=cipher)
        await insert_own_key(tx, key, cipher=cipher, now=NOW)
        await remember_message(tx, made.uuid, now=NOW)
        await insert_commands(tx, [ask])

    async def end(tx: Transaction) -> None:
        answered = Answered(outcome=Outcome(result=Result.VERIFIED), beneficiary=b"told", verified_at=later(1))
        assert await record_result(tx, made.uuid, answered, cipher=cipher)
        assert await finish_command(tx, ask, now=later(1))
        await insert_commands(tx, [command(1000 + number)])

    await database.run(begin)
    await database.run(end)


async def deliver(database: EnclaveDatabase) -> int:
    """Take callbacks and finish them until all are."""
    done = 0
    while done < MANY:
        taken = await database.run(lambda tx: take_commands(tx, limit=5, lease_s=9999, now=later(2)))
        for each in taken:
            assert await database.run(lambda tx, each=each: finish_command(tx, each, now=later(3)))
        done += len(taken)
        await asyncio.sleep(0.01)
    return done


async def test_a_hundred_verifications_at_once_are_all_kept(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    work = (exchange(enclave_database, cipher, number) for number in range(MANY))
    delivered, *_ = await asyncio.gather(deliver(enclave_database), *work)
    assert delivered == MANY
    assert await count(enclave_database, verifications, verifications.c.result == "VERIFIED") == MANY
    assert await count(enclave_database, own_keys) == MANY
    assert await count(enclave_database, x_messages) == MANY
    assert await count(enclave_database, commands, commands.c.status == "DONE") == 2 * MANY
    assert await count(enclave_database, commands) == 2 * MANY
    for number in range(0, MANY, 17):
        found = await find(enclave_database, cipher, f"uuid-{number}")
        assert found is not None
        assert found.persons.beneficiary == b"told"


async def test_work_that_fails_leaves_nothing(enclave_database: EnclaveDatabase) -> None:
    async def fail(tx: Transaction) -> None:
        await insert_commands(tx, [command(1)])
        raise StrongroomError(Code.CLAIM_LOST)

    with pytest.raises(StrongroomError) as caught:
        await enclave_database.run(fail)
    assert caught.value.code is Code.CLAIM_LOST
    assert await count(enclave_database, commands) == 0


async def test_an_error_does_not_quote_what_was_to_be_stored(enclave_database: EnclaveDatabase) -> None:
    async def ask(tx: Transaction) -> None:
        await tx.row(
            sa.select(sa.literal(1)).where(sa.column("other", sa.String()) == sa.bindparam("x")), {"x": "0xSecret"}
        )

    with pytest.raises(DBAPIError) as caught:
        await enclave_database.run(ask)
    assert "0xSecret" not in str(caught.value)


async def test_work_that_never_comes_through_is_given_up(enclave_database: EnclaveDatabase) -> None:
    tries = 0

    async def overtaken(_tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        raise RepeatTransaction

    with pytest.raises(StrongroomError) as caught:
        await enclave_database.run(overtaken)
    assert (caught.value.code, tries) == (Code.UNAVAILABLE, ATTEMPTS)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql+asyncmy://root:secret@127.0.0.1:1/enclave", Code.UNAVAILABLE),
        ("postgresql+asyncpg://root:secret@127.0.0.1:1/enclave", Code.UNAVAILABLE),
        ("mssql+aioodbc://root:secret@127.0.0.1:1/enclave", Code.CONFIG_INVALID),
        ("cobol://root:secret@127.0.0.1:1/enclave", Code.CONFIG_INVALID),
        ("root:secret", Code.CONFIG_INVALID),
    ],
)
async def test_a_database_that_is_not_there_is_said_to_be_without_its_password(url: str, code: Code) -> None:
    with pytest.raises(StrongroomError) as caught:
        await open_database(DatabaseSettings(url=url), clock=SystemClock(), entropy=SystemEntropy())
    assert caught.value.code is code
    assert "secret" not in f"{caught.value} {DatabaseSettings(url=url)!r}"


async def test_a_schema_of_its_own_is_used_on_postgresql_alone(enclave_databases: EnclaveDatabases) -> None:
    url = await enclave_databases.empty("postgresql")
    plain = await enclave_databases.open(url)
    async with plain.engine.begin() as connection:
        await connection.execute(sa.text("create schema travel_rule"))
        await connection.execute(sa.text("create table travel_rule.commands (command_id bigint)"))
    settings = DatabaseSettings(url=url, schema="travel_rule")
    database = await open_database(settings, clock=SystemClock(), entropy=SystemEntropy())
    try:
        assert await count(database, commands) == 0
    finally:
        await database.close()
    with pytest.raises(StrongroomError) as caught:
        await open_database(
            DatabaseSettings(url="mysql+asyncmy://root@127.0.0.1:1/x", schema="travel_rule"),
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )
    assert caught.value.code is Code.CONFIG_INVALID
