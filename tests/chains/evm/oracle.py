"""Transactions for tests, and eth-account as an independent judge of them."""

from typing import cast

from eth_account import Account
from eth_account.datastructures import SignedTransaction
from hypothesis import strategies as st

from strongroom.chains.evm.transaction import Eip1559Transaction
from strongroom.kernel.addresses import checksum_address

keys = st.integers(1, 2**252).map(lambda number: number.to_bytes(32, "big"))
addresses = st.binary(min_size=20, max_size=20).map(checksum_address)


@st.composite
def transactions(draw: st.DrawFn) -> Eip1559Transaction:
    fee = draw(st.integers(0, 2**128))
    return Eip1559Transaction(
        chain_id=draw(st.integers(1, 2**64 - 1)),
        nonce=draw(st.integers(0, 2**64 - 2)),
        max_priority_fee_per_gas=draw(st.integers(0, fee)),
        max_fee_per_gas=fee,
        gas_limit=draw(st.integers(21_000, 2**64 - 1)),
        to=draw(addresses),
        value_units=draw(st.integers(0, 2**256 - 1)),
        data=draw(st.binary(max_size=100)),
    )


def sign_elsewhere(transaction: Eip1559Transaction, key: bytes) -> tuple[bytes, str, bytes]:
    """Signed by eth-account: the raw transaction, its hash, and our 65-byte form of the signature."""
    fields = {
        "type": 2,
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "maxPriorityFeePerGas": transaction.max_priority_fee_per_gas,
        "maxFeePerGas": transaction.max_fee_per_gas,
        "gas": transaction.gas_limit,
        "to": transaction.to,
        "value": transaction.value_units,
        "data": transaction.data,
    }
    signed: SignedTransaction = Account.sign_transaction(fields, key)  # pyright: ignore[reportUnknownMemberType]
    signature = signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes((signed.v,))
    return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex(), signature


def address_elsewhere(key: bytes) -> str:
    """The address of a private key, by eth-account."""
    return cast("str", Account.from_key(key).address)  # pyright: ignore[reportUnknownMemberType]


def recover_elsewhere(raw: bytes) -> str:
    """The sender of a raw transaction, by eth-account."""
    return cast("str", Account.recover_transaction(raw))  # pyright: ignore[reportUnknownMemberType]
