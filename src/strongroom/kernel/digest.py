"""Hashes that several services must compute alike."""

import hashlib

from Crypto.Hash import keccak


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it, 32 bytes (Yellow Paper, appendix B; not FIPS 202 SHA3-256)."""
    return keccak.new(data=data, digest_bits=256).digest()


def request_hash(*, token: str, body: bytes) -> bytes:
    """What identifies one original request, 32 bytes (trust.md 3).

    Over the JWT's signed part and the raw body: the signature's own encoding cannot make one request look like two.

    Args:
        token: the compact JWT of the ``Authorization`` header.
        body: the raw body as received; empty for none.
    """
    signed_part = token.rpartition(".")[0]
    return sha256(sha256(signed_part.encode()) + sha256(body))
