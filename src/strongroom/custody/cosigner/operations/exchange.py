"""The sealed, signed rounds between three co-signers. Bytes that are not authentic change nothing (5.3, rules 4, 5)."""

from collections.abc import Mapping
from typing import final

from strongroom.custody.cosigner.domain.ceremony import Envelope, PairKeys, Terms, pair_keys
from strongroom.custody.cosigner.domain.orders import PeerMessage
from strongroom.custody.cosigner.domain.reports import Outgoing
from strongroom.custody.cosigner.operations.context import Context
from strongroom.kernel.documents.consent import open_by_cosigner
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError


@final
class UnopenedError(Exception):
    """An authentic envelope whose content does not open: it ends the ceremony, and never bans."""

    def __init__(self, culprit: int) -> None:
        super().__init__(f"the message of co-signer {culprit} does not open")
        self.culprit = culprit


@final
class Exchange:
    """The rounds of one ceremony: seals what leaves, checks and holds what comes until a round is complete.

    Round 0 is public, for nonces; every other round needs ``agree`` first.
    """

    def __init__(self, *, context: Context, document_set: DocumentSet, terms: Terms) -> None:
        self._context = context
        self._document_set = document_set
        self._keys: dict[int, PairKeys] = {}
        self._held: dict[tuple[int, int], Envelope] = {}
        self.terms = terms
        self.awaited = 0

    def agree(self, nonces: Mapping[int, bytes]) -> None:
        """Make the keys with each peer from the nonces of all."""
        for peer in self._context.peers:
            secret = self._context.get_secret(document_set=self._document_set, peer=peer)
            self._keys[peer] = pair_keys(
                secret=secret, terms=self.terms, own=self._context.index, peer=peer, nonces=nonces
            )

    def send(self, round_number: int, messages: Mapping[int, bytes]) -> tuple[Outgoing, ...]:
        """Seal and sign one message to each peer, and await theirs of the same round."""
        self.awaited = round_number
        return tuple(self._write(round_number, peer, message) for peer, message in sorted(messages.items()))

    def accept(self, message: PeerMessage) -> bool:
        """Hold a peer's message; False for one that is stale or repeated.

        Raises:
            StrongroomError: ``MESSAGE_INVALID`` if it is not an authentic message of this ceremony to us.
        """
        envelope = self._authenticate(message)
        place = (envelope.round, envelope.sender)
        if envelope.round < self.awaited or place in self._held:
            return False
        if envelope.round > self.awaited + 1:
            raise StrongroomError(Code.MESSAGE_INVALID, f"Round {envelope.round} is not awaited yet.")
        self._held[place] = envelope
        return True

    def take(self) -> dict[int, bytes] | None:
        """The awaited round's messages by sender, once all are there.

        Raises:
            UnopenedError: one of them does not open.
        """
        round_number = self.awaited
        if any((round_number, peer) not in self._held for peer in self._context.peers):
            return None
        envelopes = [self._held.pop((round_number, peer)) for peer in self._context.peers]
        self.awaited = round_number + 1
        return {envelope.sender: self._open(envelope) for envelope in envelopes}

    def _write(self, round_number: int, peer: int, message: bytes) -> Outgoing:
        draft = self.terms.envelope(
            round_number=round_number, sender=self._context.index, receiver=peer, ciphertext=b""
        )
        sealed = self._keys[peer].seal(draft=draft, message=message) if round_number else message
        envelope = self.terms.envelope(
            round_number=round_number, sender=self._context.index, receiver=peer, ciphertext=sealed
        )
        data = self._context.sign(
            kind=Kind.CEREMONY_MESSAGE, tenant_id=tenant_of(self._document_set), document=envelope
        )
        return Outgoing(ceremony_id=self.terms.ceremony_id, sender=self._context.index, receiver=peer, envelope=data)

    def _authenticate(self, message: PeerMessage) -> Envelope:
        if message.sender not in self._context.peers or message.receiver != self._context.index:
            raise StrongroomError(Code.MESSAGE_INVALID, "The message is not from a peer to this co-signer.")
        try:
            envelope = open_by_cosigner(
                data=message.envelope,
                kind=Kind.CEREMONY_MESSAGE,
                shape=Envelope,
                index=message.sender,
                document_set=self._document_set,
            )
        except StrongroomError as error:
            raise StrongroomError(Code.MESSAGE_INVALID, error.detail) from None
        expected = self.terms.envelope(
            round_number=envelope.round,
            sender=message.sender,
            receiver=self._context.index,
            ciphertext=envelope.ciphertext,
        )
        if envelope != expected:
            raise StrongroomError(Code.MESSAGE_INVALID, "The envelope is of another ceremony, key, sender or receiver.")
        return envelope

    def _open(self, envelope: Envelope) -> bytes:
        if envelope.round == 0:
            return envelope.ciphertext
        try:
            return self._keys[envelope.sender].open(envelope)
        except StrongroomError:
            raise UnopenedError(envelope.sender) from None
