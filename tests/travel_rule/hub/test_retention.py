"""What the hub keeps of messages that passed goes once it is old, a few rows at a time, and nothing else does."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database
from strongroom.travel_rule.hub.config import HubConfig, load_config
from strongroom.travel_rule.hub.domain import Outcome, Passage
from strongroom.travel_rule.hub.operations.retention import forget_passages
from strongroom.travel_rule.hub.store import insert_passages, list_passages
from tests.fixtures.logs import listening
from tests.fixtures.postgres import Databases, ProbeDatabase
from tests.fixtures.travel_rule_network import HUB_FOLDER, Network, eventually

KEPT_DAYS = HubConfig(database_dsn="", authority_key="00" * 32, tls_folder="").keep_passages_days
CLOCK = SystemClock()


@pytest.fixture
async def made(databases: Databases) -> ProbeDatabase:
    return await databases.make(
        "travel_rule_hub", migrations=HUB_FOLDER / "migrations", grants=HUB_FOLDER / "grants.sql"
    )


def passage(number: int, *, age: timedelta) -> Passage:
    return Passage(
        message_id=UUID(int=number),
        kind="verification",
        from_vasp="1001",
        to_vasp="1002",
        question_bytes=1,
        answer_bytes=1,
        outcome=Outcome.ANSWERED,
        took_ms=1,
        received_at=CLOCK.now() - age,
    )


async def fill(database: Database, *ages: timedelta) -> None:
    await insert_passages(database, [passage(number, age=age) for number, age in enumerate(ages)])


async def kept(database: Database) -> Sequence[int]:
    return sorted(found.message_id.int for found in await list_passages(database, limit=1000))


async def test_a_hub_that_runs_forgets_what_is_older_than_it_was_told(made: ProbeDatabase, tmp_path: Path) -> None:
    limit = timedelta(days=KEPT_DAYS)
    async with await Database.open(made.config) as database:
        await fill(database, limit + timedelta(days=400), limit + timedelta(minutes=1), limit - timedelta(hours=1))
        with listening("hub") as log:
            async with Network(tmp_path).hub(database):

                async def is_forgotten() -> bool:
                    return await kept(database) == [2]

                await eventually(is_forgotten)
    assert "passages_forgotten" in log.getvalue()


async def test_it_takes_a_few_at_a_time_and_says_how_far_it_is(made: ProbeDatabase) -> None:
    async with await Database.open(made.config) as database:
        await fill(database, *[timedelta(days=9)] * 5, timedelta(days=7))
        with listening("hub") as log:
            done = await forget_passages(database=database, clock=CLOCK, keep=timedelta(days=8), batch=2)
        assert done == 5
        assert await kept(database) == [5]
        assert await forget_passages(database=database, clock=CLOCK, keep=timedelta(days=8), batch=2) == 0
    lines = [line for line in log.getvalue().splitlines() if "passages_forgotten" in line]
    assert [total in line for total, line in zip(('"total": 2', '"total": 4', '"total": 5'), lines, strict=True)] == [
        True
    ] * 3, lines


async def test_the_last_day_stays_even_if_the_hub_asks_otherwise(made: ProbeDatabase) -> None:
    async with await Database.open(made.config) as database:
        await fill(database, timedelta(hours=23), timedelta(hours=25))
        assert await forget_passages(database=database, clock=CLOCK, keep=timedelta(days=-400)) == 1
        assert await kept(database) == [0]


async def test_the_services_role_deletes_and_changes_nothing_itself_and_the_auditor_only_reads(
    made: ProbeDatabase,
) -> None:
    async with await Database.open(made.config) as database:
        await fill(database, timedelta(days=4000))
    forget = "select forget_relayed_messages(now(), 10)"
    for dsn, statement, refusal in (
        (made.config.dsn, "delete from relayed_messages", asyncpg.InsufficientPrivilegeError),
        (made.config.dsn, "truncate relayed_messages", asyncpg.InsufficientPrivilegeError),
        (made.config.dsn, "update relayed_messages set kind = 'x'", asyncpg.InsufficientPrivilegeError),
        (made.auditor_dsn, forget, asyncpg.InsufficientPrivilegeError),
        (made.owner_dsn, "update relayed_messages set kind = 'x'", asyncpg.PostgresError),
        (made.owner_dsn, "truncate relayed_messages", asyncpg.PostgresError),
    ):
        connection = await asyncpg.connect(dsn)
        try:
            with pytest.raises(refusal):
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "40000"])
def test_a_time_that_makes_no_sense_is_refused(days: str, tmp_path: Path) -> None:
    file, tls = tmp_path / "hub.toml", tmp_path / "tls"
    tls.mkdir()
    (tls / "tls.pem").touch()
    file.write_text(
        f'database_dsn = "d"\nauthority_key = "{"00" * 32}"\ntls_folder = "{tls}"\nkeep_passages_days = {days}\n'
    )
    with pytest.raises(StrongroomError, match="keep_passages_days") as error:
        load_config(file, environ={})
    assert error.value.code is Code.CONFIG_INVALID
