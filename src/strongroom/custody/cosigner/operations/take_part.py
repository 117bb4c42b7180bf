"""Phase two of step 10: three rounds of threshold signing over a digest that all three consented to (trust.md 5, 7)."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar, final

from strongroom.custody.cosigner.domain.ceremony import QUORUM, SIGN, First, Last, Terms, sign_id
from strongroom.custody.cosigner.domain.entries import Finished, PeerHead, Released
from strongroom.custody.cosigner.domain.orders import PeerMessage, StartCeremony
from strongroom.custody.cosigner.domain.reports import Failed, Report, Signed
from strongroom.custody.cosigner.domain.reports import Finished as FinishedReport
from strongroom.custody.cosigner.operations.answer import check_alive, check_not_frozen
from strongroom.custody.cosigner.operations.context import Context, LiveConsent
from strongroom.custody.cosigner.operations.exchange import Exchange, UnopenedError
from strongroom.custody.cosigner.operations.fail import record_failure
from strongroom.custody.cosigner.operations.heads import check_own_head, held_heads, keep_head, sign_head
from strongroom.custody.cosigner.operations.peers_allowed import check_peers
from strongroom.custody.cosigner.store import find_released, find_signature, is_sign_id_used
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.consent import Consent, Partial, open_by_cosigner
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import Session, ThresholdError

LAST_ROUND: Final = 3
"""The round after whose messages there is nothing left to hold back."""


M = TypeVar("M", bound=Document)


@final
class SigningCeremony:
    """Our part in one signature: in memory only, single use, over at the first error."""

    def __init__(
        self,
        *,
        context: Context,
        document_set: DocumentSet,
        consent: Consent,
        exchange: Exchange,
        session: Session[bytes],
        used_sign_id: bytes,
    ) -> None:
        self._context = context
        self._document_set = document_set
        self._exchange = exchange
        self._session = session
        self._sign_id = used_sign_id
        self._sent: dict[int, bytes] = {}
        self._received: dict[int, bytes] = {}
        self.consent = consent
        self.over = False

    def begin(self) -> tuple[Report, ...]:
        """The first round's messages."""
        return self._guarded(lambda: self._step(None))

    def receive(self, message: PeerMessage) -> tuple[Report, ...]:
        """A peer's message, and whatever it completes."""
        return self._guarded(lambda: self._receive(message))

    def _receive(self, message: PeerMessage) -> tuple[Report, ...]:
        reports: tuple[Report, ...] = ()
        if self._exchange.accept(message):
            while not self.over and (inbox := self._exchange.take()) is not None:
                reports += self._step(inbox)
        return reports

    def _guarded(self, work: Callable[[], tuple[Report, ...]]) -> tuple[Report, ...]:
        round_number = self._exchange.awaited
        try:
            return work()
        except (ThresholdError, UnopenedError) as error:
            self.over = True
            return (self._fail(error, round_number),)
        except StrongroomError as error:
            # A message that is not authentic changes nothing: the ceremony goes on waiting for the true one.
            self.over = self.over or error.code is not Code.MESSAGE_INVALID
            return (self._fail(error, round_number),)

    def _fail(self, error: ThresholdError | UnopenedError | StrongroomError, round_number: int) -> Failed:
        return record_failure(
            context=self._context,
            document_set=self._document_set,
            terms=self._exchange.terms,
            round_number=round_number,
            error=error,
        )

    def _step(self, inbox: dict[int, bytes] | None) -> tuple[Report, ...]:
        opened = self._unwrap(inbox)
        outcome = self._session.step(opened)
        if isinstance(outcome, bytes):
            self._received = {sender: sha256(message) for sender, message in (opened or {}).items()}
            return (self._finish(outcome),)
        return self._exchange.send(self._session.round, self._wrap(outcome))

    def _wrap(self, messages: Mapping[int, bytes]) -> Mapping[int, bytes]:
        """Beside the first round go the peers' journal heads, beside the last our own (trust.md 6)."""
        if self._session.round == 1:
            held = held_heads(context=self._context, tenant_id=tenant_of(self._document_set))
            return {
                peer: First(message=message, held=held[peer].document if peer in held else b"").encode()
                for peer, message in messages.items()
            }
        if self._session.round == LAST_ROUND:
            head = self._release(messages)
            return {peer: Last(message=message, head=head).encode() for peer, message in messages.items()}
        return messages

    def _unwrap(self, inbox: dict[int, bytes] | None) -> dict[int, bytes] | None:
        if inbox is None or self._session.round not in (1, LAST_ROUND):
            return inbox
        if self._session.round == 1:
            return {sender: self._opened_first(sender, message) for sender, message in inbox.items()}
        return {sender: self._opened_last(sender, message) for sender, message in inbox.items()}

    def _opened_first(self, sender: int, message: bytes) -> bytes:
        first = _read(sender, message, First)
        check_own_head(
            context=self._context,
            document_set=self._document_set,
            epoch=self.consent.epoch,
            peer=sender,
            shown=first.held,
        )
        return first.message

    def _opened_last(self, sender: int, message: bytes) -> bytes:
        last = _read(sender, message, Last)
        keep_head(
            context=self._context,
            document_set=self._document_set,
            consent=self.consent,
            peer=sender,
            document=last.head,
        )
        return last.message

    def _release(self, messages: Mapping[int, bytes]) -> bytes:
        """Persist the point of no return, and sign the journal's head; a tombstone that came in between wins."""
        consent = self.consent
        self._sent = {receiver: sha256(message) for receiver, message in messages.items()}
        self._context.journal.append(
            Released(
                ceremony_id=consent.ceremony_id,
                sign_id=self._sign_id,
                request_hash=consent.request_hash,
                digest=consent.digest,
                heads=self._heads(),
                at=self._context.now_s(),
            ),
            check=self._check_release,
        )
        return sign_head(context=self._context, document_set=self._document_set, consent=consent)

    def _check_release(self) -> None:
        """Check once more, in the commit, whatever another order or process may have changed.

        Raises:
            StrongroomError: ``TOMBSTONED``, ``JOURNAL_ROLLED_BACK``; ``NOT_NOW`` under a document set that is no longer
                current, unless the digest was released before.
        """
        context, hashed = self._context, self.consent.request_hash
        check_alive(context=context, request_hash=hashed)
        check_not_frozen(context=context, tenant_id=tenant_of(self._document_set))
        if find_released(context.journal.db, request_hash=hashed) is None:
            check_current(context=context, consent=self.consent, document_set=self._document_set)

    def _heads(self) -> tuple[PeerHead, ...]:
        """What the next entry keeps of the peers' journals."""
        heads, tenant = self._context.memory.heads, self._document_set.tenant
        return tuple(heads[tenant, peer] for peer in self._context.peers if (tenant, peer) in heads)

    def _finish(self, signature: bytes) -> Signed | FinishedReport:
        consent = self.consent
        self.over = True
        earlier = find_signature(self._context.journal.db, request_hash=consent.request_hash)
        if earlier is not None:  # adopted while this ceremony ran: the first signature stays the only one
            return FinishedReport(
                ceremony_id=consent.ceremony_id, signature=earlier.signature, statement=earlier.statement
            )
        statement = self._context.sign(
            kind=Kind.PARTIAL,
            tenant_id=tenant_of(self._document_set),
            document=Partial(
                transaction_id=consent.transaction_id,
                ceremony_id=consent.ceremony_id,
                digest=consent.digest,
                cosigner=self._context.index,
                sent=tuple(sorted(self._sent.items())),
                received=tuple(sorted(self._received.items())),
                result_hash=sha256(signature),
            ),
        )
        self._context.journal.append(
            Finished(
                request_hash=consent.request_hash,
                digest=consent.digest,
                signature=signature,
                statement=statement,
                heads=self._heads(),
                at=self._context.now_s(),
            ),
            check=lambda: check_alive(context=self._context, request_hash=consent.request_hash),
        )
        return Signed(ceremony_id=consent.ceremony_id, signature=signature, statement=statement)


def open_ceremony(*, context: Context, live: LiveConsent, order: StartCeremony) -> SigningCeremony:
    """Step 10 — take part: our part in the ceremony of a live consent, once the peers' consents say the same.

    The consent is used up, whatever happens.

    Raises:
        StrongroomError: ``MESSAGE_INVALID`` for consents that differ or are not the peers', ``TOMBSTONED``,
            ``COSIGNER_BANNED``, ``CEREMONY_FAILED``, ``JOURNAL_ROLLED_BACK``; ``NOT_NOW`` if the document sets differ.
        ThresholdError: the share does not open.
    """
    consent, document_set = live.consent, context.get_document_set(live.order.tenant_id)
    context.memory.live.pop(consent.ceremony_id, None)
    check_not_frozen(context=context, tenant_id=live.order.tenant_id)
    check_alive(context=context, request_hash=consent.request_hash)
    check_current(context=context, consent=consent, document_set=document_set)
    check_peers(context=context, document_set=document_set, key_id=consent.key_id, epoch=consent.epoch)
    nonces = _check_consents(live, order.consents, document_set)
    terms = Terms(protocol=SIGN, ceremony_id=consent.ceremony_id, key_id=consent.key_id, epoch=consent.epoch)
    identity = sign_id(terms=terms, path=consent.path, digest=consent.digest, nonces=nonces)
    if is_sign_id_used(context.journal.db, sign_id=identity):
        raise StrongroomError(Code.CEREMONY_FAILED, "This ceremony was held already.")
    share = context.get_share(key=context.get_key(document_set), path=consent.path)
    exchange = Exchange(context=context, document_set=document_set, terms=terms)
    exchange.agree(nonces)
    return SigningCeremony(
        context=context,
        document_set=document_set,
        consent=consent,
        exchange=exchange,
        session=share.sign(signers=QUORUM, digest=consent.digest, sign_id=identity),
        used_sign_id=identity,
    )


def check_current(*, context: Context, consent: Consent, document_set: DocumentSet) -> None:
    """Check that the consent was given under the document set that is current.

    Raises:
        StrongroomError: ``NOT_NOW``.
    """
    if context.get_document_set(tenant_of(document_set)).hash() != consent.document_set_hash:
        raise StrongroomError(Code.NOT_NOW, "The document set has changed since the consent: seek another one.")


def _read(sender: int, message: bytes, shape: type[M]) -> M:
    try:
        return decode(message, shape)
    except StrongroomError:
        raise UnopenedError(sender) from None


def _check_consents(live: LiveConsent, consents: tuple[bytes, ...], document_set: DocumentSet) -> dict[int, bytes]:
    """The nonces by signer, if all three consented to the same in everything but time, nonce and journal."""
    own = live.consent
    if len(consents) != len(QUORUM) or consents[own.cosigner - 1] != live.document:
        raise StrongroomError(Code.MESSAGE_INVALID, "The three consents do not contain ours as it was given.")
    nonces = {own.cosigner: own.nonce}
    for index in QUORUM:
        if index == own.cosigner:
            continue
        consent = open_by_cosigner(
            data=consents[index - 1], kind=Kind.CONSENT, shape=Consent, index=index, document_set=document_set
        )
        if consent.document_set_hash != own.document_set_hash:
            raise StrongroomError(Code.NOT_NOW, f"Co-signer {index} has another document set.")
        if _common(consent) != _common(own) or consent.cosigner != index:
            raise StrongroomError(Code.MESSAGE_INVALID, f"Co-signer {index} consented to something else.")
        nonces[index] = consent.nonce
    if len(set(nonces.values())) != len(QUORUM) or any(len(nonce) != len(own.nonce) for nonce in nonces.values()):
        raise StrongroomError(Code.MESSAGE_INVALID, "The nonces of the consents are not distinct or not 32 bytes.")
    return nonces


def _common(consent: Consent) -> bytes:
    own = {"cosigner", "nonce", "journal_head", "at"}
    return encode([getattr(consent, name) for name in Consent.__struct_fields__ if name not in own])
