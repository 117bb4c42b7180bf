"""What owners sign: document sets and key requests (trust.md 1 and 2)."""

from collections.abc import Sequence

from strongroom.client.personal import PersonalKey
from strongroom.client.ports import Ports
from strongroom.kernel.documents.document_set import DocumentSet, Member, parse_document_set, tenant_of
from strongroom.kernel.documents.intent import default_key_id
from strongroom.kernel.documents.keys import FIRST_EPOCH, KeyRequest
from strongroom.kernel.documents.signing import Kind, Signed, signing_bytes

KEY_REQUEST_LIFETIME_S = 3600


class OwnerKey(PersonalKey):
    """An owner's Ed25519 key."""

    @property
    def owner_id(self) -> str:
        """The owner's id in the document set."""
        return self.holder

    def member(self) -> Member:
        """The entry that goes into the document set."""
        return Member(id=self.holder, public_key=self.public_key())


def sign_document_set(document: DocumentSet, owners: Sequence[OwnerKey]) -> Signed:
    """The document set with the signatures of ``owners``.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``KEY_REGISTERED_TWICE``, ``ADDRESS_INVALID``: it is checked before
            anyone signs.
    """
    payload = document.encode()
    parse_document_set(payload)
    return _sign(Kind.DOCUMENT_SET, document, payload, owners)


def sign_key_request(
    document: DocumentSet, owners: Sequence[OwnerKey], *, ports: Ports, epoch: int = FIRST_EPOCH
) -> Signed:
    """The owners' request for the tenant's only key set, 3-of-3, under ``document``; valid for an hour.

    Args:
        document: the current document set.
        owners: who signs.
        ports: time and randomness.
        epoch: 1 to make the key, n + 1 for the complete refresh of epoch n.
    """
    request = KeyRequest(
        key_id=default_key_id(environment=document.environment, tenant_id=tenant_of(document)),
        epoch=epoch,
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
