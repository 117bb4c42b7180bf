"""Verifications, commands and keys to store, and a cipher to store them with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import KeyWrapper, MemoryKms, SealingKeyWrapper
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo, Outcome, Persons, Result, Verification
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.keyset import ensure_keyset
from strongroom.travel_rule.enclave.store.verifications import find_verification, insert_verification

NOW: Final = datetime(2026, 11, 21, 12, 30, 15, 123000, tzinfo=UTC)
OURS: Final = "18446744073709551615"
"""The largest id a ``bigint unsigned`` holds."""
THEIRS: Final = "9007199254740993"
"""2^53 + 1: not a binary fraction's."""
WRAPPER: Final = SealingKeyWrapper(MemoryKms().sealing_key("kek"))


async def open_cipher(database: EnclaveDatabase, wrapper: KeyWrapper = WRAPPER) -> ColumnCipher:
    """A cipher that knows the database's keyset; the first version is made if there is none."""
    cipher = ColumnCipher(wrapper, SystemEntropy())

    async def load(tx: Transaction) -> int:
        return await ensure_keyset(tx, cipher, now=NOW)

    await database.run(load)
    await database.read(load)
    return cipher


def verification(**changes: Any) -> Verification:
    """One that waits, with everything that a request brings."""
    made = Verification(
        uuid=str(uuid4()),
        outcome=Outcome(result=Result.WAIT),
        asset=AssetInfo(
            symbol="ETH",
            amount="1.000000000000000001",
            network="Ethereum",
            trade_price="4500000.25",
            trade_currency="KRW",
            trade_at=NOW.replace(microsecond=0),
            is_exceeding_threshold=True,
        ),
        originating_vasp_id=OURS,
        originator_account_number="0xAbC",
        beneficiary_vasp_id=THEIRS,
        beneficiary_account_number="rExample:7",
        persons=Persons(originator='{"name":"홍길동"}'.encode(), originating_vasp=b'{"a":1}', beneficiary=b'{"b":2}'),
        content_mac=bytes(range(32)),
        ordered_at=NOW,
        created_at=NOW,
    )
    return replace(made, **changes)


async def store(database: EnclaveDatabase, cipher: ColumnCipher, *made: Verification) -> None:
    """Insert them, each in a transaction of its own."""
    for each in made:
        await database.run(lambda tx, each=each: insert_verification(tx, each, cipher=cipher))


async def find(database: EnclaveDatabase, cipher: ColumnCipher, uuid: str) -> Verification | None:
    """Read it back."""
    return await database.read(lambda tx: find_verification(tx, uuid, cipher=cipher))


def command(number: int, **changes: Any) -> Command:
    """One that is due at once."""
    made = Command(id=number, kind="VERIFY", body=b'{"uuid":"u"}', status=CommandStatus.CREATED, created_at=NOW)
    return replace(made, **changes)


def later(seconds: float) -> datetime:
    """That long after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


async def change_row(database: EnclaveDatabase, statement: Any, values: Mapping[str, Any] | None = None) -> None:
    """Do to a row what the store never would."""
    async with database.engine.begin() as connection:
        await connection.execute(statement, values)
