"""The signed handoff of one call between services (trust.md 8).

A compact JWS by the caller's leaf key over who calls whom, which method, for which transaction, with which request,
under which earlier handoffs, when. The callee checks it before it looks at the request, and stores it with its effect.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Final, Literal, final
from uuid import UUID

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.pki import Chain, Identity, TrustRoot, hash_chain
from strongroom.runtime.rpc import jws
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.chains import encode_chain
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.rpc.replay import ReplayGuard

HANDOFF: Final = jws.kind("strongroom-handoff+jws")
FRESH: Final = timedelta(seconds=60)
SKEW: Final = timedelta(seconds=5)
_PARENTS_MAX: Final = 64
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_UNIQUE_ID: Final = re.compile(r"[0-9a-f]{32}")
_UNIQUE_ID_BYTES: Final = 16


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    from_service: str = msgspec.field(name="from")
    to_service: str = msgspec.field(name="to")
    method: str
    environment: Environment
    transaction: UUID | None
    request_sha256: str
    context_sha256: str
    parents: tuple[str, ...]
    iat: int
    jti: str


_encode_claims: Final = msgspec.json.Encoder().encode
_decode_claims: Final = msgspec.json.Decoder(_Claims).decode


@dataclass(frozen=True, kw_only=True)
class Handoff:
    """One signed call.

    Args:
        handoff_id: unique id of the token (``jti``), hex.
        from_service: who calls; named by the certificate as well.
        to_service: who is called.
        method: ``<package>.v1.<Service>/<Method>``.
        environment: both sides are in it.
        transaction_id: the transaction that the call carries, or None.
        payload_hash: SHA-256 of the request as it travels, 32 bytes.
        context_hash: SHA-256 (hex) of the call's context, empty without one.
        parents: hashes of the handoffs under which the caller acts.
        issued_at: aware, whole seconds.
        token: the compact JWS.
        chain: the caller's certificates.
    """

    handoff_id: str
    from_service: str
    to_service: str
    method: str
    environment: Environment
    transaction_id: UUID | None
    payload_hash: bytes
    context_hash: str
    parents: tuple[str, ...]
    issued_at: datetime
    token: str
    chain: Chain

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the token: how later handoffs name this one as a parent."""
        return sha256(self.token.encode()).hexdigest()

    def event(
        self, *, occurred_at: datetime, direction: Literal["received", "receipt"] = "received", token: str = ""
    ) -> HandoffEvent:
        """The row of ``service_handoff_events``; ``token`` replaces the handoff's own for a receipt."""
        return HandoffEvent(
            handoff_id=self.handoff_id,
            transaction_id=self.transaction_id,
            from_service=self.from_service,
            to_service=self.to_service,
            method=self.method,
            cert_chain_hash=hash_chain(self.chain),
            cert_chain=encode_chain(self.chain),
            payload_hash=self.payload_hash,
            parents=self.parents,
            token=token or self.token,
            direction=direction,
            occurred_at=occurred_at,
        )


@final
class HandoffSigner:
    """Signs the calls of one service."""

    def __init__(self, *, identity: Identity, environment: Environment, clock: Clock, entropy: Entropy) -> None:
        self.identity = identity
        self._environment = environment
        self._clock = clock
        self._entropy = entropy

    def sign(
        self,
        *,
        to: str,
        method: str,
        request: bytes,
        transaction_id: UUID | None = None,
        parents: tuple[str, ...] = (),
        context_hash: str = "",
    ) -> Handoff:
        """A handoff for one call to ``to`` with exactly these request bytes."""
        leaf = self.identity.leaf()
        claims = _Claims(
            from_service=self.identity.service,
            to_service=to,
            method=method,
            environment=self._environment,
            transaction=transaction_id,
            request_sha256=sha256(request).hexdigest(),
            context_sha256=context_hash,
            parents=parents,
            iat=int(self._clock.now().timestamp()),
            jti=self._entropy.token(_UNIQUE_ID_BYTES).hex(),
        )
        return _handoff(claims, jws.sign(HANDOFF, _encode_claims(claims), leaf.private_key), leaf.chain)


def read_handoff(*, token: str, chain: Chain, trust_root: TrustRoot, now: datetime) -> Handoff:
    """A handoff whose chain leads to the root at ``now``, whose signature verifies and whose name is its signer's.

    Nothing is said yet about audience, method, request, freshness or replay: that is ``HandoffVerifier.verify``.

    Raises:
        StrongroomError: ``HANDOFF_INVALID``.
    """
    leaf = trust_root.verify_leaf(chain, now)
    try:
        claims = _decode_claims(jws.verify(HANDOFF, token, leaf.public_key))
    except (ValueError, msgspec.DecodeError) as error:
        raise _invalid(f"the handoff does not verify: {error}") from None
    if claims.from_service != leaf.service:
        raise _invalid("the handoff names another caller than its certificate")
    if claims.environment != trust_root.environment:
        raise _invalid("the handoff is of another environment")
    _check_form(claims)
    return _handoff(claims, token, chain)


@final
class HandoffVerifier:
    """Checks the calls that one service receives.

    Args:
        service: whose calls; a handoff for anyone else is refused.
        trust_root: whose certificates are believed.
        access: who may call what.
    """

    def __init__(self, *, service: str, trust_root: TrustRoot, access: Access, clock: Clock) -> None:
        self.service = service
        self.environment = trust_root.environment
        self._trust_root = trust_root
        self._access = access
        self._clock = clock
        self._seen = ReplayGuard(clock=clock, window_s=(FRESH + 2 * SKEW).total_seconds())

    def verify(self, *, token: str, chain: Chain, method: str, request: bytes, context_hash: str = "") -> Handoff:
        """The handoff of a call, if every check of trust.md 8 holds.

        Args:
            method: the method that was in fact called.
            request: the request's bytes as received.
            context_hash: ``context.context_hash`` of the metadata received.

        Raises:
            StrongroomError: ``HANDOFF_INVALID``, ``CALLER_NOT_ALLOWED``, ``HANDOFF_REPLAYED``; ``UNAVAILABLE`` when
                more calls arrive than can be remembered.
        """
        now = self._clock.now()
        handoff = read_handoff(token=token, chain=chain, trust_root=self._trust_root, now=now)
        for holds, detail in (
            (handoff.to_service == self.service, "the handoff is for another service"),
            (handoff.method == method, "the handoff is for another method"),
            (handoff.payload_hash == sha256(request).digest(), "the handoff is for another request"),
            (handoff.context_hash == context_hash, "the handoff is for another context"),
            (handoff.issued_at <= now + SKEW, "the handoff was issued in the future"),
            (now - handoff.issued_at <= FRESH, "the handoff is stale"),
        ):
            if not holds:
                raise _invalid(detail)
        rule = self._access.check(caller=handoff.from_service, method=method)
        if rule.transaction and handoff.transaction_id is None:
            raise _invalid("the handoff names no transaction")
        self._seen.admit(handoff.handoff_id)
        return handoff


def _check_form(claims: _Claims) -> None:
    hashes = (claims.request_sha256, *claims.parents)
    if len(claims.parents) > _PARENTS_MAX or not all(_HASH.fullmatch(text) for text in hashes):
        raise _invalid("the handoff's hashes are malformed")
    if not _UNIQUE_ID.fullmatch(claims.jti) or not 0 < claims.iat < 1 << 36:
        raise _invalid("the handoff's unique id or time is malformed")


def _handoff(claims: _Claims, token: str, chain: Chain) -> Handoff:
    return Handoff(
        handoff_id=claims.jti,
        from_service=claims.from_service,
        to_service=claims.to_service,
        method=claims.method,
        environment=claims.environment,
        transaction_id=claims.transaction,
        payload_hash=bytes.fromhex(claims.request_sha256),
        context_hash=claims.context_sha256,
        parents=claims.parents,
        issued_at=datetime.fromtimestamp(claims.iat, UTC),
        token=token,
        chain=chain,
    )


def _invalid(detail: str) -> StrongroomError:
    return StrongroomError(Code.HANDOFF_INVALID, detail)
