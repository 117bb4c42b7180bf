"""RLP (Yellow Paper, appendix B), strict: one encoding for each value, everything else refused.

Ours because the package ``rlp`` takes 26 MB and 160 ms in every process that imports it (it loads pydantic through
eth-utils), and because its decoder's strictness would have to be tested anyway; eth-account checks ours in the tests.
"""

from collections.abc import Sequence

from strongroom.kernel.errors import Code, StrongroomError

_MAX_DEPTH = 8

Item = bytes | Sequence["Item"]
"""A byte string, or a list of items."""


def encode(item: Item) -> bytes:
    """The encoding of a byte string or of a list of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(0x80, len(item)) + item
    body = b"".join(encode(part) for part in item)
    return _head(0xC0, len(body)) + body


def encode_integer(value: int) -> bytes:
    """An integer as the byte string that RLP wants: big-endian, no leading zeros, empty for 0."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _head(offset: int, length: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = encode_integer(length)
    return bytes((offset + 55 + len(size),)) + size


def decode(data: bytes) -> Item:
    """The one item that ``data`` encodes, lists as tuples.

    Raises:
        StrongroomError: REQUEST_INVALID for anything but the canonical encoding of exactly one item.
    """
    item, end = _decode_at(data, 0, len(data), _MAX_DEPTH)
    if end != len(data):
        raise _malformed("bytes follow the item")
    return item


def decode_integer(item: Item) -> int:
    """The integer of a decoded byte string.

    Raises:
        StrongroomError: REQUEST_INVALID for a list or a leading zero.
    """
    if not isinstance(item, bytes) or item[:1] == b"\0":
        raise _malformed("not an integer")
    return int.from_bytes(item, "big")


def _decode_at(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if start >= limit:
        raise _malformed("it is cut short")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    offset = 0x80 if first < 0xC0 else 0xC0
    body, end = _extent(data, start, limit, first - offset)
    if offset == 0x80:
        if end - body == 1 and data[body] < 0x80:
            raise _malformed("a single byte is not in its short form")
        return data[body:end], end
    if depth == 0:
        raise _malformed("it is nested too deep")
    return _decode_list(data, body, end, depth - 1), end


def _decode_list(data: bytes, start: int, end: int, depth: int) -> tuple[Item, ...]:
    items: list[Item] = []
    while start < end:
        item, start = _decode_at(data, start, end, depth)
        items.append(item)
    return tuple(items)


def _extent(data: bytes, start: int, limit: int, kind: int) -> tuple[int, int]:
    """Where the body begins and ends; ``kind`` is the head byte less its offset."""
    body, length = start + 1, kind
    if kind > 55:
        size = data[body : body + kind - 55]
        body += kind - 55
        length = int.from_bytes(size, "big")
        if body > limit or size[:1] == b"\0" or length < 56:
            raise _malformed("a length is not in its short form")
    if body + length > limit:
        raise _malformed("it is cut short")
    return body, body + length


def _malformed(reason: str) -> StrongroomError:
    return StrongroomError(Code.REQUEST_INVALID, f"The bytes are not canonical RLP: {reason}.")
