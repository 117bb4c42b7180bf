"""What is older than a jurisdiction has it kept is deleted, and cannot be read from backups."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.operations.retention import count_expired, delete_expired, term
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keys import insert_own_key
from strongroom.travel_rule.enclave.store.migrate import migrate
from strongroom.travel_rule.enclave.store.schema import metadata
from strongroom.travel_rule.rules.book import own_book, parse_book
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.world import NOW, THEIRS, find, open_cipher, store, verification

OLD = datetime(2021, 11, 21, 12, 30, 15, 122000, tzinfo=UTC)
BOOK = """
[[rule]]
id = "{id}"
jurisdiction = "{jurisdiction}"
name = "n"
valid_from = 2020-01-01
currency = "EUR"
threshold = "0"
comparator = ">="
above = ["originator.name"]
below = ["originator.name"]
linked_hours = 0
source = "s"
url = "https://example.org"
confidence = "high"
"""


async def count(database: EnclaveDatabase, table: str) -> int:
    async with database.engine.connect() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[table]))).scalar_one()


@pytest.mark.parametrize(("jurisdiction", "years"), [("KR", 5), ("DE", 5), ("ZZ", 5)])
def test_the_book_says_how_long(jurisdiction: str, years: int) -> None:
    kept = term(book=own_book(), jurisdiction=jurisdiction, now=NOW)
    assert (kept.years, kept.before) == (years, NOW.replace(year=NOW.year - years))


def test_the_baseline_counts_where_a_rule_does_not_say_and_nothing_is_guessed() -> None:
    baseline = BOOK.format(id="base", jurisdiction="FATF") + "retention_years = 7\n"
    book = parse_book(baseline + BOOK.format(id="own", jurisdiction="XA"))
    leap_day = datetime(2028, 2, 29, tzinfo=UTC)
    kept = term(book=book, jurisdiction="XA", now=leap_day)
    assert (kept.rule, kept.before) == ("base", datetime(2021, 2, 28, tzinfo=UTC))
    with pytest.raises(StrongroomError) as caught:
        term(book=parse_book(BOOK.format(id="own", jurisdiction="XA")), jurisdiction="XA", now=leap_day)
    assert caught.value.code is Code.CONFIG_INVALID


def made_for(uuid: str, number: int) -> dict[str, dict[str, str]]:
    """Rows of each screening table for one verification."""
    asked = {"verification_uuid": uuid, "counterparty_vasp_id": THEIRS, "direction": "OUTGOING"}
    kyt = {"request_id": f"k{number}", "api_type": "ATTEMPT", "user_id": "u", "asset": "ETH", "amount": "1"}
    alert = {"alert_id": f"a{number}", "alert_level": "LOW", "exposure_type": "DIRECT", "alert_amount": "1"}
    return {
        "chainalysis_sanction_results": {**asked, "request_id": f"s{number}", "address": "a", "status": "NOHIT"},
        "chainalysis_kyt_results": {**asked, **kyt, "external_id": f"e{number}", "status": "PROCESSED"},
        "chainalysis_kyt_alerts": {**alert, "external_id": f"e{number}"},
        "refinitiv_wco_results": {**asked, "request_id": f"w{number}", "case_system_id": "c", "status": "PROCESSED"},
    }


async def test_what_is_older_goes_with_everything_made_for_it(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    old = [verification(created_at=OLD) for _ in range(5)]
    kept = verification(created_at=OLD.replace(microsecond=123000))
    await store(enclave_database, cipher, *old, kept)
    for number, each in enumerate((old[0], kept)):
        public_key = bytes([number]) * 32
        key = OwnKey(
            type=KeyType.PER_VERIFICATION, identifier=each.uuid, public_key=public_key, private_key=b"\x02" * 32
        )
        await enclave_database.run(lambda tx, key=key: insert_own_key(tx, key, cipher=cipher, now=NOW))
        async with enclave_database.engine.begin() as connection:
            for table, row in made_for(each.uuid, number).items():
                await connection.execute(sa.insert(metadata.tables[table]), row)

    of_korea = term(book=own_book(), jurisdiction="KR", now=NOW)
    assert await count_expired(database=enclave_database, kept=of_korea) == 5
    assert await delete_expired(database=enclave_database, kept=of_korea, now=NOW, batch=2) == 5
    assert await count_expired(database=enclave_database, kept=of_korea) == 0
    assert await find(enclave_database, cipher, old[0].uuid) is None
    assert await find(enclave_database, cipher, kept.uuid) is not None
    for table in ("own_keys", "verifications", *made_for("", 0)):
        assert await count(enclave_database, table) == 1, table
    keys = metadata.tables["x_row_keys"].c
    async with enclave_database.engine.connect() as connection:
        left = await connection.execute(sa.select(keys.verification_uuid).where(keys.wrapped_key.is_not(None)))
        assert left.scalars().all() == [kept.uuid]
    assert await count(enclave_database, "x_row_keys") == 6


async def test_without_screening_tables_too(enclave_databases: EnclaveDatabases) -> None:
    database = await enclave_databases.open(await enclave_databases.empty("postgresql"))
    await migrate(database, features=(), now=NOW)
    cipher = await open_cipher(database)
    await store(database, cipher, verification(created_at=OLD))
    of_korea = term(book=own_book(), jurisdiction="KR", now=NOW)
    assert await delete_expired(database=database, kept=of_korea, now=NOW) == 1
