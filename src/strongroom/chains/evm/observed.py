"""What a node says, turned into typed values or refused: nothing it sends is believed for being well spelt. Pure."""

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from strongroom.chains.evm.fees import PERCENTILES, BlockFees, FeeHistory
from strongroom.chains.evm.transaction import (
    Eip1559Transaction,
    assemble,
    join_signature,
    recover_sender,
    signing_digest,
    transaction_hash,
)
from strongroom.kernel.addresses import checksum_address
from strongroom.kernel.errors import Code, StrongroomError

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_Shape = TypeVar("_Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTransaction:
    """A transaction of a block, as the node tells it; addresses in EIP-55 form, ``to`` None where it makes a contract.

    ``signed`` holds transaction and signature if it is of type 2 without access list and its parts give its hash.
    """

    transaction_hash: str
    sender: str
    nonce: int
    to: str | None
    value_units: int
    data: bytes
    signed: tuple[Eip1559Transaction, bytes] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block; hashes are 0x and 64 lower-case digits, the time is Unix seconds."""

    number: int
    block_hash: str
    parent_hash: str
    timestamp_s: int
    base_fee_per_gas: int
    transactions: tuple[ObservedTransaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest block that a node knows."""

    number: int
    block_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a mined transaction; ``fee_units`` is what it paid, in wei."""

    transaction_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    fee_units: int


class _WireHead(msgspec.Struct, frozen=True, rename="camel"):
    number: str
    hash: str


class _WireTransaction(msgspec.Struct, frozen=True, rename="camel"):
    hash: str
    from_: str = msgspec.field(name="from")
    nonce: str
    value: str
    input: str
    gas: str
    to: str | None = None
    type: str = "0x0"
    chain_id: str | None = None
    max_fee_per_gas: str | None = None
    max_priority_fee_per_gas: str | None = None
    access_list: list[msgspec.Raw] | None = None
    y_parity: str | None = None
    v: str | None = None
    r: str | None = None
    s: str | None = None


class _WireBlock(msgspec.Struct, frozen=True, rename="camel"):
    number: str
    hash: str
    parent_hash: str
    timestamp: str
    base_fee_per_gas: str
    transactions: list[_WireTransaction]


class _WireReceipt(msgspec.Struct, frozen=True, rename="camel"):
    transaction_hash: str
    block_number: str
    block_hash: str
    status: str
    gas_used: str
    effective_gas_price: str


class _WireFeeHistory(msgspec.Struct, frozen=True, rename="camel"):
    base_fee_per_gas: list[str]
    gas_used_ratio: list[int | float]  # only compared with 0
    reward: list[list[str]]


def garbage(what: str) -> StrongroomError:
    """The error for an answer that cannot be what was asked for."""
    return StrongroomError(Code.NODE_UNAVAILABLE, f"The node answers garbage: {what}.")


def decode_shape(raw: bytes, shape: type[_Shape], what: str) -> _Shape:
    """JSON of exactly the expected shape.

    Raises:
        StrongroomError: NODE_UNAVAILABLE for anything else.
    """
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise garbage(f"{what} has another shape") from error


def parse_quantity(text: str) -> int:
    """A number as JSON-RPC writes it: 0x, no sign, no leading zeros, at most 256 bits.

    Raises:
        StrongroomError: NODE_UNAVAILABLE for anything else.
    """
    if not _QUANTITY.fullmatch(text):
        raise garbage("a number is not a hexadecimal quantity")
    return int(text, 16)


def parse_data(text: str, *, size_bytes: int | None = None) -> bytes:
    """Bytes as JSON-RPC writes them; of that size if one is given.

    Raises:
        StrongroomError: NODE_UNAVAILABLE for anything else.
    """
    if not _DATA.fullmatch(text) or (size_bytes is not None and len(text) != 2 + 2 * size_bytes):
        raise garbage("bytes are not hexadecimal, or not of the right length")
    return bytes.fromhex(text[2:])


def parse_hash(text: str) -> str:
    """A 32-byte hash in lower case.

    Raises:
        StrongroomError: NODE_UNAVAILABLE for anything else.
    """
    return "0x" + parse_data(text, size_bytes=32).hex()


def parse_head(raw: bytes) -> Head:
    """The head in an answer to ``eth_getBlockByNumber``."""
    wire = decode_shape(raw, _WireHead, "a block")
    return Head(number=parse_quantity(wire.number), block_hash=parse_hash(wire.hash))


def parse_block(raw: bytes, *, number: int) -> Block | None:
    """Block ``number`` with its transactions; None if the node does not have it."""
    if is_null(raw):
        return None
    wire = decode_shape(raw, _WireBlock, "a block")
    if parse_quantity(wire.number) != number:
        raise garbage("another block than the one asked for")
    return Block(
        number=number,
        block_hash=parse_hash(wire.hash),
        parent_hash=parse_hash(wire.parent_hash),
        timestamp_s=parse_quantity(wire.timestamp),
        base_fee_per_gas=parse_quantity(wire.base_fee_per_gas),
        transactions=tuple(map(_observe, wire.transactions)),
    )


def parse_transaction(raw: bytes, *, expected_hash: str) -> ObservedTransaction | None:
    """The transaction of that hash, mined or waiting; None if the node does not know it."""
    if is_null(raw):
        return None
    observed = _observe(decode_shape(raw, _WireTransaction, "a transaction"))
    if observed.transaction_hash != expected_hash:
        raise garbage("another transaction than the one asked for")
    return observed


def parse_receipt(raw: bytes, *, expected_hash: str) -> Receipt | None:
    """The receipt of the transaction of that hash; None if it is not mined."""
    if is_null(raw):
        return None
    wire = decode_shape(raw, _WireReceipt, "a receipt")
    status, gas_used = parse_quantity(wire.status), parse_quantity(wire.gas_used)
    if parse_hash(wire.transaction_hash) != expected_hash or status not in (0, 1):
        raise garbage("a receipt of another transaction, or with an impossible status")
    return Receipt(
        transaction_hash=expected_hash,
        block_number=parse_quantity(wire.block_number),
        block_hash=parse_hash(wire.block_hash),
        succeeded=status == 1,
        gas_used=gas_used,
        fee_units=gas_used * parse_quantity(wire.effective_gas_price),
    )


def parse_fee_history(raw: bytes) -> FeeHistory:
    """The answer to ``eth_feeHistory``, asked with ``PERCENTILES``."""
    wire = decode_shape(raw, _WireFeeHistory, "a fee history")
    blocks = len(wire.reward)
    if not blocks or len(wire.base_fee_per_gas) != blocks + 1 or len(wire.gas_used_ratio) != blocks:
        raise garbage("a fee history whose parts differ in length")
    base_fees = tuple(map(parse_quantity, wire.base_fee_per_gas))
    pairs = zip(wire.gas_used_ratio, wire.reward, strict=True)
    listed = tuple(BlockFees(used=ratio > 0, rewards=_parse_rewards(rewards)) for ratio, rewards in pairs)
    return FeeHistory(next_base_fee_per_gas=base_fees[-1], blocks=listed)


def is_null(raw: bytes) -> bool:
    """Whether an answer is JSON's null: the node does not know the thing."""
    return raw.strip() == b"null"


def _parse_rewards(rewards: list[str]) -> tuple[int, int, int]:
    if len(rewards) != len(PERCENTILES):
        raise garbage("a fee history with other percentiles than asked for")
    low, medium, high = map(parse_quantity, rewards)
    return low, medium, high


def _parse_address(text: str) -> str:
    return checksum_address(parse_data(text, size_bytes=20))


def _observe(wire: _WireTransaction) -> ObservedTransaction:
    return ObservedTransaction(
        transaction_hash=parse_hash(wire.hash),
        sender=_parse_address(wire.from_),
        nonce=parse_quantity(wire.nonce),
        to=None if wire.to is None else _parse_address(wire.to),
        value_units=parse_quantity(wire.value),
        data=parse_data(wire.input),
        signed=_rebuild(wire),
    )


def _rebuild(wire: _WireTransaction) -> tuple[Eip1559Transaction, bytes] | None:
    """Transaction and signature, if they are of our kind and truly hash to what the node says."""
    parts = (
        wire.chain_id,
        wire.max_priority_fee_per_gas,
        wire.max_fee_per_gas,
        wire.y_parity or wire.v,
        wire.r,
        wire.s,
    )
    if wire.type != "0x2" or wire.to is None or wire.access_list or None in parts:
        return None
    chain_id, priority, fee, parity, r, s = (parse_quantity(part) for part in parts if part is not None)
    try:
        transaction = Eip1559Transaction(
            chain_id=chain_id,
            nonce=parse_quantity(wire.nonce),
            max_priority_fee_per_gas=priority,
            max_fee_per_gas=fee,
            gas_limit=parse_quantity(wire.gas),
            to=_parse_address(wire.to),
            value_units=parse_quantity(wire.value),
            data=parse_data(wire.input),
        )
        signature = join_signature(parity, r, s)
    except StrongroomError:  # some chains have system transactions with fields of their own: not of our kind
        return None
    if transaction_hash(assemble(transaction, signature)) != parse_hash(wire.hash):
        raise garbage("a transaction whose parts do not give its hash")
    return transaction, signature


def observed_digest(observed: ObservedTransaction) -> bytes | None:
    """The digest that was signed, 32 bytes, if the sender's key truly signed it; None for kinds we never make.

    Costs one public-key recovery (about 0.1 ms), so it is for transactions that matter, not for whole blocks.

    Raises:
        StrongroomError: NODE_UNAVAILABLE if the node names a sender who did not sign.
    """
    if observed.signed is None:
        return None
    transaction, signature = observed.signed
    if recover_sender(transaction, signature) != observed.sender:
        raise garbage("a transaction whose sender did not sign it")
    return signing_digest(transaction)
