"""A new version of the document set on its way from owner to owner: one file, no server needed (trust.md 1)."""

from dataclasses import dataclass
from typing import Self

import msgspec

from strongroom.client.documents import open_documents
from strongroom.client.owner import OwnerKey
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import (
    DocumentSet,
    parse_document_set,
    tenant_of,
    verify_document_set,
)
from strongroom.kernel.documents.signing import Kind, Role, Signed, check_signature, signing_bytes
from strongroom.kernel.errors import Code, StrongroomError


class DraftFile(Document, frozen=True):
    """What the file holds: two encoded ``Signed``, the current version and the one that shall follow it."""

    base: bytes
    proposed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposed version with the signatures that it has so far; every one of them verified.

    An owner's signature on it is of no use under any other version than ``base``, for it covers that version's hash: a
    made-up ``base`` deceives nobody into a change of the real one.
    """

    base_signed: Signed
    base: DocumentSet
    signed: Signed
    proposed: DocumentSet

    @classmethod
    def of(cls, base: Signed, proposed: DocumentSet) -> Self:
        """The change from the current version to the content of ``proposed``; version and predecessor are set here.

        Raises:
            StrongroomError: ``CONFIG_INVALID`` if nothing changes; ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``,
                ``ADDRESS_INVALID`` for what no owner could sign.
        """
        current = open_documents(base).document_set
        successor = msgspec.structs.replace(proposed, version=current.version + 1, previous=current.hash())
        if msgspec.structs.replace(successor, version=current.version, previous=current.previous) == current:
            raise StrongroomError(Code.CONFIG_INVALID, f"That changes nothing of version {current.version}.")
        payload = successor.encode()
        parse_document_set(payload)
        signed = Signed(
            kind=Kind.DOCUMENT_SET,
            environment=successor.environment,
            tenant=successor.tenant,
            payload=payload,
            signatures=(),
        )
        return cls(base_signed=base, base=current, signed=signed, proposed=successor)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The draft in a file.

        Raises:
            StrongroomError: ``DOCUMENT_*`` if it does not follow from its base, or holds a signature that is none.
        """
        file = decode(data, DraftFile)
        base_signed, signed = decode(file.base, Signed), decode(file.proposed, Signed)
        base, proposed = open_documents(base_signed).document_set, parse_document_set(signed.payload)
        stated = {(signed.environment, signed.tenant), (proposed.environment, proposed.tenant)}
        if signed.kind is not Kind.DOCUMENT_SET or stated != {(base.environment, base.tenant)}:
            raise StrongroomError(Code.DOCUMENT_FOREIGN)
        if (proposed.version, proposed.previous) != (base.version + 1, base.hash()):
            raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, f"The draft does not follow version {base.version}.")
        draft = cls(base_signed=base_signed, base=base, signed=signed, proposed=proposed)
        draft._check_signatures()
        return draft

    def encode(self) -> bytes:
        """The file's content."""
        return DraftFile(base=self.base_signed.encode(), proposed=self.signed.encode()).encode()

    @property
    def signers(self) -> tuple[str, ...]:
        """The owners who have signed."""
        return tuple(signature.signer for signature in self.signed.signatures)

    @property
    def missing(self) -> int:
        """How many owners must sign yet."""
        return max(0, self.base.owners.threshold - len(self.signed.signatures))

    def sign(self, owner: OwnerKey) -> "Draft":
        """The draft with one more signature.

        Raises:
            StrongroomError: ``DOCUMENT_SIGNATURE_INVALID`` for a key that is not an owner's of the current version;
                ``STATUS_CONFLICT`` for one who has signed.
        """
        keys = {member.id: member.public_key for member in self.base.owners.members}
        if keys.get(owner.holder) != owner.public_key():
            raise StrongroomError(
                Code.DOCUMENT_SIGNATURE_INVALID,
                f"Version {self.base.version} has no owner {owner.holder} with this key.",
            )
        if owner.holder in self.signers:
            raise StrongroomError(Code.STATUS_CONFLICT, f"{owner.holder} has signed it already.")
        data = signing_bytes(
            kind=Kind.DOCUMENT_SET,
            environment=self.proposed.environment,
            tenant_id=tenant_of(self.proposed),
            payload=self.signed.payload,
        )
        signatures = (*self.signed.signatures, owner.sign(data))
        signed = msgspec.structs.replace(self.signed, signatures=signatures)
        return Draft(base_signed=self.base_signed, base=self.base, signed=signed, proposed=self.proposed)

    def complete(self) -> Signed:
        """The version as it is published.

        Raises:
            StrongroomError: ``DOCUMENT_QUORUM_MISSING``.
        """
        verify_document_set(signed=self.signed, current=self.base)
        return self.signed

    def _check_signatures(self) -> None:
        keys = {member.id: member.public_key for member in self.base.owners.members}
        if len(set(self.signers)) != len(self.signers) or not set(self.signers) <= keys.keys():
            raise StrongroomError(
                Code.DOCUMENT_SIGNATURE_INVALID, "Somebody signed the draft who is no owner, or twice."
            )
        for signature in self.signed.signatures:
            check_signature(signed=self.signed, signature=signature, public_key=keys[signature.signer], role=Role.OWNER)
