"""Types and decisions of the auth engine; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Adopted, Partial, open_by_cosigner
from strongroom.kernel.documents.document_set import COSIGNER_COUNT, DocumentSet
from strongroom.kernel.documents.request import Claims, parse_api_key
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment

ACCESS_TOKEN_LIFETIME: Final = timedelta(hours=6)
"""Requirement 1, step 2."""
SKEW_S: Final = 30
"""How far a caller's clock may be ahead."""
REQUEST_LIFETIME_S: Final = 60
"""What a request token may live, beside the skew; the official SDKs ask for 55 s (custody_api.md 6.1)."""
MAX_NAME: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The original request as it reached the gateway; ``changes`` is False for one that only reads."""

    token: str
    api_key: str
    uri: str
    body: bytes
    changes: bool

    @property
    def hash(self) -> bytes:
        """What identifies the request, 32 bytes."""
        return request_hash(token=self.token, body=self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Which key speaks for an API user: an RSA SubjectPublicKeyInfo, since one version of the document set."""

    api_user_id: str
    tenant_id: str
    public_key_der: bytes
    valid_from_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A request's own access token: bound to its hash, valid for six hours."""

    id: UUID
    request_hash: bytes
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What is known before a version is applied: who owns its ids and keys, and the tenant's live certificates.

    ``user_owners`` and ``key_owners`` give the tenant of an API user's id and of a key's hash.
    """

    user_owners: Mapping[str, str]
    key_owners: Mapping[bytes, str]
    live: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a version changes: ids and key hashes never seen before, certificates to issue, API users to revoke."""

    new_users: tuple[str, ...]
    new_keys: tuple[bytes, ...]
    issued: tuple[Certificate, ...]
    revoked: tuple[str, ...]


def check_environment(api_user_id: str, environment: Environment) -> None:
    """Check an API key's prefix: ``live-`` and ``sandbox-`` name their environment, no prefix means this one.

    Raises:
        StrongroomError: ``API_USER_WRONG_ENVIRONMENT``.
    """
    prefix, dash, _ = api_user_id.partition("-")
    if dash and prefix in set(Environment) and prefix != environment:
        raise StrongroomError(Code.API_USER_WRONG_ENVIRONMENT)


def check_names(claims: Claims, api_key: str) -> None:
    """Check that the token speaks for the API key of the header, under a nonce that can be kept.

    Raises:
        StrongroomError: ``TOKEN_MALFORMED``.
    """
    if claims.sub != api_key:
        raise StrongroomError(Code.TOKEN_MALFORMED, "sub and X-API-Key are not the same.")
    if not _is_name(claims.nonce) or not _is_name(claims.sub):
        raise StrongroomError(Code.TOKEN_MALFORMED, f"nonce and sub have at most {MAX_NAME} printable characters.")


def check_times(claims: Claims, now: datetime) -> None:
    """Check that the token is neither of the future, nor over, nor made to last.

    Raises:
        StrongroomError: ``TOKEN_FROM_FUTURE``, ``TOKEN_EXPIRED``, ``TOKEN_MALFORMED``.
    """
    now_s = int(now.timestamp())
    if claims.iat > now_s + SKEW_S:
        raise StrongroomError(Code.TOKEN_FROM_FUTURE)
    if claims.exp <= claims.iat:
        raise StrongroomError(Code.TOKEN_MALFORMED, "exp is not after iat.")
    if claims.exp <= now_s:
        raise StrongroomError(Code.TOKEN_EXPIRED)
    if claims.exp - claims.iat > REQUEST_LIFETIME_S + SKEW_S:
        raise StrongroomError(Code.TOKEN_EXPIRED, f"A token may live for {REQUEST_LIFETIME_S} seconds.")


def nonce_expiry(claims: Claims) -> datetime:
    """When the nonce may be forgotten: no process whose clock is within the skew accepts the token any longer."""
    return datetime.fromtimestamp(claims.exp + SKEW_S, tz=UTC)


def decide_changes(*, document_set: DocumentSet, registered: Registered) -> Changes:
    """What a verified document set changes in the certificate store.

    Raises:
        StrongroomError: ``KEY_REGISTERED_TWICE`` for an id or a key of another tenant; ``DOCUMENT_FOREIGN`` for an API
            key of another environment; ``DOCUMENT_MALFORMED`` for what is no RSA key or no name.
    """
    tenant_id = document_set.tenant
    wanted = [
        Certificate(
            api_user_id=user.id,
            tenant_id=tenant_id,
            public_key_der=user.public_key_der,
            valid_from_version=document_set.version,
        )
        for user in document_set.roster.api_users
    ]
    for certificate in wanted:
        _check_registrable(certificate, document_set.environment, registered)
    live = {(one.api_user_id, one.public_key_der) for one in registered.live}
    kept = {(one.api_user_id, one.public_key_der) for one in wanted}
    return Changes(
        new_users=tuple(one.api_user_id for one in wanted if one.api_user_id not in registered.user_owners),
        new_keys=tuple(
            key_hash for one in wanted if (key_hash := sha256(one.public_key_der)) not in registered.key_owners
        ),
        issued=tuple(one for one in wanted if (one.api_user_id, one.public_key_der) not in live),
        revoked=tuple(user_id for user_id, key in sorted(live) if (user_id, key) not in kept),
    )


def decide_partials(
    *, document_set: DocumentSet, transaction_id: UUID, digest: bytes, partials: tuple[bytes, ...]
) -> bytes:
    """The hash of (r, s, v) that all three co-signers signed for one digest (trust.md 7).

    Args:
        partials: encoded ``Signed`` of kind ``partial`` or ``adopted``, by co-signers 1, 2 and 3 in order.

    Raises:
        StrongroomError: ``PARTIALS_MISMATCH``, saying what does not match.
    """
    if len(partials) != COSIGNER_COUNT:
        raise StrongroomError(
            Code.PARTIALS_MISMATCH, f"{len(partials)} of {COSIGNER_COUNT} co-signers made a statement."
        )
    statements = [_open(data, index, document_set) for index, data in enumerate(partials, start=1)]
    for index, statement in enumerate(statements, start=1):
        if statement.cosigner != index:
            raise StrongroomError(Code.PARTIALS_MISMATCH, f"Co-signer {index} speaks as {statement.cosigner}.")
        if statement.transaction_id != transaction_id.bytes:
            raise StrongroomError(Code.PARTIALS_MISMATCH, f"Co-signer {index} speaks of another transaction.")
        if statement.digest != digest:
            raise StrongroomError(Code.PARTIALS_MISMATCH, f"Co-signer {index} signed another digest.")
    results = {statement.result_hash for statement in statements}
    if len(results) != 1:
        raise StrongroomError(Code.PARTIALS_MISMATCH, "The co-signers finished with different signatures.")
    _check_messages([statement for statement in statements if isinstance(statement, Partial)])
    return results.pop()


def _open(data: bytes, index: int, document_set: DocumentSet) -> Partial | Adopted:
    try:
        if decode(data, Signed).kind is Kind.ADOPTED:
            return open_by_cosigner(data=data, kind=Kind.ADOPTED, shape=Adopted, index=index, document_set=document_set)
        return open_by_cosigner(data=data, kind=Kind.PARTIAL, shape=Partial, index=index, document_set=document_set)
    except StrongroomError as error:
        raise StrongroomError(
            Code.PARTIALS_MISMATCH, f"The statement of co-signer {index} is not its own: {error.detail}"
        ) from error


def _check_messages(partials: list[Partial]) -> None:
    """Every last-round message must have arrived as it was sent; an adopting co-signer took no part in it."""
    if len({partial.ceremony_id for partial in partials}) > 1:
        raise StrongroomError(Code.PARTIALS_MISMATCH, "The co-signers speak of different ceremonies.")
    others = {index: {1, 2, 3} - {index} for index in (1, 2, 3)}
    sent = {partial.cosigner: dict(partial.sent) for partial in partials}
    received = {partial.cosigner: dict(partial.received) for partial in partials}
    for partial in partials:
        for side in (partial.sent, partial.received):
            if len(side) != len(others[partial.cosigner]) or {peer for peer, _ in side} != others[partial.cosigner]:
                raise StrongroomError(
                    Code.PARTIALS_MISMATCH, f"Co-signer {partial.cosigner} does not name each peer's message once."
                )
    for sender, messages in sent.items():
        for receiver, message_hash in messages.items():
            if receiver in received and received[receiver][sender] != message_hash:
                raise StrongroomError(
                    Code.PARTIALS_MISMATCH, f"What co-signer {sender} sent is not what co-signer {receiver} received."
                )


def _check_registrable(certificate: Certificate, environment: Environment, registered: Registered) -> None:
    user_id, tenant_id = certificate.api_user_id, certificate.tenant_id
    if not _is_name(user_id):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"An API key has at most {MAX_NAME} printable characters.")
    try:
        check_environment(user_id, environment)
    except StrongroomError:
        raise StrongroomError(Code.DOCUMENT_FOREIGN, f"API key {user_id} names another environment.") from None
    parse_api_key(certificate.public_key_der)
    if registered.user_owners.get(user_id, tenant_id) != tenant_id:
        raise StrongroomError(Code.KEY_REGISTERED_TWICE, f"API key {user_id} is another tenant's.")
    if registered.key_owners.get(sha256(certificate.public_key_der), tenant_id) != tenant_id:
        raise StrongroomError(Code.KEY_REGISTERED_TWICE, f"The public key of {user_id} is another tenant's.")


def _is_name(text: str) -> bool:
    """Whether a text can be a header's value, metadata and a column: no white space at its ends, nothing unseen."""
    return 0 < len(text) <= MAX_NAME and text.isascii() and text.isprintable() and text == text.strip()
