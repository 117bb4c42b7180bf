"""Backups of one engine, restored into empty databases of each."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import KeyWrapper, MemoryKms, SealingKeyWrapper
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.trp import Exchange
from strongroom.travel_rule.enclave.domain.upkeep import BACKUPS, Backup
from strongroom.travel_rule.enclave.domain.verifications import Outcome, Persons, Result, Verification
from strongroom.travel_rule.enclave.operations.backup import back_up
from strongroom.travel_rule.enclave.operations.reencrypt import reencrypt
from strongroom.travel_rule.enclave.operations.restore import restore
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.copies import Ciphers, Copy, copy_rows
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keys import find_own_key, insert_own_key, put_counter_party_key
from strongroom.travel_rule.enclave.store.keyset import insert_data_key
from strongroom.travel_rule.enclave.store.migrate import migrate
from strongroom.travel_rule.enclave.store.schema import FEATURES, metadata
from strongroom.travel_rule.enclave.store.trp import find_exchange, put_exchange
from strongroom.travel_rule.enclave.store.verifications import erase_verification
from tests.fixtures.enclave import ENGINES, EnclaveDatabases
from tests.travel_rule.enclave.store.world import (
    NOW,
    OURS,
    THEIRS,
    WRAPPER,
    command,
    find,
    later,
    open_cipher,
    store,
    verification,
)

ALL = (Backup.DAILY, Backup.PERIODICALLY)
PERSONS = Persons(originator='{"name":"홍길동"}'.encode(), originating_vasp=b"vasp-1", beneficiary=b"name-2")
PAIR = OwnKey(type=KeyType.PER_VASP, identifier=OURS, public_key=b"\x01" * 32, private_key=b"\x02" * 32)


BY_TRP = tuple(str(UUID(int=number << 96)) for number in range(1, 21))
"""Exchanges about verifications that are kept no more."""


def exchange(uuid: str) -> Exchange:
    return Exchange(
        uuid=uuid, vasp_id=THEIRS, callback=f"https://trp.example/{uuid}.0xToken", version="3.2.1", created_at=NOW
    )


def made_for(each: Verification) -> OwnKey:
    return OwnKey(
        type=KeyType.PER_VERIFICATION, identifier=each.uuid, public_key=b"\x03" * 32, private_key=b"\x04" * 32
    )


async def fill(database: EnclaveDatabase) -> tuple[ColumnCipher, list[Verification]]:
    """Three verifications, own keys, screening results of the first, and what is never backed up."""
    cipher = await open_cipher(database)
    made = [
        verification(persons=PERSONS),
        verification(persons=Persons(), outcome=Outcome(result=Result.DENIED, message="다름"), verified_at=later(2)),
        verification(persons=PERSONS, originator_account_number="0xErased"),
    ]
    await store(database, cipher, *made)
    for pair in (PAIR, made_for(made[2])):
        await database.run(lambda tx, pair=pair: insert_own_key(tx, pair, cipher=cipher, now=NOW))
    theirs = CounterPartyKey(type=KeyType.PER_VASP, vasp_id=THEIRS, identifier=THEIRS, public_key=b"\x05" * 32)
    await database.run(lambda tx: put_counter_party_key(tx, theirs, now=NOW))
    await database.run(lambda tx: insert_commands(tx, [command(1)]))
    for each in (made[0].uuid, made[2].uuid, *BY_TRP):
        await database.run(lambda tx, each=each: put_exchange(tx, exchange(each)))
    asked = {"request_id": "r", "verification_uuid": made[0].uuid, "counterparty_vasp_id": THEIRS}
    sanction = {**asked, "direction": "OUTGOING", "address": "0xA", "status": "NOHIT", "created_at": NOW}
    alert = {"external_id": "e", "alert_id": "a", "alert_level": "HIGH", "exposure_type": "DIRECT", "alert_amount": "1"}
    async with database.engine.begin() as connection:
        await connection.execute(sa.insert(metadata.tables["chainalysis_sanction_results"]), sanction)
        await connection.execute(sa.insert(metadata.tables["chainalysis_kyt_alerts"]), alert)
    return cipher, made


async def fresh(databases: EnclaveDatabases, engine: str) -> EnclaveDatabase:
    database = await databases.open(await databases.empty(engine))
    await migrate(database, features=FEATURES, now=NOW)
    return database


def everything(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def new_cipher(wrapper: KeyWrapper = WRAPPER) -> ColumnCipher:
    return ColumnCipher(wrapper, SystemEntropy())


async def rows(database: EnclaveDatabase, table: str) -> list[tuple[object, ...]]:
    named = metadata.tables[table]
    kept = [each for each in named.columns if not each.name.startswith("ivms101_") and each.name != "private_key"]
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(sa.select(*kept).order_by(*named.primary_key.columns))]


def test_every_table_has_its_policy() -> None:
    assert set(BACKUPS) == set(metadata.tables)
    assert {table for table, kind in BACKUPS.items() if kind is Backup.DAILY} == {"verifications"}
    assert BACKUPS["counter_party_keys"] is BACKUPS["commands"] is Backup.NEVER


@pytest.mark.parametrize("target", ENGINES)
async def test_a_backup_is_restored_and_opens(
    enclave_databases: EnclaveDatabases, enclave_engine: str, target: str, tmp_path: Path
) -> None:
    source = await enclave_databases.migrated(enclave_engine)
    cipher, made = await fill(source)
    manifest = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=ALL, now=NOW)
    assert {table: part.rows for table, part in manifest.tables.items()} == {
        "verifications": 3,
        "own_keys": 2,
        "chainalysis_sanction_results": 1,
        "chainalysis_kyt_results": 0,
        "chainalysis_kyt_alerts": 1,
        "refinitiv_wco_results": 0,
        "x_trp_exchanges": 22,
    }
    written = b"".join(path.read_bytes() for path in everything(tmp_path) if path.is_file())
    for secret in ("홍길동".encode(), b"name-2", b"0xErased", b"0xToken", PAIR.private_key, b"AgICAgICAgIC"):
        assert secret not in written
    assert {path.stat().st_mode & 0o077 for path in everything(tmp_path)} == {0}

    database, opened = await fresh(enclave_databases, target), new_cipher()
    restored = await restore(database=database, cipher=opened, backup=tmp_path / manifest.name)
    assert restored == {table: part.rows for table, part in manifest.tables.items()}
    for each in made:
        found = await find(database, opened, each.uuid)
        assert found is not None
        assert replace(found, number=0) == each
    for table in manifest.tables:
        assert await rows(database, table) == await rows(source, table)
    assert await database.read(lambda tx: find_own_key(tx, KeyType.PER_VASP, OURS, cipher=opened)) == PAIR
    for each in (made[0].uuid, BY_TRP[0]):  # a transfer under way can be confirmed
        assert await database.read(lambda tx, each=each: find_exchange(tx, each)) == exchange(each)
    assert await rows(database, "counter_party_keys") == await rows(database, "commands") == []
    await store(database, opened, verification())  # numbers go on
    assert len(await rows(database, "verifications")) == 4


async def test_what_was_erased_is_erased_in_every_backup(
    enclave_databases: EnclaveDatabases, enclave_engine: str, tmp_path: Path
) -> None:
    source = await enclave_databases.migrated(enclave_engine)
    cipher, made = await fill(source)
    older = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=ALL, now=NOW)
    await source.run(lambda tx: erase_verification(tx, made[2].uuid, now=later(5)))
    newer = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=ALL, now=later(10))
    keys = (tmp_path / "keys" / "x_row_keys.ndjson").read_text()
    (tombstone,) = [json.loads(line) for line in keys.splitlines() if made[2].uuid in line]
    assert (tombstone["wrapped_key"], tombstone["content_mac"]) == (None, None)

    database, opened = await fresh(enclave_databases, enclave_engine), new_cipher()
    restored = await restore(database=database, cipher=opened, backup=tmp_path / older.name)
    assert (restored["verifications"], restored["own_keys"], restored["x_trp_exchanges"]) == (2, 1, 21)
    assert await database.read(lambda tx: find_exchange(tx, made[2].uuid)) is None
    assert await find(database, opened, made[2].uuid) is None
    assert await find(database, opened, made[0].uuid) is not None

    database, opened = await fresh(enclave_databases, enclave_engine), new_cipher()
    await restore(database=database, cipher=opened, backup=tmp_path / newer.name)
    found = await find(database, opened, made[2].uuid)
    assert found is not None
    assert (found.persons, found.originator_account_number, found.asset) == (Persons(), None, made[2].asset)


async def test_a_backup_from_before_a_rotation_opens(
    enclave_databases: EnclaveDatabases, enclave_engine: str, tmp_path: Path
) -> None:
    source = await enclave_databases.migrated(enclave_engine)
    cipher, made = await fill(source)
    older = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=ALL, now=NOW)
    await source.run(lambda tx: insert_data_key(tx, cipher, now=NOW))
    await reencrypt(database=source, cipher=cipher, report=lambda _: None)
    await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=[Backup.DAILY], now=later(10))
    database, opened = await fresh(enclave_databases, enclave_engine), new_cipher()
    await restore(database=database, cipher=opened, backup=tmp_path / older.name)
    for each in made:
        found = await find(database, opened, each.uuid)
        assert found is not None
        assert found.persons == each.persons


@pytest.mark.parametrize("table", ["verifications", "x_trp_exchanges"])
async def test_rows_are_copied_page_by_page(
    enclave_databases: EnclaveDatabases, enclave_engine: str, table: str
) -> None:
    source = await enclave_databases.migrated(enclave_engine)
    cipher, _ = await fill(source)
    ciphers = Ciphers(cipher, cipher.new_archive("a")[0])
    pages: list[Copy] = []
    while page := await source.read(
        lambda tx: copy_rows(tx, table, after=pages[-1].place if pages else None, limit=2, ciphers=ciphers)
    ):
        pages.extend(page)
    named = [row[0] for row in await rows(source, table)]
    assert [copy.place for copy in pages] == named


async def test_a_daily_backup_holds_verifications_alone(enclave_databases: EnclaveDatabases, tmp_path: Path) -> None:
    source = await enclave_databases.migrated("postgresql")
    cipher, _ = await fill(source)
    manifest = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=[Backup.DAILY], now=NOW)
    assert manifest.tables.keys() == {"verifications"}
    assert {path.name for path in everything(tmp_path) if path.is_dir()} == {"keys", manifest.name}
    with pytest.raises(StrongroomError) as caught:
        await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=[Backup.DAILY], now=NOW)
    assert caught.value.code is Code.STATUS_CONFLICT


async def test_a_backup_that_was_damaged_or_lacks_its_keys_is_refused(
    enclave_databases: EnclaveDatabases, tmp_path: Path
) -> None:
    source = await enclave_databases.migrated("postgresql")
    cipher, _ = await fill(source)
    whole = tmp_path / "whole"
    manifest = await back_up(database=source, cipher=cipher, folder=whole, kinds=ALL, now=NOW)
    rows_file, manifest_file = f"{manifest.name}/verifications.ndjson", f"{manifest.name}/manifest.json"
    lines = (whole / rows_file).read_bytes().splitlines(keepends=True)
    text = (whole / manifest_file).read_text()
    keys = (whole / "keys" / "x_row_keys.ndjson").read_bytes().splitlines(keepends=True)
    damages: dict[str, bytes | None] = {
        rows_file: b"".join(lines[:2]),
        f"{manifest.name}/own_keys.ndjson": None,
        manifest_file: text.replace('"rows":3', '"rows":2').encode(),
        "keys/x_keyset.ndjson": None,
        "keys/x_row_keys.ndjson": b"".join(keys[:1]),
    }
    for number, (name, content) in enumerate(damages.items()):
        broken = tmp_path / str(number)
        shutil.copytree(whole, broken)
        if content is None:
            (broken / name).unlink()
        else:
            (broken / name).write_bytes(content)
        database = await fresh(enclave_databases, "postgresql")
        with pytest.raises(StrongroomError) as caught:
            await restore(database=database, cipher=new_cipher(), backup=broken / manifest.name)
        assert caught.value.code is Code.STATE_DAMAGED, name
    database = await fresh(enclave_databases, "postgresql")
    stranger = new_cipher(SealingKeyWrapper(MemoryKms().sealing_key("kek")))
    with pytest.raises(StrongroomError) as caught:
        await restore(database=database, cipher=stranger, backup=whole / manifest.name)
    assert caught.value.code is Code.STATE_DAMAGED


async def test_only_an_empty_database_with_its_tables_is_restored_into(
    enclave_databases: EnclaveDatabases, tmp_path: Path
) -> None:
    source = await enclave_databases.migrated("postgresql")
    cipher, _ = await fill(source)
    manifest = await back_up(database=source, cipher=cipher, folder=tmp_path, kinds=ALL, now=NOW)
    bare = await enclave_databases.open(await enclave_databases.empty("postgresql"))
    await migrate(bare, features=(), now=NOW)
    for database, said in ((source, "holds rows"), (bare, "no table chainalysis_sanction_results")):
        with pytest.raises(StrongroomError, match=said) as caught:
            await restore(database=database, cipher=new_cipher(), backup=tmp_path / manifest.name)
        assert caught.value.code is Code.STATUS_CONFLICT
