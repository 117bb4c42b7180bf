"""RSA keys as TRISA's members hold them in files, and the name of a public key."""

import base64
import binascii
import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from strongroom.kernel.errors import Code, StrongroomError

MIN_RSA_BITS = 2048
MAX_PEM_BYTES = 64 * 1024
_BODY = re.compile(rb"-----BEGIN RSA PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END RSA PRIVATE KEY-----")


def parse_private_key(pem: bytes) -> RSAPrivateKey:
    """An RSA private key in PEM; also PKCS#8 under the header of PKCS#1, as TRISA's tools write it.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    try:
        key = _load(pem[:MAX_PEM_BYTES])
    except (ValueError, TypeError, UnsupportedAlgorithm, binascii.Error):
        raise StrongroomError(Code.CONFIG_INVALID, "Not an RSA private key in PEM, without password.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
        raise StrongroomError(Code.CONFIG_INVALID, f"Not an RSA key of at least {MIN_RSA_BITS} bits.")
    return key


def parse_public_key(pem: bytes) -> RSAPublicKey:
    """An RSA public key in PEM, or that of a certificate in PEM; the certificate itself is not judged.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    try:
        body = pem[:MAX_PEM_BYTES]
        is_certificate = b"-----BEGIN CERTIFICATE-----" in body
        key = load_pem_x509_certificate(body).public_key() if is_certificate else load_pem_public_key(body)
    except (ValueError, UnsupportedAlgorithm):
        raise StrongroomError(Code.CONFIG_INVALID, "Not a public key or certificate in PEM.") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
        raise StrongroomError(Code.CONFIG_INVALID, f"Not an RSA key of at least {MIN_RSA_BITS} bits.")
    return key


def public_key_signature(key: RSAPublicKey) -> str:
    """The name of a key: SHA256, a colon, and the unpadded base64 of the digest of its SubjectPublicKeyInfo."""
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _load(pem: bytes) -> object:
    try:
        return load_pem_private_key(pem, password=None)
    except ValueError:
        found = _BODY.search(pem)
        if found is None:
            raise
    return load_der_private_key(base64.b64decode(b"".join(found[1].split()), validate=True), password=None)
