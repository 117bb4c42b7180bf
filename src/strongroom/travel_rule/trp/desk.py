"""What the server hands on: a port that whoever decides and stores implements."""

from dataclasses import dataclass, field
from typing import Protocol

from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.trp.messages import Answer, Confirmation, Identity, Inquiry, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose request it is.

    Args:
        key_hash: SHA-256 of the TLS key that the connection showed; empty where there is no mutual TLS.
        version: of TRP, as the request says.
        identifier: the request's, a UUID.
        extensions: that it uses, all of them supported.
    """

    key_hash: bytes = field(repr=False)
    version: str
    identifier: str
    extensions: tuple[str, ...] = ()


class Desk(Protocol):
    """Decides what the server answers. An error that is raised becomes a status; see ``server.status_of``."""

    def demands(self) -> Demands:
        """What an inquiry's IVMS101 is held to."""
        ...

    def identity(self) -> Identity:
        """Who answers here."""
        ...

    async def take_inquiry(self, inquiry: Inquiry, *, place: str, sender: Sender) -> Answer:
        """Answer now, or acknowledge and post the answer to the inquiry's callback later.

        Args:
            inquiry: checked, with its IVMS101.
            place: what follows ``/inquiries/`` in the travel address: who is meant.
            sender: who asks.

        Raises:
            StrongroomError: ``NOT_FOUND`` for a place that is none; ``FORBIDDEN`` for an unknown sender.
        """
        ...

    async def take_resolution(self, resolution: Resolution, *, token: str, sender: Sender) -> None:
        """The late answer to an inquiry of ours.

        Raises:
            StrongroomError: ``NOT_FOUND`` for a token that is none, is used up, or is another sender's.
        """
        ...

    async def take_confirmation(self, confirmation: Confirmation, *, token: str, sender: Sender) -> None:
        """The transaction of a transfer that was approved here, or that there will be none.

        Raises:
            StrongroomError: as ``take_resolution``; ``VERIFICATION_STATE_CONFLICT``.
        """
        ...
