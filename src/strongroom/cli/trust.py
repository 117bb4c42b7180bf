"""Which document set a command judges by."""

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from strongroom.cli.failures import WrongUsageError
from strongroom.cli.output import remark
from strongroom.client import DocumentSet, ShownDocuments, Strongroom

_VARIABLE = "STRONGROOM_DOCUMENT_SET"


@Parameter(name="*", group=Group("Trust", sort_key=8))
@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the user knows from elsewhere."""

    document_set: Annotated[
        str | None,
        Parameter(help=f"Hash of the document set that its owners published; no other is taken [env: {_VARIABLE}]."),
    ] = None

    def documents(self, client: Strongroom) -> ShownDocuments:
        """The document set to judge by; where none is pinned, the user is told whose word it is.

        Raises:
            WrongUsageError: if the hash is none.
            StrongroomError: ``DOCUMENT_*``.
        """
        shown = self._shown(client)
        if not shown.is_pinned:
            document = shown.document_set
            remark(
                f"Judged by document set version {document.version} as the platform shows it, {document.hash().hex()}. "
                "Compare it with the owners', or give --document-set."
            )
        return shown

    def document_set_of(self, client: Strongroom) -> DocumentSet:
        """The same where nothing is judged by it but whose payment it is.

        Raises:
            WrongUsageError: if the hash is none.
            StrongroomError: ``DOCUMENT_*``.
        """
        return self._shown(client).document_set

    def _shown(self, client: Strongroom) -> ShownDocuments:
        text = self.document_set or os.environ.get(_VARIABLE, "")
        return client.get_documents(pinned_hash=_parse_hash(text) if text else None)


def _parse_hash(text: str) -> bytes:
    try:
        pinned = bytes.fromhex(text)
    except ValueError:
        pinned = b""
    if len(pinned) != 32:
        raise WrongUsageError(f"{text!r} is no hash of a document set.", "It has 64 hexadecimal digits.")
    return pinned
