"""Compact JWS (RFC 7515) with Ed25519 (RFC 8037), as strictly as possible: one header per kind, no options.

The header is compared as a whole, byte for byte, so there is no ``alg`` to choose and no ``kid`` or ``jku`` to follow.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN_MAX: Final = 16 * 1024


def encode_segment(data: bytes) -> str:
    """base64url without padding (RFC 7515 appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_segment(text: str) -> bytes:
    """The only bytes that ``encode_segment`` turns into ``text``; ``ValueError`` for any other spelling."""
    if not _ALPHABET.fullmatch(text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_segment(data) != text:
        raise ValueError("not the canonical base64url")
    return data


def _header(typ: str) -> str:
    return encode_segment(f'{{"alg":"EdDSA","typ":"{typ}"}}'.encode())


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of token: its ``typ`` and the one header it may have."""

    typ: str
    header: str


def kind(typ: str) -> Kind:
    """The kind with that ``typ``."""
    return Kind(typ, _header(typ))


def sign(kind: Kind, payload: bytes, key: Ed25519PrivateKey) -> str:
    """The compact token over ``payload``."""
    signed = f"{kind.header}.{encode_segment(payload)}"
    return f"{signed}.{encode_segment(key.sign(signed.encode()))}"


def verify(kind: Kind, token: str, key: Ed25519PublicKey) -> bytes:
    """The payload of a token of that kind signed by ``key``; ``ValueError`` for anything else."""
    if len(token) > _TOKEN_MAX or token.count(".") != 2:
        raise ValueError("not a compact token")
    header, payload, signature = token.split(".")
    if header != kind.header:
        raise ValueError(f"not a {kind.typ}")
    try:
        key.verify(decode_segment(signature), f"{header}.{payload}".encode())
    except InvalidSignature:
        raise ValueError("the signature does not verify") from None
    return decode_segment(payload)
