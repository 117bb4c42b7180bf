"""What each side stored of a verification, as its database has it: encrypted columns as ciphertext."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ENCRYPTED = ("ivms101_originator", "ivms101_originating_vasp", "ivms101_beneficiary", "ivms101_beneficiary_vasp")
"""Columns that hold personal data (requirement 2)."""
_VERIFICATION = """select result, reason, symbol, amount, tx_hash, originating_vasp_id, beneficiary_vasp_id,
    originator_account_number, beneficiary_account_number, ivms101_originator, ivms101_originating_vasp,
    ivms101_beneficiary, ivms101_beneficiary_vasp
from verifications where verification_uuid = :uuid"""
_COUNTS = {
    "verifications": "select count(*) from verifications",
    "own_keys": "select count(*) from own_keys",
    "counter_party_keys": "select count(*) from counter_party_keys",
    "commands": "select count(*) from commands",
}


async def read_verification(url: str, uuid: str) -> Mapping[str, str | None]:
    """The row's columns as texts; empty when there is no such row."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            row = (await connection.execute(text(_VERIFICATION), {"uuid": uuid})).mappings().first()
    finally:
        await engine.dispose()
    return {} if row is None else {name: None if value is None else str(value) for name, value in row.items()}


async def count_rows(url: str) -> Mapping[str, int]:
    """How many rows each table of the enclave has."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return {table: int((await connection.execute(text(sql))).scalar_one()) for table, sql in _COUNTS.items()}
    finally:
        await engine.dispose()
