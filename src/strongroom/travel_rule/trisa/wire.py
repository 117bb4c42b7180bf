"""Protocol Buffers' encoding (protobuf.dev, Encoding), as much of it as TRISA's messages use; pure and strict.

Groups, numbers above 2^64 and fields that break off are refused; fields of other numbers are the caller's to skip.
"""

from collections.abc import Iterator
from typing import Final

from strongroom.kernel.errors import StrongroomError
from strongroom.travel_rule.trisa.envelope import refused

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
_SIZES: Final = {FIXED64: 8, FIXED32: 4}
_MOST_FIELDS: Final = 20_000


def fields_of(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Number, wire type and value of each field: an integer for a varint, else bytes.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``.
    """
    at = 0
    for _ in range(_MOST_FIELDS):
        if at == len(data):
            return
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29 or wire not in {VARINT, FIXED64, LENGTH, FIXED32}:
            raise broken()
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        size, at = _varint(data, at) if wire == LENGTH else (_SIZES[wire], at)
        if size > len(data) - at:
            raise broken()
        yield number, wire, data[at : at + size]
        at += size
    raise broken()


def varints_of(data: bytes) -> Iterator[int]:
    """The numbers of a packed field."""
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def put_varint(number: int, value: int) -> bytes:
    """One field that is a number."""
    return _written(number << 3 | VARINT) + _written(value)


def put_fixed64(number: int, value: bytes) -> bytes:
    """One field of eight bytes."""
    return _written(number << 3 | FIXED64) + value


def put_bytes(number: int, value: bytes) -> bytes:
    """One field that has a length: text, bytes or a message."""
    return _written(number << 3 | LENGTH) + _written(len(value)) + value


def put_packed(number: int, values: list[int]) -> bytes:
    """One field that is a list of numbers."""
    return put_bytes(number, b"".join(_written(value) for value in values))


def broken() -> StrongroomError:
    """The error for a payload that is not protobuf of its schema."""
    return refused("The payload is not the protobuf of its type.")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(10):
        if at + index >= len(data):
            raise broken()
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if value >> 64:
                raise broken()
            return value, at + index + 1
    raise broken()


def _written(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
