import contextlib
import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strongroom.chains.evm.transaction import (
    Eip1559Transaction,
    assemble,
    parse_raw,
    recover_sender,
    signing_digest,
    transaction_hash,
)
from strongroom.kernel.errors import Code, StrongroomError
from tests.chains.evm.oracle import address_elsewhere, keys, recover_elsewhere, sign_elsewhere, transactions

KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EXAMPLE = Eip1559Transaction(
    chain_id=31337,
    nonce=7,
    max_priority_fee_per_gas=1_000_000_000,
    max_fee_per_gas=3_000_000_000,
    gas_limit=21_000,
    to="0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    value_units=10**18,
)


@given(transactions(), keys)
def test_an_independent_library_agrees_on_every_byte(transaction: Eip1559Transaction, key: bytes) -> None:
    raw, its_hash, signature = sign_elsewhere(transaction, key)
    assert assemble(transaction, signature) == raw
    assert transaction_hash(raw) == its_hash
    assert parse_raw(raw) == (transaction, signature)
    assert recover_sender(transaction, signature) == address_elsewhere(key) == recover_elsewhere(raw)


@given(transactions(), transactions())
def test_two_transactions_never_share_a_digest(one: Eip1559Transaction, other: Eip1559Transaction) -> None:
    assume(one != other)
    assert signing_digest(one) != signing_digest(other)


@given(st.data())
def test_a_changed_field_is_another_sender(data: st.DataObject) -> None:
    _, _, signature = sign_elsewhere(EXAMPLE, KEY)
    field = data.draw(st.sampled_from(["chain_id", "nonce", "max_fee_per_gas", "gas_limit", "value_units"]))
    changed = dataclasses.replace(EXAMPLE, **{field: getattr(EXAMPLE, field) + data.draw(st.integers(1, 2**32))})
    with contextlib.suppress(StrongroomError):  # for some digests no key fits
        assert recover_sender(changed, signature) != address_elsewhere(KEY)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("value_units", 2**256, Code.AMOUNT_TOO_LARGE),
        ("value_units", -1, Code.AMOUNT_TOO_LARGE),
        ("to", EXAMPLE.to.lower(), Code.ADDRESS_INVALID),
        ("to", EXAMPLE.to[:-1], Code.ADDRESS_INVALID),
        ("to", EXAMPLE.to.replace("C8", "c8"), Code.ADDRESS_INVALID),
        ("chain_id", 0, Code.REQUEST_INVALID),
        ("chain_id", 2**64, Code.REQUEST_INVALID),
        ("nonce", -1, Code.REQUEST_INVALID),
        ("nonce", 2**64 - 1, Code.REQUEST_INVALID),
        ("gas_limit", 20_999, Code.REQUEST_INVALID),
        ("gas_limit", 0, Code.REQUEST_INVALID),
        ("max_fee_per_gas", 2**256 // 21_000, Code.REQUEST_INVALID),
        ("max_fee_per_gas", 999_999_999, Code.REQUEST_INVALID),
        ("max_priority_fee_per_gas", -1, Code.REQUEST_INVALID),
    ],
)
def test_a_field_out_of_bounds_is_refused(field: str, value: object, code: Code) -> None:
    with pytest.raises(StrongroomError) as refused:
        dataclasses.replace(EXAMPLE, **{field: value})
    assert refused.value.code is code


def high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes((1 - signature[64],))


@pytest.mark.parametrize("step", [assemble, recover_sender])
def test_a_signature_that_no_chain_would_take_is_refused(step: object) -> None:
    _, _, good = sign_elsewhere(EXAMPLE, KEY)
    bad = [
        good[:64],
        good + b"\0",
        good[:64] + b"\2",
        good[:64] + b"\x1b",
        bytes(32) + good[32:],
        good[:32] + bytes(32) + good[64:],
        ORDER.to_bytes(32, "big") + good[32:],
        high_s(good),
    ]
    assert callable(step)
    for signature in bad:
        with pytest.raises(StrongroomError) as refused:
            step(EXAMPLE, signature)
        assert refused.value.code is Code.SIGNATURE_INVALID


def test_a_point_that_is_not_on_the_curve_has_no_sender() -> None:
    not_on_curve = (5).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\0"
    with pytest.raises(StrongroomError) as refused:
        recover_sender(EXAMPLE, not_on_curve)
    assert refused.value.code is Code.SIGNATURE_INVALID


@given(st.data())
def test_damaged_bytes_are_refused_or_are_another_transaction(data: st.DataObject) -> None:
    raw, _, signature = sign_elsewhere(EXAMPLE, KEY)
    place = data.draw(st.integers(0, len(raw) - 1))
    damaged = bytearray(raw)
    damaged[place] ^= data.draw(st.integers(1, 255))
    for candidate in (bytes(damaged), raw[:place], raw + bytes(1)):
        with contextlib.suppress(StrongroomError):
            transaction, its_signature = parse_raw(candidate)
            assert (transaction, its_signature) != (EXAMPLE, signature)
            assert assemble(transaction, its_signature) == candidate


@given(st.binary(max_size=200))
def test_random_bytes_never_crash(raw: bytes) -> None:
    with pytest.raises(StrongroomError):
        parse_raw(b"\x02" + raw)
