"""Measured sizes, on each engine."""

import pytest

from strongroom.travel_rule.enclave.domain.keys import KeyType, OwnKey
from strongroom.travel_rule.enclave.domain.verifications import Persons
from strongroom.travel_rule.enclave.operations.sizes import measure_sizes
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.keys import insert_own_key
from tests.travel_rule.enclave.store.world import NOW, command, open_cipher, store, verification

PAYLOAD = b"p" * 1400


async def test_rows_are_measured_against_the_requirement(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    persons = Persons(originator=PAYLOAD, originating_vasp=PAYLOAD[:400], beneficiary=PAYLOAD[:400])
    made = [verification(persons=persons) for _ in range(60)]
    await store(enclave_database, cipher, *made)
    await enclave_database.run(lambda tx: insert_commands(tx, [command(number) for number in range(1, 4)]))
    key = OwnKey(type=KeyType.PER_VASP, identifier="i", public_key=b"\x01" * 32, private_key=b"\x02" * 32)
    await enclave_database.run(lambda tx: insert_own_key(tx, key, cipher=cipher, now=NOW))
    measured = {each.table: each for each in await measure_sizes(database=enclave_database)}
    assert set(measured) >= {"verifications", "counter_party_keys", "own_keys", "commands", "x_row_keys"}
    rows = measured["verifications"]
    assert rows.size.rows == 60
    assert rows.row_bytes is not None
    assert len(PAYLOAD) * 4 // 3 + 2 * 400 * 4 // 3 < rows.row_bytes <= 4096
    assert rows.is_within
    assert rows.disk_bytes is not None
    assert rows.disk_bytes > rows.row_bytes
    assert measured["counter_party_keys"].row_bytes is measured["counter_party_keys"].is_within is None
    assert measured["own_keys"].row_bytes == pytest.approx(8 + 7 + 1 + 44 + 82 + 8, abs=3)
    assert measured["x_row_keys"].expected is None
    assert measured["x_row_keys"].is_within is None


async def test_a_row_above_the_figure_is_said_to_be(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    await store(enclave_database, cipher, verification(persons=Persons(originator=b"p" * 6000)))
    measured = {each.table: each for each in await measure_sizes(database=enclave_database)}
    assert measured["verifications"].is_within is False
