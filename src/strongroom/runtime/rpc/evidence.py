"""One hop as it is stored: the row of ``service_handoff_events`` (trust.md 8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffEvent:
    """One verified handoff, or the receipt of a callee that has no database.

    Args:
        handoff_id: the token's unique id (``jti``); a second row with it is refused.
        transaction_id: the transaction that the call carries, when there is one.
        from_service: who called.
        to_service: who was called.
        method: the gRPC method, ``<package>.v1.<Service>/<Method>`` without the leading ``strongroom.``.
        cert_chain_hash: SHA-256 over the caller's leaf and intermediate certificates (DER), 32 bytes.
        cert_chain: those certificates as they travel (``rpc.chains``): what an auditor checks the token with.
        payload_hash: SHA-256 over the request as received, 32 bytes.
        parents: hashes (hex) of the handoffs under which the caller acted.
        token: the compact JWS itself; for a receipt the whole receipt.
        direction: ``received`` at the callee, ``receipt`` at the caller.
        occurred_at: when it was verified; aware.
    """

    handoff_id: str
    transaction_id: UUID | None
    from_service: str
    to_service: str
    method: str
    cert_chain_hash: bytes
    cert_chain: str
    payload_hash: bytes
    parents: tuple[str, ...]
    token: str
    direction: Literal["received", "receipt"]
    occurred_at: datetime
