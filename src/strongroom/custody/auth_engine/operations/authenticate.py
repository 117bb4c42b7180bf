"""Steps 2 to 4: one round trip and one commit for a request that passes, nothing for one that does not."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from strongroom.custody.auth_engine import store
from strongroom.custody.auth_engine.domain import (
    ACCESS_TOKEN_LIFETIME,
    AccessToken,
    Certificate,
    SignedRequest,
    check_environment,
    check_names,
    check_times,
    nonce_expiry,
)
from strongroom.custody.auth_engine.operations.certificates import Certificates
from strongroom.kernel.documents import request as original
from strongroom.kernel.documents.request import Claims, parse_token
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId, derive_transaction_id
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import REPLAY_CONSTRAINT, Database, Statement, insert_handoff, violated_constraint
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.rpc.evidence import HandoffEvent

NONCE_CONSTRAINTS: Final = frozenset({"auth_tokens_nonce", "request_nonces_once"})
TRANSACTIONS: Final = "/v1/transactions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """Who it was; ``step_us`` are the microseconds of steps 2, 3 and 4."""

    certificate: Certificate
    token: AccessToken
    step_us: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What authentication works with."""

    environment: Environment
    clock: Clock
    entropy: Entropy
    database: Database
    certificates: Certificates


async def authenticate(*, means: Means, request: SignedRequest, received: HandoffEvent) -> Authenticated:
    """Steps 2 to 4 of one request.

    Raises:
        StrongroomError: ``TOKEN_*``, ``API_USER_UNKNOWN``, ``API_USER_WRONG_ENVIRONMENT``; nothing is stored then.
    """
    try:
        return await _authenticate_once(means=means, request=request, received=received)
    except StrongroomError as error:
        if error.code is not Code.CLAIM_LOST:
            raise
    means.certificates.forget()  # another process has applied a new version: look again
    return await _authenticate_once(means=means, request=request, received=received)


async def _authenticate_once(*, means: Means, request: SignedRequest, received: HandoffEvent) -> Authenticated:
    clock = means.clock
    claims = _read_claims(request, means.environment)
    began_s = clock.monotonic_s()
    certificate = await means.certificates.look_up_certificate(claims.sub)
    looked_up_s = clock.monotonic_s()
    verify_request(request=request, certificate=certificate, clock=clock)
    verified_s = clock.monotonic_s()
    token = await issue_token(means=means, request=request, claims=claims, certificate=certificate, received=received)
    issued_s = clock.monotonic_s()
    spans_s = (issued_s - verified_s, looked_up_s - began_s, verified_s - looked_up_s)
    step_2_us, step_3_us, step_4_us = (round(span_s * 1_000_000) for span_s in spans_s)
    return Authenticated(certificate=certificate, token=token, step_us=(step_2_us, step_3_us, step_4_us))


async def issue_token(
    *, means: Means, request: SignedRequest, claims: Claims, certificate: Certificate, received: HandoffEvent
) -> AccessToken:
    """Step 2 — the request's access token, written in the one commit of steps 2 to 4, after step 4 has passed.

    A request that changes nothing keeps its nonce only.

    Raises:
        StrongroomError: ``TOKEN_REPLAYED``; ``CLAIM_LOST`` when the certificate was revoked meanwhile.
    """
    now = means.clock.now()
    token = AccessToken(
        id=means.entropy.uuid4(),
        request_hash=request.hash,
        issued_at=now,
        expires_at=now + ACCESS_TOKEN_LIFETIME,
    )
    statements = [store.insert_nonce(certificate, nonce=claims.nonce, expires_at=nonce_expiry(claims))]
    if request.changes:
        event = replace(received, transaction_id=_transaction_of(means.environment, request, certificate))
        statements += [
            store.insert_token(token, certificate, nonce=claims.nonce, handoff_id=received.handoff_id),
            insert_handoff(event),
        ]
    await _commit(means.database, *statements)
    return token


def verify_request(*, request: SignedRequest, certificate: Certificate, clock: Clock) -> None:
    """Step 4 — the API user signed this token, for this URI and these bytes, and it is of now.

    Raises:
        StrongroomError: ``TOKEN_*``.
    """
    claims = original.verify_request(
        token=request.token, body=request.body, uri=request.uri, public_key_der=certificate.public_key_der
    )
    check_times(claims, clock.now())


def _read_claims(request: SignedRequest, environment: Environment) -> Claims:
    claims, _, _ = parse_token(request.token)
    check_names(claims, request.api_key)
    check_environment(claims.sub, environment)
    return claims


def _transaction_of(environment: Environment, request: SignedRequest, certificate: Certificate) -> UUID | None:
    """The transaction that a request will be, so that its evidence is found; None for any other request."""
    if request.uri.partition("?")[0] != TRANSACTIONS:
        return None
    return derive_transaction_id(
        environment=environment, tenant_id=TenantId(certificate.tenant_id), request_hash=request.hash
    )


async def _commit(database: Database, *statements: Statement) -> None:
    try:
        await database.commit(*statements)
    except StrongroomError as error:
        constraint = violated_constraint(error)
        if constraint in NONCE_CONSTRAINTS:
            raise StrongroomError(Code.TOKEN_REPLAYED) from error
        if constraint == REPLAY_CONSTRAINT:
            raise StrongroomError(Code.HANDOFF_REPLAYED) from error
        raise
