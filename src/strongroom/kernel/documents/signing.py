"""What a signature is over, and which key may sign what (trust.md 3, last bullet)."""

from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strongroom.kernel.documents.codec import Document
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId


class Kind(StrEnum):
    """The closed registry of what Strongroom signs with Ed25519 over a domain-separated payload."""

    DOCUMENT_SET = "document-set"
    KEY_REQUEST = "key-request"
    APPROVAL = "approval"
    DECISION = "decision"
    VERDICT = "verdict"
    KEY_RECORD = "key-record"
    CONSENT = "consent"
    REFUSAL = "refusal"
    TOMBSTONE = "tombstone"
    PARTIAL = "partial"
    ADOPTED = "adopted"
    JOURNAL_HEAD = "journal-head"
    CEREMONY_MESSAGE = "ceremony-message"
    CALLBACK_REPORT = "callback-report"


class Role(StrEnum):
    """What a key is for. Service certificates sign handoffs and receipts as JWS and nothing of this registry."""

    OWNER = "owner"
    APPROVER_DEVICE = "approver-device"
    POLICY_ENGINE = "policy-engine"
    SCREENING = "screening"
    COSIGNER = "cosigner"


MAY_SIGN: dict[Role, frozenset[Kind]] = {
    Role.OWNER: frozenset({Kind.DOCUMENT_SET, Kind.KEY_REQUEST}),
    Role.APPROVER_DEVICE: frozenset({Kind.APPROVAL}),
    Role.POLICY_ENGINE: frozenset({Kind.DECISION}),
    Role.SCREENING: frozenset({Kind.VERDICT}),
    Role.COSIGNER: frozenset(
        {
            Kind.KEY_RECORD,
            Kind.CONSENT,
            Kind.REFUSAL,
            Kind.TOMBSTONE,
            Kind.PARTIAL,
            Kind.ADOPTED,
            Kind.JOURNAL_HEAD,
            Kind.CEREMONY_MESSAGE,
            Kind.CALLBACK_REPORT,
        }
    ),
}


class Signature(Document, frozen=True):
    """One signature: who (an id within the role) and the 64 bytes."""

    signer: str
    signature: bytes


class Signed(Document, frozen=True):
    """A document's bytes with the signatures over them; never re-encoded on the way."""

    kind: Kind
    environment: Environment
    tenant: str
    payload: bytes
    signatures: tuple[Signature, ...]


def signing_bytes(*, kind: Kind, environment: Environment, tenant_id: TenantId, payload: bytes) -> bytes:
    """``strongroom/<kind>/v1`` NUL environment NUL tenant NUL payload: what every signature is over."""
    return b"\x00".join((f"strongroom/{kind}/v1".encode(), environment.encode(), tenant_id.encode(), payload))


def check_signature(*, signed: Signed, signature: Signature, public_key: bytes, role: Role) -> None:
    """Check one signature of ``signed`` by a key of ``role``.

    Args:
        public_key: Ed25519, 32 bytes.

    Raises:
        StrongroomError: ``DOCUMENT_SIGNATURE_INVALID``.
    """
    if signed.kind not in MAY_SIGN[role]:
        raise StrongroomError(Code.DOCUMENT_SIGNATURE_INVALID, f"A {role} key does not sign a {signed.kind}.")
    message = signing_bytes(
        kind=signed.kind, environment=signed.environment, tenant_id=TenantId(signed.tenant), payload=signed.payload
    )
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature.signature, message)
    except (InvalidSignature, ValueError):
        raise StrongroomError(
            Code.DOCUMENT_SIGNATURE_INVALID, f"The signature of {signature.signer} does not verify."
        ) from None


def open_signed(
    *,
    signed: Signed,
    kind: Kind,
    environment: Environment,
    tenant_id: TenantId,
    public_key: bytes,
    role: Role,
    signer: str,
) -> bytes:
    """The payload of a document with exactly one signature, checked for kind, environment, tenant and signer.

    Raises:
        StrongroomError: ``DOCUMENT_FOREIGN``, ``DOCUMENT_SIGNATURE_INVALID``.
    """
    if signed.environment != environment or signed.tenant != tenant_id:
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    if signed.kind != kind or len(signed.signatures) != 1 or signed.signatures[0].signer != signer:
        raise StrongroomError(Code.DOCUMENT_SIGNATURE_INVALID, f"Expected one {kind} signature by {signer}.")
    check_signature(signed=signed, signature=signed.signatures[0], public_key=public_key, role=role)
    return signed.payload
