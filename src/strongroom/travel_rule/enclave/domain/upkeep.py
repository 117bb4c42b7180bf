"""What is backed up, how often, and how large the requirement expects it to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Backup(StrEnum):
    """How a table is backed up (requirements 2, "Backup, restore and recovery")."""

    DAILY = "daily"
    PERIODICALLY = "periodically"
    NEVER = "never"
    KEYS = "keys"
    """Beside the backups, in the newest state alone: what was erased there is erased in every backup."""


BACKUPS: Final[Mapping[str, Backup]] = {
    "verifications": Backup.DAILY,
    "own_keys": Backup.PERIODICALLY,
    "chainalysis_sanction_results": Backup.PERIODICALLY,
    "chainalysis_kyt_results": Backup.PERIODICALLY,
    "chainalysis_kyt_alerts": Backup.PERIODICALLY,
    "refinitiv_wco_results": Backup.PERIODICALLY,
    "counter_party_keys": Backup.NEVER,
    "commands": Backup.NEVER,
    "x_keyset": Backup.KEYS,
    "x_row_keys": Backup.KEYS,
    "x_messages": Backup.NEVER,
    "x_schema_versions": Backup.NEVER,
    "x_trp_exchanges": Backup.PERIODICALLY,
}
"""Table by table; those that begin with ``x_`` are the enclave's own."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Bytes of one row, from and to (requirements 2, "Table sizes"), and what makes a row."""

    least: int
    most: int
    per: str


SIZES: Final[Mapping[str, Expected]] = {
    "verifications": Expected(4096, 5120, "request"),
    "counter_party_keys": Expected(0, 1024, "beneficiary address"),
    "own_keys": Expected(0, 1024, "request, if PerVerification"),
    "commands": Expected(1024, 5120, "asynchronous request"),
    "chainalysis_sanction_results": Expected(1024, 2048, "request"),
    "chainalysis_kyt_results": Expected(2048, 3072, "request"),
    "chainalysis_kyt_alerts": Expected(0, 3072, "request"),
    "refinitiv_wco_results": Expected(2048, 3072, "request"),
}
"""The requirement's figures."""
