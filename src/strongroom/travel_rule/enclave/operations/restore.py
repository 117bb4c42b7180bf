"""Put a backup back into an empty database, of the same engine or of another."""

import hashlib
import hmac
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.upkeep import BACKUPS, Backup
from strongroom.travel_rule.enclave.operations.backup import KEYS, MANIFEST, SEAL, Manifest
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.copies import (
    Ciphers,
    Copy,
    continue_numbers,
    insert_copies,
    insert_keys,
    is_empty,
)
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.keyset import load_keyset

T = TypeVar("T")
_PAGE: Final = 200
_KEY_TABLES: Final = ("x_keyset", "x_row_keys")


async def restore(
    *, database: EnclaveDatabase, cipher: ColumnCipher, backup: Path, keys: Path | None = None
) -> Mapping[str, int]:
    """Put keys and rows back; answers rows by table. What was erased since the backup stays away.

    The keys come first and stay when the rest fails: begin again with an empty database then.

    Args:
        database: migrated, with the features whose tables the backup holds, and without rows.
        cipher: with the same key encryption key, knowing no data key yet.
        backup: one backup's folder.
        keys: the folder of the keys; beside the backup if absent.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` when the database is not empty, or lacks a table; ``STATE_DAMAGED`` when
            the backup is not whole, was changed, or its keys are not there.
    """
    manifest = _read_manifest(backup)
    await database.read(lambda tx: _check_empty(tx, manifest))
    for table in _KEY_TABLES:
        for page in _pages(keys or backup.parent / KEYS, table, dict[str, Any]):
            await database.run(lambda tx, table=table, page=page: insert_keys(tx, table, page))
    await database.read(lambda tx: load_keyset(tx, cipher))
    ciphers = Ciphers(cipher, cipher.open_archive(manifest.name, manifest.key))
    _check_whole(backup, manifest, ciphers)
    return {table: await _restore_table(database, backup, table, ciphers) for table in manifest.tables}


async def _restore_table(database: EnclaveDatabase, backup: Path, table: str, ciphers: Ciphers) -> int:
    count = 0
    for page in _pages(backup, table, Copy):
        count += await database.run(lambda tx, page=page: insert_copies(tx, table, page, ciphers=ciphers))
    await database.run(lambda tx: continue_numbers(tx, table))
    return count


async def _check_empty(tx: Transaction, manifest: Manifest) -> None:
    for table in (*_KEY_TABLES, *manifest.tables):
        if not await tx.has_table(table):
            raise StrongroomError(
                Code.STATUS_CONFLICT, f"There is no table {table}: switch its feature on, and migrate."
            )
        if not await is_empty(tx, table):
            raise StrongroomError(Code.STATUS_CONFLICT, f"{table} holds rows: restore into an empty database.")


def _read_manifest(backup: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        raise StrongroomError(Code.STATE_DAMAGED, f"{backup} holds no manifest of a backup.") from None
    copied = {table for table, kind in BACKUPS.items() if kind in {Backup.DAILY, Backup.PERIODICALLY}}
    if not manifest.tables.keys() <= copied:
        raise StrongroomError(Code.STATE_DAMAGED, "The manifest lists a table that is never backed up.")
    return manifest


def _check_whole(backup: Path, manifest: Manifest, ciphers: Ciphers) -> None:
    digest = hashlib.sha256(manifest.sealed_part()).digest()
    if not hmac.compare_digest(ciphers.archive.open(SEAL, manifest.name, manifest.seal), digest):
        raise StrongroomError(Code.STATE_DAMAGED, "The manifest was changed.")
    for table, part in manifest.tables.items():
        try:
            with (backup / f"{table}.ndjson").open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            found = ""
        if found != part.sha256:
            raise StrongroomError(Code.STATE_DAMAGED, f"{table} of the backup is missing, cut or changed.")


def _pages(folder: Path, table: str, kind: type[T]) -> Iterator[list[T]]:
    decoder = msgspec.json.Decoder(kind)
    try:
        with (folder / f"{table}.ndjson").open("rb") as file:
            while lines := list(itertools.islice(file, _PAGE)):
                yield [decoder.decode(line) for line in lines]
    except (OSError, msgspec.DecodeError):
        raise StrongroomError(Code.STATE_DAMAGED, f"{table} is missing beside the backup, or damaged.") from None
