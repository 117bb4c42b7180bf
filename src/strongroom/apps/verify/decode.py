"""Reading documents and raw transactions again, with code of the auditor's own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import cbor2
from Crypto.Hash import keccak
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_TYPE_2 = 2
_FIELDS = 12
_UNSIGNED_FIELDS = 9

Item = bytes | list["Item"]
"""What RLP encodes: bytes, or a list of items."""


class UnreadableError(Exception):
    """The bytes are not what they should be; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTransfer:
    """A signed type 2 transaction (EIP-1559). ``to`` in lower case; ``digest`` is what was signed."""

    chain_id: int
    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas_limit: int
    to: str
    value_units: int
    data: bytes
    signature: bytes
    digest: bytes
    tx_hash: str


def read_map(data: bytes) -> Mapping[str, object]:
    """The map that a CBOR document is.

    Raises:
        UnreadableError: for anything else.
    """
    try:
        value = cast("object", cbor2.loads(data))
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UnreadableError(f"not CBOR ({error})") from None
    return to_map(value)


def to_map(value: object) -> Mapping[str, object]:
    """A part of a document that must be a map; raises ``UnreadableError``."""
    if not isinstance(value, dict):
        raise UnreadableError("not a CBOR map")
    return cast("Mapping[str, object]", value)


def read_signed(data: bytes) -> Mapping[str, object]:
    """The document inside a signed envelope; whether it is signed at all is for ``is_signed_by``.

    Raises:
        UnreadableError: for anything else.
    """
    return read_map(get_bytes(read_map(data), "payload"))


def is_signed_by(data: bytes, *, key: bytes, kind: str, environment: str, tenant_id: str) -> bool:
    """Whether an envelope of this kind, environment and tenant has one signature, made with this key (trust.md 3).

    Args:
        key: Ed25519, 32 bytes.

    Raises:
        UnreadableError: for anything but an envelope.
    """
    fields = read_map(data)
    if (fields.get("kind"), fields.get("environment"), fields.get("tenant")) != (kind, environment, tenant_id):
        return False
    signatures = get_list(fields, "signatures")
    if len(signatures) != 1:
        return False
    name = f"strongroom/{kind}/v1"
    message = b"\0".join((name.encode(), environment.encode(), tenant_id.encode(), get_bytes(fields, "payload")))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(get_bytes(to_map(signatures[0]), "signature"), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def get_bytes(fields: Mapping[str, object], name: str) -> bytes:
    """A field that must be bytes; raises ``UnreadableError``."""
    value = fields.get(name)
    if not isinstance(value, bytes):
        raise UnreadableError(f"{name} is not bytes")
    return value


def get_list(fields: Mapping[str, object], name: str) -> list[object]:
    """A field that must be a list; raises ``UnreadableError``."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise UnreadableError(f"{name} is not a list")
    return cast("list[object]", value)


def get_integer(fields: Mapping[str, object], name: str) -> int:
    """A field that must be an integer; raises ``UnreadableError``."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnreadableError(f"{name} is not an integer")
    return value


def get_text(fields: Mapping[str, object], name: str) -> str:
    """A field that must be a text; raises ``UnreadableError``."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is not a text")
    return value


def read_raw(raw: bytes) -> RawTransfer:
    """A raw transaction, read anew.

    Raises:
        UnreadableError: for anything but a signed transaction of type 2 without an access list.
    """
    if raw[:1] != bytes((_TYPE_2,)):
        raise UnreadableError("not a transaction of type 2")
    fields = _read_rlp(raw[1:])
    if not isinstance(fields, list) or len(fields) != _FIELDS or fields[8] != []:
        raise UnreadableError("not a signed transaction without an access list")
    plain = [part for part in fields if isinstance(part, bytes)]
    if len(plain) != _FIELDS - 1:
        raise UnreadableError("a list where bytes belong")
    chain_id, nonce, tip, cap, gas, to, value, data, parity, r, s = plain
    unsigned = bytes((_TYPE_2,)) + _write_rlp(fields[:_UNSIGNED_FIELDS])
    return RawTransfer(
        chain_id=_number(chain_id),
        nonce=_number(nonce),
        max_priority_fee_per_gas=_number(tip),
        max_fee_per_gas=_number(cap),
        gas_limit=_number(gas),
        to="0x" + to.hex(),
        value_units=_number(value),
        data=data,
        signature=r.rjust(32, b"\0") + s.rjust(32, b"\0") + parity.rjust(1, b"\0"),
        digest=_keccak(unsigned),
        tx_hash="0x" + _keccak(raw).hex(),
    )


def transaction_id_of(*, environment: str, tenant_id: str, request_hash: bytes) -> UUID:
    """The one id that a request can have (trust.md 3): SHA-256 as a UUID of version 8."""
    text = b"\0".join((b"strongroom/transaction-id/v1", environment.encode(), tenant_id.encode(), request_hash))
    number = int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    return UUID(int=number & ~(0x3 << 62) | 2 << 62)


def request_hash_of(*, token: str, body: bytes) -> bytes:
    """What identifies a request: the signed part of its JWT and its raw body."""
    signed = token[: max(token.rfind("."), 0)]
    return hashlib.sha256(hashlib.sha256(signed.encode()).digest() + hashlib.sha256(body).digest()).digest()


def entry_hash(*, sequence: int, kind: str, previous: bytes, payload: bytes) -> bytes:
    """The link of a co-signer's journal (trust.md 6)."""
    return hashlib.sha256(
        cbor2.dumps(["strongroom/journal/v1", sequence, kind, previous, payload], canonical=True)
    ).digest()


def _keccak(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _read_rlp(data: bytes) -> Item:
    item, rest = _take(data)
    if rest:
        raise UnreadableError("bytes follow the transaction")
    return item


def _take(data: bytes) -> tuple[Item, bytes]:
    """The first item, and what follows it (Yellow Paper, appendix B)."""
    if not data:
        raise UnreadableError("cut short")
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    is_list, length = first >= 0xC0, first - (0xC0 if first >= 0xC0 else 0x80)
    start = 1
    if length > 55:
        start = 1 + length - 55
        length = int.from_bytes(data[1:start], "big")
    body, rest = data[start : start + length], data[start + length :]
    if len(body) != length:
        raise UnreadableError("cut short")
    if not is_list:
        return body, rest
    items: list[Item] = []
    while body:
        item, body = _take(body)
        items.append(item)
    return items, rest


def _write_rlp(item: Item) -> bytes:
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _headed(0x80, item)
    return _headed(0xC0, b"".join(_write_rlp(part) for part in item))


def _headed(offset: int, body: bytes) -> bytes:
    if len(body) <= 55:
        return bytes((offset + len(body),)) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(size),)) + size + body
