"""API credentials: an API key and the RSA key that signs each request (custody_api.md 6.1)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from strongroom.client.ports import Ports
from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import Code, StrongroomError

TOKEN_LIFETIME_S = 55
"""What the official SDKs send; the platform accepts up to a minute."""
RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class ApiCredentials:
    """An API user. The private key never shows in a repr."""

    api_key: str
    _private_key: RSAPrivateKey

    def __repr__(self) -> str:
        """The API key alone."""
        return f"ApiCredentials(api_key={self.api_key!r})"

    @staticmethod
    def generate(api_key: str) -> "ApiCredentials":
        """A new API user with a key of its own."""
        return ApiCredentials(api_key, generate_private_key(public_exponent=65537, key_size=RSA_BITS))

    @staticmethod
    def from_pem(api_key: str, private_key_pem: bytes) -> "ApiCredentials":
        """The API user of a PEM file.

        Raises:
            StrongroomError: ``CONFIG_INVALID`` if it holds no unencrypted RSA key.
        """
        try:
            key = load_pem_private_key(private_key_pem, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise StrongroomError(Code.CONFIG_INVALID, "The API private key is an unencrypted RSA key in PEM form.")
        return ApiCredentials(api_key, key)

    def private_key_pem(self) -> bytes:
        """PKCS#8 PEM, to be kept by the API user alone."""
        return self._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_key_der(self) -> bytes:
        """The SubjectPublicKeyInfo that goes into the roster."""
        return self._private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign_request(self, *, uri: str, body: bytes, ports: Ports) -> str:
        """The compact JWT for one request.

        Args:
            uri: path with query string, exactly as sent.
            body: the raw bytes as sent; empty for none.
            ports: time and randomness.
        """
        now_s = ports.now_s()
        claims = {
            "uri": uri,
            "nonce": ports.nonce(),
            "iat": now_s,
            "exp": now_s + TOKEN_LIFETIME_S,
            "sub": self.api_key,
            "bodyHash": sha256(body).hex(),
        }
        signed_part = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = self._private_key.sign(signed_part.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed_part}.{_base64url(signature)}"


def _part(fields: Mapping[str, object]) -> str:
    return _base64url(json.dumps(fields, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
