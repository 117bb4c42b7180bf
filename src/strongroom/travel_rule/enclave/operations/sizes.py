"""Measured sizes beside the requirement's figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.travel_rule.enclave.domain.upkeep import SIZES, Expected
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.sizes import Size, measure

BESIDES = ("x_row_keys", "x_messages")
"""Tables of the enclave's own that get a row with each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A table that is there, and what the requirement says of it; nothing of the enclave's own."""

    table: str
    size: Size
    expected: Expected | None

    @property
    def row_bytes(self) -> int | None:
        """Bytes in the columns of a row, rounded up; None without rows."""
        return None if not self.size.rows else -(-self.size.held // self.size.rows)

    @property
    def disk_bytes(self) -> int | None:
        """Bytes on disk for a row, with indexes; of few rows mostly empty pages."""
        return None if not self.size.rows or self.size.on_disk is None else -(-self.size.on_disk // self.size.rows)

    @property
    def is_within(self) -> bool | None:
        """Whether a row's columns are at or below the requirement's figure; None where there is nothing to compare."""
        if self.row_bytes is None or self.expected is None:
            return None
        return self.row_bytes <= self.expected.most


async def measure_sizes(*, database: EnclaveDatabase) -> Sequence[Measured]:
    """Every table of the requirement that is there, then those of the enclave's own that grow with requests."""
    measured: list[Measured] = []
    for table in (*SIZES, *BESIDES):
        if await database.read(lambda tx, table=table: tx.has_table(table)):
            size = await database.read(lambda tx, table=table: measure(tx, table))
            measured.append(Measured(table=table, size=size, expected=SIZES.get(table)))
    return measured
