"""The document set as a platform shows it, and how far it can be believed (trust.md 1)."""

from dataclasses import dataclass

from strongroom.kernel.documents.document_set import DocumentSet, check_quorum, parse_document_set
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocuments:
    """A document set that somebody showed.

    Args:
        signed: as it was shown.
        document_set: what it says.
        is_pinned: its hash is the one that the reader knows from elsewhere. Without that nothing is proven: whoever
            makes up a document set makes up its owners too.
        is_signed_by_owners: m of the owners whom it names signed it. A version that changed the owners was signed by
            those before it, so this says nothing against it.
    """

    signed: Signed
    document_set: DocumentSet
    is_pinned: bool
    is_signed_by_owners: bool


def open_documents(signed: Signed, *, pinned_hash: bytes | None = None) -> ShownDocuments:
    """The document set in ``signed``, checked as far as one version alone can be.

    Args:
        pinned_hash: 32 bytes that the reader knows from elsewhere; None to take any.

    Raises:
        StrongroomError: ``DOCUMENT_*`` (``DOCUMENT_VERSION_INVALID`` if it is not the pinned one),
            ``KEY_REGISTERED_TWICE``, ``ADDRESS_INVALID``.
    """
    document = parse_document_set(signed.payload)
    stated = (signed.environment, signed.tenant)
    if signed.kind is not Kind.DOCUMENT_SET or stated != (document.environment, document.tenant):
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    if pinned_hash is not None and document.hash() != pinned_hash:
        raise StrongroomError(
            Code.DOCUMENT_VERSION_INVALID,
            f"Version {document.version} is shown, {document.hash().hex()}, and not the one that you know.",
        )
    return ShownDocuments(
        signed=signed,
        document_set=document,
        is_pinned=pinned_hash is not None,
        is_signed_by_owners=_has_quorum(signed, document),
    )


def _has_quorum(signed: Signed, document: DocumentSet) -> bool:
    try:
        check_quorum(signed=signed, owners=document.owners)
    except StrongroomError as error:
        if error.code is not Code.DOCUMENT_QUORUM_MISSING or document.version == 1:
            raise
        return False
    return True
