"""Upkeep of a Travel Rule enclave's database, by its own settings and while it serves."""

import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import SoftwareKms
from strongroom.travel_rule.enclave.app import Ports, migrate_store, open_cipher, open_store, open_wrapper
from strongroom.travel_rule.enclave.config import EnclaveConfig, load_config
from strongroom.travel_rule.enclave.domain.upkeep import Backup
from strongroom.travel_rule.enclave.operations import retention
from strongroom.travel_rule.enclave.operations.backup import Manifest, back_up
from strongroom.travel_rule.enclave.operations.reencrypt import Progress, reencrypt
from strongroom.travel_rule.enclave.operations.restore import restore
from strongroom.travel_rule.enclave.operations.retention import Term
from strongroom.travel_rule.enclave.operations.sizes import Measured, measure_sizes
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.rules.book import Book, own_book, parse_book

__all__ = ["Expired", "Manifest", "Measured", "Progress", "Term"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What is older than it has to be kept, and how much of it was deleted."""

    term: Term
    found: int
    deleted: int


async def back_up_enclave(config_file: Path, *, folder: Path, daily: bool) -> Manifest:
    """Back up verifications, and unless ``daily`` what is backed up periodically, into a folder of that folder.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, ``UNAVAILABLE``, ``STATUS_CONFLICT``, ``STATE_DAMAGED``.
    """
    kinds = [Backup.DAILY] if daily else [Backup.DAILY, Backup.PERIODICALLY]
    async with _opened(config_file) as (config, ports, database):
        cipher = await open_cipher(config, ports, database)
        return await back_up(database=database, cipher=cipher, folder=folder, kinds=kinds, now=ports.clock.now())


async def restore_enclave(config_file: Path, *, backup: Path, keys: Path | None) -> Mapping[str, int]:
    """Make the tables where they are absent, and put a backup back; answers rows by table. Raises the same."""
    async with _opened(config_file) as (config, ports, database):
        await migrate_store(config, ports)
        cipher = ColumnCipher(await open_wrapper(config, ports), ports.entropy)
        return await restore(database=database, cipher=cipher, backup=backup, keys=keys)


async def measure_enclave(config_file: Path) -> Sequence[Measured]:
    """Sizes of the tables. Raises ``CONFIG_INVALID`` and ``UNAVAILABLE``."""
    async with _opened(config_file) as (_, _, database):
        return await measure_sizes(database=database)


async def expire_enclave(config_file: Path, *, delete: bool) -> Expired:
    """Count verifications that are older than the enclave's jurisdiction has them kept, and ``delete`` them if asked.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, ``UNAVAILABLE``.
    """
    async with _opened(config_file) as (config, ports, database):
        at = ports.clock.now()
        kept = retention.term(book=_book(config), jurisdiction=config.jurisdiction, now=at)
        found = await retention.count_expired(database=database, kept=kept)
        deleted = await retention.delete_expired(database=database, kept=kept, now=at) if delete else 0
        return Expired(term=kept, found=found, deleted=deleted)


async def reencrypt_enclave(config_file: Path, *, report: Callable[[Progress], None]) -> Progress:
    """Bring every row under the newest data key. Raises ``CONFIG_INVALID``, ``UNAVAILABLE``, ``STATE_DAMAGED``."""
    async with _opened(config_file) as (config, ports, database):
        cipher = await open_cipher(config, ports, database)
        return await reencrypt(database=database, cipher=cipher, report=report)


def _book(config: EnclaveConfig) -> Book:
    return parse_book(Path(config.rules_file).read_text()) if config.rules_file else own_book()


@asynccontextmanager
async def _opened(config_file: Path) -> AsyncGenerator[tuple[EnclaveConfig, Ports, EnclaveDatabase]]:
    config = load_config(config_file, environ=os.environ)
    kms = SoftwareKms(Path(config.keys_folder))
    ports = Ports(clock=SystemClock(), entropy=SystemEntropy(), kms=kms)
    database = await open_store(config, ports)
    try:
        yield config, ports, database
    finally:
        await database.close()
