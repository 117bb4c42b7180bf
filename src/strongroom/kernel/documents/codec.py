"""Deterministic CBOR (RFC 8949 4.2.1): one value, one encoding; anything else is refused.

Every map key is a text of under 24 bytes, so the bytewise order of 4.2.1 and the length-first order that
``cbor2`` writes are the same.
"""

from typing import Any, TypeVar, cast

import cbor2
import msgspec

from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import Code, StrongroomError

MAX_DOCUMENT_BYTES = 1 << 20
MAX_DEPTH = 32
"""Of maps and lists in a plain value."""


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every document: frozen, closed, encoded in one way only."""

    def encode(self) -> bytes:
        """The document's only encoding."""
        return encode(self)

    def hash(self) -> bytes:
        """SHA-256 of the encoding, 32 bytes."""
        return sha256(encode(self))


D = TypeVar("D", bound=Document)


def encode(value: object) -> bytes:
    """Deterministic CBOR of a document, or of maps, lists, texts, bytes, integers, booleans and null."""
    return cbor2.dumps(msgspec.to_builtins(value, builtin_types=(bytes,)), canonical=True)


def decode(data: bytes, kind: type[D]) -> D:
    """The document in ``data``.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED`` for anything but the one encoding of a valid ``kind``.
    """
    document = convert(_load(data), kind)
    if document.encode() != data:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The encoding is not the deterministic one.")
    return document


def decode_value(data: bytes) -> object:
    """The plain value in ``data``; the same rules without a schema.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    value = _load(data)
    if not _is_plain(value, MAX_DEPTH):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The document holds a type that documents do not use.")
    if encode(value) != data:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The encoding is not the deterministic one.")
    return value


def _is_plain(value: object, depth: int) -> bool:
    """A list may hold itself: CBOR has tags for that."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(
            isinstance(key, str) and _is_plain(item, depth - 1)
            for key, item in cast("dict[object, object]", value).items()
        )
    if isinstance(value, list):
        return all(_is_plain(item, depth - 1) for item in cast("list[object]", value))
    return value is None or isinstance(value, bool | int | bytes | str)


def _load(data: bytes) -> object:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The document exceeds 1 MiB.")
    try:
        return cast("object", cbor2.loads(data))
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The document is not CBOR.") from None


def convert(value: object, kind: type[D]) -> D:
    """``value`` as a ``kind``.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, naming the field.
    """
    try:
        return msgspec.convert(cast("Any", value), kind, strict=True, builtin_types=(bytes,))
    except (msgspec.ValidationError, ValueError) as error:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, str(error)) from None
