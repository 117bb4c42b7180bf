"""Identifiers and the environment: small typed strings that never mean two things."""

import hashlib
from enum import StrEnum
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", str)
"""A tenant: lower-case letters, digits and dashes; 3 to 40 characters."""
TransactionId = NewType("TransactionId", UUID)
"""Custody's fourteen-step unit; derived from the request (``derive_transaction_id``)."""
KeyId = NewType("KeyId", str)
"""A threshold key: ``<tenant>/<environment>/ecdsa-<n>``."""
AssetId = NewType("AssetId", str)
"""An asset of the tenant's signed asset list, such as ``ETH_TEST``."""
VaultAccountId = NewType("VaultAccountId", str)
"""A vault account: the decimal account number of its derivation path."""


class Environment(StrEnum):
    """Live and sandbox never mix: databases, keys, certificates and signatures name theirs."""

    LIVE = "live"
    SANDBOX = "sandbox"


def derive_transaction_id(*, environment: Environment, tenant_id: TenantId, request_hash: bytes) -> TransactionId:
    """One request, one transaction: UUID (version 8) of SHA-256(environment, tenant, request hash).

    Args:
        request_hash: 32 bytes, ``kernel.digest.request_hash`` of the original request.

    Source: trust.md 3.
    """
    parts = (b"strongroom/transaction-id/v1", environment.encode(), tenant_id.encode(), request_hash)
    digest = bytearray(hashlib.sha256(b"\x00".join(parts)).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80  # RFC 9562 5.8: version 8, custom
    digest[8] = (digest[8] & 0x3F) | 0x80  # RFC 9562 4.1: variant
    return TransactionId(UUID(bytes=bytes(digest)))
