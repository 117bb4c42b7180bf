"""Verifications as they are stored, found and changed, on each engine."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import (
    Action,
    Answered,
    Outcome,
    Persons,
    Result,
    Verification,
    VerificationFilter,
)
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.verifications import (
    insert_verification,
    list_linked,
    list_verifications,
    record_result,
    record_transfer_error,
    record_tx,
)
from tests.travel_rule.enclave.store.world import NOW, OURS, THEIRS, find, later, open_cipher, store, verification

VERIFIED = Outcome(result=Result.VERIFIED)


async def test_what_is_stored_is_found_again(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    full = verification(
        outcome=Outcome(result=Result.DENIED, reason="UNVERIFIED-KYC", message="고객 확인 없음"),
        tx_hash="0xabc",
        vout="1",
        verified_at=later(1.5),
    )
    bare = replace(
        verification(persons=Persons(), originator_account_number=None, beneficiary_account_number=None),
        asset=replace(full.asset, network=None, trade_price=None, trade_currency=None, trade_at=None),
    )
    await store(enclave_database, cipher, full, bare)
    numbers: list[int] = []
    for made in (full, bare):
        found = await find(enclave_database, cipher, made.uuid)
        assert found is not None
        assert replace(found, number=0) == made
        numbers.append(found.number)
    assert 0 < numbers[0] < numbers[1]
    assert await find(enclave_database, cipher, "no such uuid") is None


async def test_a_uuid_is_stored_once(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = verification()
    await store(enclave_database, cipher, made)
    with pytest.raises(StrongroomError) as caught:
        await store(enclave_database, cipher, replace(made, originator_account_number="another"))
    assert caught.value.code is Code.CONFLICT
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert found.originator_account_number == made.originator_account_number


async def test_only_the_first_final_result_counts(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = verification()
    await store(enclave_database, cipher, made)

    async def record(result: Result, **told: bytes) -> bool:
        answered = Answered(outcome=Outcome(result=result), verified_at=later(2), **told)
        return await enclave_database.run(lambda tx: record_result(tx, made.uuid, answered, cipher=cipher))

    assert await record(Result.PENDING)
    assert await record(Result.VERIFIED, beneficiary=b'{"new":1}', beneficiary_vasp=b'{"vasp":1}')
    assert not await record(Result.DENIED, beneficiary=b'{"late":1}')
    assert not await record(Result.WAIT)
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert (found.outcome.result, found.verified_at) == (Result.VERIFIED, later(2))
    assert found.persons == replace(made.persons, beneficiary=b'{"new":1}', beneficiary_vasp=b'{"vasp":1}')


async def test_a_hash_is_reported_of_a_verified_one_and_stays(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made, waiting = verification(outcome=VERIFIED), verification()
    failed = verification(outcome=Outcome(result=Result.TRANSFER_ERROR))
    await store(enclave_database, cipher, made, waiting, failed)

    async def report(uuid: str, tx_hash: str, vout: str | None = None) -> bool:
        return await enclave_database.run(lambda tx: record_tx(tx, uuid, tx_hash=tx_hash, vout=vout))

    assert await report(made.uuid, "0xAA", "0")
    assert await report(made.uuid, "0xAA", "0")
    assert not await report(made.uuid, "0xaa")
    assert not await report(waiting.uuid, "0xAA")
    assert await report(failed.uuid, "0xAA")
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert (found.tx_hash, found.vout) == ("0xAA", "0")


async def test_a_transfer_fails_once_and_only_of_a_verified_one(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made, denied = verification(outcome=VERIFIED), verification(outcome=Outcome(result=Result.DENIED))
    await store(enclave_database, cipher, made, denied)
    outcome = Outcome(result=Result.TRANSFER_ERROR, message="cancelled")
    for uuid, expected in ((made.uuid, True), (made.uuid, False), (denied.uuid, False)):
        assert await enclave_database.run(lambda tx, u=uuid: record_transfer_error(tx, u, outcome)) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"symbol": "XRP"}, [1]),
        ({"tx_hash": "0xHash"}, [2]),
        ({"tx_hash": "0xhash"}, []),
        ({"result": Result.VERIFIED}, [2]),
        ({"action": Action.SEND}, [3, 2, 1, 0]),
        ({"action": Action.RECEIVE}, [4]),
        ({"opposite_vasp_id": "42"}, [4]),
        ({"opposite_vasp_id": THEIRS, "action": Action.SEND}, [3, 2, 1, 0]),
        ({"originator_account_number": "0xOther"}, [3]),
        ({"beneficiary_account_number": "rExample:7", "symbol": "ETH"}, [4, 3, 2, 0]),
        ({"from_at": later(1)}, [1]),
        ({"to_at": later(-1)}, [0]),
        ({"from_at": later(-10), "to_at": later(-10)}, [0]),
    ],
)
async def test_the_history_is_filtered(
    enclave_database: EnclaveDatabase, wanted: Mapping[str, Any], expected: list[int]
) -> None:
    cipher = await open_cipher(enclave_database)
    base = verification()
    made = [
        verification(created_at=later(-10)),
        verification(created_at=later(10), asset=replace(base.asset, symbol="XRP")),
        verification(outcome=VERIFIED, tx_hash="0xHash"),
        verification(originator_account_number="0xOther"),
        verification(originating_vasp_id="42", beneficiary_vasp_id=OURS),
    ]
    await store(enclave_database, cipher, *made)
    always: dict[str, Any] = {"from_at": datetime(1970, 1, 1, tzinfo=UTC), "to_at": later(3600), "own_vasp_id": OURS}
    history = VerificationFilter(**{**always, **wanted})
    found = await enclave_database.read(lambda tx: list_verifications(tx, history, page=1, rpp=10, cipher=cipher))
    assert [replace(each, number=0) for each in found] == [made[position] for position in expected]


async def test_linked_are_earlier_ones_between_the_same_accounts_that_did_not_fail(
    enclave_database: EnclaveDatabase,
) -> None:
    cipher = await open_cipher(enclave_database)
    base = verification()
    linked = [
        verification(outcome=Outcome(result=result), asset=replace(base.asset, amount=str(number)))
        for number, result in enumerate((Result.WAIT, Result.PENDING, Result.VERIFIED))
    ]
    others = [
        *(verification(outcome=Outcome(result=each)) for each in (Result.DENIED, Result.ERROR, Result.TRANSFER_ERROR)),
        verification(created_at=later(-10)),
        verification(originator_account_number="0xabc"),
        verification(beneficiary_account_number="rExample:8"),
        verification(originating_vasp_id="42"),
        verification(originator_account_number=None),
    ]
    await store(enclave_database, cipher, *others, *linked, base, verification(outcome=VERIFIED))
    of = await find(enclave_database, cipher, base.uuid)
    assert of is not None
    found = await enclave_database.read(lambda tx: list_linked(tx, of, from_at=NOW, limit=10))
    assert [each.amount for each in found] == ["2", "1", "0"]
    assert {(each.trade_price, each.trade_currency, each.trade_at, each.created_at) for each in found} == {
        (base.asset.trade_price, base.asset.trade_currency, base.asset.trade_at, base.created_at)
    }
    nameless = replace(of, originator_account_number=None)
    assert await enclave_database.read(lambda tx: list_linked(tx, nameless, from_at=NOW, limit=10)) == ()


async def test_the_history_has_pages(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    made = [verification() for _ in range(5)]
    await store(enclave_database, cipher, *made)
    history = VerificationFilter(from_at=NOW, to_at=NOW, own_vasp_id=OURS)

    async def page(number: int) -> list[str]:
        rows = await enclave_database.read(
            lambda tx: list_verifications(tx, history, page=number, rpp=2, cipher=cipher)
        )
        return [each.uuid for each in rows]

    newest_first = [each.uuid for each in reversed(made)]
    assert [await page(1), await page(2), await page(3), await page(4)] == [
        newest_first[:2],
        newest_first[2:4],
        newest_first[4:],
        [],
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"originator_account_number": "a" * 257}, "originator account is longer than 256 characters"),
        ({"beneficiary_account_number": "a\0b"}, "beneficiary account holds a character"),
        ({"vout": "\U0001f600"}, "vout holds a character"),
        ({"uuid": "u" * 41}, "verificationUuid is longer than 40 characters"),
    ],
)
async def test_what_no_column_holds_is_refused(
    enclave_database: EnclaveDatabase, changes: Mapping[str, Any], said: str
) -> None:
    cipher = await open_cipher(enclave_database)
    made: Verification = verification(**changes)
    with pytest.raises(StrongroomError, match=said) as caught:
        await enclave_database.run(lambda tx: insert_verification(tx, made, cipher=cipher))
    assert caught.value.code is Code.INVALID_FORMAT
    assert await find(enclave_database, cipher, made.uuid) is None


async def test_a_remark_is_cut_rather_than_lost(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    told = Outcome(result=Result.ERROR, reason="r" * 300, message="한\U0001f600\0" + "x" * 1100)
    made = verification(outcome=told)
    await store(enclave_database, cipher, made)
    found = await find(enclave_database, cipher, made.uuid)
    assert found is not None
    assert found.outcome.reason == "r" * 256
    assert found.outcome.message == "한\ufffd\ufffd" + "x" * 1021
