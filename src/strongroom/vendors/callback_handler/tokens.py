"""Compact JWTs signed RS256 (RFC 7515, RFC 7518 3.3), and the RSA keys of both sides."""

import base64
import binascii
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from strongroom.kernel.errors import Code, StrongroomError

RSA_BITS: Final = 2048
"""Of the handler's key by the protocol; a longer one is accepted."""
TOKEN_BYTES_MAX: Final = 1 << 16
_HEAD: Final = b'{"typ":"JWT","alg":"RS256"}'
_TAMPERED: Final = "It is not signed by the key that was agreed on."


def write_token(claims: bytes, key: RSAPrivateKey) -> str:
    """A token over claims that are JSON already."""
    signed = f"{_base64url(_HEAD)}.{_base64url(claims)}"
    return f"{signed}.{_base64url(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def open_token(token: bytes, key: RSAPublicKey) -> bytes:
    """The claims, JSON, if this key signed them RS256; white space around the token is no part of it.

    Raises:
        StrongroomError: ``TOKEN_MALFORMED``, ``TOKEN_SIGNATURE_INVALID``.
    """
    parts = token.strip().split(b".")
    if len(token) > TOKEN_BYTES_MAX or len(parts) != 3:
        raise StrongroomError(Code.TOKEN_MALFORMED, "It is no compact JWT.")
    try:
        head = msgspec.json.decode(_unbase64url(parts[0]), type=dict[str, Any])
        claims, signature = _unbase64url(parts[1]), _unbase64url(parts[2])
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise StrongroomError(Code.TOKEN_MALFORMED, "It is no compact JWT.") from None
    if head.get("alg") != "RS256" or "crit" in head:
        raise StrongroomError(Code.TOKEN_MALFORMED, "It is not signed RS256.")
    try:
        key.verify(signature, parts[0] + b"." + parts[1], padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise StrongroomError(Code.TOKEN_SIGNATURE_INVALID, _TAMPERED) from None
    return claims


def make_private_key() -> bytes:
    """A new key, PKCS#8 PEM without a passphrase."""
    key = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def parse_private_key(pem: bytes) -> RSAPrivateKey:
    """The key of an unencrypted PEM file; ``CONFIG_INVALID`` for anything but RSA of 2048 bits or more."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS:
        raise StrongroomError(Code.CONFIG_INVALID, "A callback's private key is RSA of at least 2048 bits, as PEM.")
    return key


def parse_public_key(pem: bytes) -> RSAPublicKey:
    """The key of a PEM file; ``CONFIG_INVALID`` for anything but RSA of 2048 bits or more."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS:
        raise StrongroomError(Code.CONFIG_INVALID, "A callback's public key is RSA of at least 2048 bits, as PEM.")
    return key


def public_key_pem(key: RSAPrivateKey) -> bytes:
    """The other half, SubjectPublicKeyInfo as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64url(text: bytes) -> bytes:
    if b"=" in text or len(text) % 4 == 1:
        raise ValueError("padding")
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
