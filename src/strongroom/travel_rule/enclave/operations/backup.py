"""Backups, as the requirement's policy has them: each in a folder of its own, and the keys beside them.

``FOLDER/20261121T023000Z/`` holds a file for each table, a sealed row a line, and ``manifest.json``. ``FOLDER/keys/``
holds the wrapped keys in their newest state alone: each backup replaces them, so that what was erased is erased in
every backup. Keep as many backups as you like, and copies of them; of ``keys`` keep the newest copy only. Without the
key encryption key nothing of it can be read.
"""

import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.upkeep import BACKUPS, Backup
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.copies import (
    BEFORE_ALL,
    Ciphers,
    Place,
    copy_rows,
    list_data_keys,
    list_row_keys,
)
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keyset import load_keyset

KEYS: Final = "keys"
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest"
_PAGE: Final = 200
_encoder = msgspec.json.Encoder()


class Part(msgspec.Struct, frozen=True):
    """One table of a backup: how many rows, and the SHA-256 of its file in hexadecimal."""

    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. ``seal`` authenticates everything else under the backup's key, which ``key`` is, wrapped."""

    name: str
    made_at: datetime
    tables: dict[str, Part]
    key: str
    seal: str = ""

    def sealed_part(self) -> bytes:
        """What the seal is over."""
        return _encoder.encode(msgspec.structs.replace(self, seal=""))


async def back_up(
    *, database: EnclaveDatabase, cipher: ColumnCipher, folder: Path, kinds: Sequence[Backup], now: datetime
) -> Manifest:
    """Write one backup of the tables of these kinds, and replace the keys beside it.

    Args:
        database: of the enclave, which may be serving.
        cipher: of its columns.
        folder: where backups are kept; made if absent, for this account alone.
        kinds: ``DAILY``, ``PERIODICALLY`` or both.
        now: names the backup.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` when there is a backup of that second; ``STATE_DAMAGED`` when a row does
            not open; ``UNAVAILABLE``.
    """
    await database.read(lambda tx: load_keyset(tx, cipher))
    name = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    draft = folder / f"{name}.draft"
    if (folder / name).exists():
        raise StrongroomError(Code.STATUS_CONFLICT, f"There is a backup {name} already.")
    _make_folders(draft, folder / KEYS)
    archive, key = cipher.new_archive(name)
    ciphers = Ciphers(cipher, archive)
    tables = {table: draft / f"{table}.ndjson" for table, kind in BACKUPS.items() if kind in kinds}
    parts = {
        table: await _write(path, _rows_of(database, table, ciphers))
        for table, path in tables.items()
        if await database.read(lambda tx, table=table: tx.has_table(table))
    }
    manifest = Manifest(name=name, made_at=now, tables=parts, key=key)
    manifest = msgspec.structs.replace(manifest, seal=archive.seal(SEAL, name, _digest(manifest)))
    _write_whole(draft / MANIFEST, _encoder.encode(manifest))
    await _replace_keys(database, folder / KEYS)  # after the rows: what is sealed there opens with what is written here
    draft.rename(folder / name)
    return manifest


async def _replace_keys(database: EnclaveDatabase, folder: Path) -> None:
    sources: dict[str, Callable[[], AsyncGenerator[Any]]] = {
        "x_row_keys": lambda: _row_keys_of(database),
        "x_keyset": lambda: _data_keys_of(database),
    }
    for table, rows in sources.items():
        draft = folder / f"{table}.draft"
        draft.unlink(missing_ok=True)
        await _write(draft, rows())
        draft.replace(folder / f"{table}.ndjson")


async def _rows_of(database: EnclaveDatabase, table: str, ciphers: Ciphers) -> AsyncGenerator[Any]:
    after: Place | None = None
    while copies := await database.read(
        lambda tx, after=after: copy_rows(tx, table, after=after, limit=_PAGE, ciphers=ciphers)
    ):
        for copy in copies:
            yield copy
        after = copies[-1].place


async def _row_keys_of(database: EnclaveDatabase) -> AsyncGenerator[Any]:
    after = BEFORE_ALL
    while rows := await database.read(lambda tx, after=after: list_row_keys(tx, after=after, limit=_PAGE)):
        for row in rows:
            yield row
        after = rows[-1]["verification_uuid"]


async def _data_keys_of(database: EnclaveDatabase) -> AsyncGenerator[Any]:
    for row in await database.read(list_data_keys):
        yield row


async def _write(path: Path, rows: AsyncGenerator[Any]) -> Part:
    digest, count = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        async for row in rows:
            line = _encoder.encode(row) + b"\n"
            file.write(line)
            digest.update(line)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return Part(count, digest.hexdigest())


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_whole(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _digest(manifest: Manifest) -> bytes:
    return hashlib.sha256(manifest.sealed_part()).digest()
