"""An enclave's database looked after from the command line, by the enclave's own settings, on each engine."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from strongroom.cli.main import run
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import SealingKeyWrapper, SoftwareKms
from strongroom.travel_rule.enclave.domain.verifications import Persons
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.keyset import ensure_keyset, insert_data_key, load_keyset
from strongroom.travel_rule.enclave.store.migrate import migrate
from strongroom.travel_rule.enclave.store.verifications import find_verification, insert_verification
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.world import NOW, verification

SETTINGS = """
vasp_id = "1001"
jurisdiction = "KR"
keys_folder = "{keys}"
api.token = "token-of-the-api-0"
backend.token = "token-of-the-back-end"
backend.url = "http://127.0.0.1:1"
hub.url = "http://127.0.0.1:1"
hub.authority_key = "{authority}"
database.url = "{url}"
"""
Ask = Callable[[str], tuple[int, str]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(line: str) -> tuple[int, str]:
        code = run(["travel-rule", *line.split()])
        return code, capsys.readouterr().out

    return asked


def settings(folder: Path, url: str, name: str) -> Path:
    path = folder / name
    path.write_text(SETTINGS.format(keys=folder / "kms", authority="00" * 32, url=url))
    return path


async def opened(database: EnclaveDatabase, folder: Path) -> ColumnCipher:
    cipher = ColumnCipher(
        SealingKeyWrapper(SoftwareKms(folder / "kms").sealing_key("travel-rule-kek")), SystemEntropy()
    )

    async def load(tx: Transaction) -> None:
        await ensure_keyset(tx, cipher, now=NOW)
        await load_keyset(tx, cipher)

    await database.run(load)
    await database.run(load)
    return cipher


async def answer(ask: Ask, line: str) -> Any:
    """What a command that succeeds says as JSON."""
    code, out = await asyncio.to_thread(ask, f"{line} --json")
    assert code == 0, out
    return json.loads(out)


async def test_backup_restore_sizes_retention_and_keys_from_the_command_line(
    enclave_databases: EnclaveDatabases, enclave_engine: str, ask: Ask, tmp_path: Path
) -> None:
    url, empty = await enclave_databases.empty(enclave_engine), await enclave_databases.empty(enclave_engine)
    database = await enclave_databases.open(url)
    await migrate(database, features=(), now=NOW)
    cipher = await opened(database, tmp_path)
    new = verification(persons=Persons(originator=b"name-1"), created_at=datetime.now(UTC))
    for each in (new, verification(created_at=datetime(2019, 1, 1, tzinfo=UTC))):
        await database.run(lambda tx, each=each: insert_verification(tx, each, cipher=cipher))
    source, target = settings(tmp_path, url, "source.toml"), settings(tmp_path, empty, "target.toml")

    made = await answer(ask, f"backup {tmp_path / 'backups'} --config {source}")
    assert made["rows"] == {"verifications": 2, "own_keys": 0}
    daily = await answer(ask, f"backup {tmp_path / 'daily'} --config {source} --daily")
    assert daily["rows"] == {"verifications": 2}
    rows = {each["table"]: each for each in await answer(ask, f"sizes --config {source}")}
    assert (rows["verifications"]["rows"], rows["verifications"]["within"]) == (2, True)
    assert rows["verifications"]["required"] == {"from": 4096, "to": 5120, "per": "request"}
    await database.run(lambda tx: insert_data_key(tx, cipher, now=NOW))
    assert await answer(ask, f"re-encrypt --config {source}") == {"done": 2, "left": 0}
    told = await answer(ask, f"retention --config {source}")
    assert (told["jurisdiction"], told["years"], told["found"], told["deleted"]) == ("KR", 5, 1, 0)
    assert (await answer(ask, f"retention --config {source} --delete"))["deleted"] == 1
    assert (await answer(ask, f"retention --config {source}"))["found"] == 0

    assert (await answer(ask, f"restore {made['backup']} --config {target}"))["rows"] == made["rows"]
    restored = await enclave_databases.open(empty)
    again = await opened(restored, tmp_path)
    found = await restored.read(lambda tx: find_verification(tx, new.uuid, cipher=again))
    assert found is not None
    assert found.persons == new.persons
    code, _ = await asyncio.to_thread(ask, f"restore {made['backup']} --config {target}")
    assert code == 1  # it is not empty any more


async def test_people_are_told_in_tables(enclave_databases: EnclaveDatabases, ask: Ask, tmp_path: Path) -> None:
    url = await enclave_databases.empty("postgresql")
    database = await enclave_databases.open(url)
    await migrate(database, features=(), now=NOW)
    cipher = await opened(database, tmp_path)
    large = verification(persons=Persons(originator=b"x" * 9000), created_at=datetime(2019, 1, 1, tzinfo=UTC))
    await database.run(lambda tx: insert_verification(tx, large, cipher=cipher))
    source = settings(tmp_path, url, "source.toml")

    async def said(line: str) -> tuple[int, str]:
        return await asyncio.to_thread(ask, f"{line} --config {source}")

    code, out = await said("sizes")
    assert (code, "ABOVE" in out) == (1, True)
    code, out = await said("retention")
    assert (code, "1 verifications are older; 0 were deleted." in out) == (0, True)
    code, out = await said(f"backup {tmp_path / 'backups'}")
    assert (code, "verifications  1" in out) == (0, True)
    code, out = await said("re-encrypt")
    assert (code, "0 rows were re-encrypted" in out) == (0, True)
