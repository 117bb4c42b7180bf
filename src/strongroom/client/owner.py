"""What owners sign: document sets and key requests (trust.md 1 and 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from strongroom.client.ports import Ports
from strongroom.kernel.documents.document_set import DocumentSet, Member, parse_document_set, tenant_of
from strongroom.kernel.documents.intent import default_key_id
from strongroom.kernel.documents.keys import KeyRequest
from strongroom.kernel.documents.signing import Kind, Signature, Signed, signing_bytes

KEY_REQUEST_LIFETIME_S = 3600


@dataclass(frozen=True, slots=True)
class OwnerKey:
    """An owner's Ed25519 key. The private part never shows in a repr."""

    owner_id: str
    _private_key: Ed25519PrivateKey

    def __repr__(self) -> str:
        """The owner's id alone."""
        return f"OwnerKey(owner_id={self.owner_id!r})"

    @staticmethod
    def generate(owner_id: str) -> "OwnerKey":
        """A new owner key."""
        return OwnerKey(owner_id, Ed25519PrivateKey.generate())

    @staticmethod
    def from_raw(owner_id: str, private_key: bytes) -> "OwnerKey":
        """The owner key of 32 stored bytes."""
        return OwnerKey(owner_id, Ed25519PrivateKey.from_private_bytes(private_key))

    def raw(self) -> bytes:
        """The 32 private bytes, to be kept by the owner alone."""
        return self._private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def member(self) -> Member:
        """The entry that goes into the document set."""
        return Member(id=self.owner_id, public_key=self.public_key())

    def public_key(self) -> bytes:
        """Ed25519, 32 bytes."""
        return self._private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data: bytes) -> Signature:
        """This owner's signature over domain-separated bytes."""
        return Signature(signer=self.owner_id, signature=self._private_key.sign(data))


def sign_document_set(document: DocumentSet, owners: Sequence[OwnerKey]) -> Signed:
    """The document set with the signatures of ``owners``.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``KEY_REGISTERED_TWICE``, ``ADDRESS_INVALID``: it is checked before
            anyone signs.
    """
    payload = document.encode()
    parse_document_set(payload)
    return _sign(Kind.DOCUMENT_SET, document, payload, owners)


def sign_key_request(document: DocumentSet, owners: Sequence[OwnerKey], *, ports: Ports) -> Signed:
    """The owners' request for the tenant's only key set, 3-of-3, under ``document``; valid for an hour."""
    request = KeyRequest(
        key_id=default_key_id(environment=document.environment, tenant_id=tenant_of(document)),
        threshold=3,
        parties=(1, 2, 3),
        document_set_hash=document.hash(),
        nonce=ports.token(32),
        not_after=ports.now_s() + KEY_REQUEST_LIFETIME_S,
    )
    return _sign(Kind.KEY_REQUEST, document, request.encode(), owners)


def _sign(kind: Kind, document: DocumentSet, payload: bytes, owners: Sequence[OwnerKey]) -> Signed:
    data = signing_bytes(kind=kind, environment=document.environment, tenant_id=tenant_of(document), payload=payload)
    signatures = tuple(owner.sign(data) for owner in owners)
    return Signed(
        kind=kind, environment=document.environment, tenant=document.tenant, payload=payload, signatures=signatures
    )
