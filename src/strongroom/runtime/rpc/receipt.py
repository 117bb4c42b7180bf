"""The signed receipt of a callee that has no database: its caller records it (trust.md 8).

It carries the handoff it acknowledges, so that the row can be checked by itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.pki import Chain, Identity, TrustRoot
from strongroom.runtime.rpc import jws
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.rpc.handoff import FRESH, SKEW, Handoff, read_handoff

RECEIPT: Final = jws.kind("strongroom-receipt+jws")


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    handoff_sha256: str
    service: str
    at: int


class _Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    receipt: str
    chain: tuple[bytes, bytes]
    handoff: str
    handoff_chain: tuple[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the caller asked: a receipt for anything else is refused."""

    from_service: str
    to_service: str
    method: str
    transaction_id: object


def write_receipt(*, handoff: Handoff, identity: Identity, clock: Clock) -> bytes:
    """The callee's signed word that it received ``handoff``; travels as a field of its answer."""
    leaf = identity.leaf()
    claims = _Claims(handoff_sha256=handoff.hash, service=identity.service, at=int(clock.now().timestamp()))
    token = jws.sign(RECEIPT, msgspec.json.encode(claims), leaf.private_key)
    return msgspec.json.encode(
        _Receipt(receipt=token, chain=leaf.chain, handoff=handoff.token, handoff_chain=handoff.chain)
    )


def verify_receipt(receipt: bytes, *, expected: Expected, trust_root: TrustRoot, now: datetime) -> HandoffEvent:
    """The row for the caller to record.

    Raises:
        StrongroomError: ``HANDOFF_INVALID`` when the receipt is not the callee's, for another call, or stale.
    """
    parsed = _parse(receipt)
    claims = _open(parsed.receipt, parsed.chain, trust_root, now)
    handoff = read_handoff(token=parsed.handoff, chain=parsed.handoff_chain, trust_root=trust_root, now=now)
    at = datetime.fromtimestamp(claims.at, UTC)
    for holds, detail in (
        (claims.service == expected.to_service == handoff.to_service, "the receipt is another service's"),
        (claims.handoff_sha256 == handoff.hash, "the receipt is for another handoff"),
        (handoff.from_service == expected.from_service, "the receipt is for another caller"),
        (handoff.method == expected.method, "the receipt is for another method"),
        (handoff.transaction_id == expected.transaction_id, "the receipt is for another transaction"),
        (at - SKEW <= now <= at + FRESH, "the receipt is stale or from the future"),
    ):
        if not holds:
            raise _invalid(detail)
    return handoff.event(occurred_at=at, direction="receipt", token=receipt.decode())


def _parse(receipt: bytes) -> _Receipt:
    try:
        return msgspec.json.decode(receipt, type=_Receipt)
    except msgspec.DecodeError:
        raise _invalid("the receipt is malformed") from None


def _open(token: str, chain: Chain, trust_root: TrustRoot, now: datetime) -> _Claims:
    leaf = trust_root.verify_leaf(chain, now)
    try:
        claims = msgspec.json.decode(jws.verify(RECEIPT, token, leaf.public_key), type=_Claims)
    except (ValueError, msgspec.DecodeError):
        raise _invalid("the receipt does not verify") from None
    if claims.service != leaf.service:
        raise _invalid("the receipt names another service than its certificate")
    return claims


def _invalid(detail: str) -> StrongroomError:
    return StrongroomError(Code.HANDOFF_INVALID, detail)
