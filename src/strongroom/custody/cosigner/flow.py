"""The long process: which ceremony an order belongs to, and what may follow it. All of it may be forgotten."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias, final
from uuid import UUID

from strongroom.custody.cosigner.domain.callback import Answer, Question
from strongroom.custody.cosigner.domain.orders import (
    AbortCeremony,
    ActivateKey,
    CloseRequest,
    HonourTombstone,
    InstallDocumentSet,
    OfferSignature,
    Order,
    PeerMessage,
    SeekConsent,
    StartCeremony,
    StartKeyCeremony,
)
from strongroom.custody.cosigner.domain.reports import (
    CallbackReported,
    Consented,
    Failed,
    Honoured,
    KeyActivated,
    Report,
    Tombstoned,
)
from strongroom.custody.cosigner.operations.activate import install_document_set
from strongroom.custody.cosigner.operations.activate_key import activate_key
from strongroom.custody.cosigner.operations.adopt import adopt_signature
from strongroom.custody.cosigner.operations.answer import refuse
from strongroom.custody.cosigner.operations.ask_callback import list_reports, record_answer
from strongroom.custody.cosigner.operations.close import close_request
from strongroom.custody.cosigner.operations.consent import seek_consent
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.generate_key import KeyCeremony
from strongroom.custody.cosigner.operations.honour import honour_tombstone, read_tombstone
from strongroom.custody.cosigner.operations.record_alarm import report_suppressed
from strongroom.custody.cosigner.operations.refresh_key import open_key_ceremony
from strongroom.custody.cosigner.operations.take_part import SigningCeremony, open_ceremony
from strongroom.kernel.digest import request_hash
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TransactionId, derive_transaction_id
from strongroom.runtime.recent import Recent
from strongroom.threshold.backend import ThresholdError

TransactionOrder: TypeAlias = SeekConsent | CloseRequest | HonourTombstone
"""The orders that decide about one transaction."""
Tell: TypeAlias = Callable[[tuple[Report, ...]], None]
_CEREMONIES_MAX: Final = 1024
_USED_MAX: Final = 4096  # ids of key ceremonies, which nonces of all three make unlike any other besides
_QUESTIONS_MAX: Final = 1024
_EARLY_CEREMONIES_MAX: Final = 64
_EARLY_MESSAGES_MAX: Final = 4
_EARLY_BYTES_MAX: Final = 1 << 16


@final
class Cosigner:
    """One co-signer: orders in, reports out, one after the other inside the event loop.

    Args:
        context: the ports.
        tell: takes the reports that follow from a callback handler's answer, long after the order.
    """

    def __init__(self, context: Context, *, tell: Tell | None = None) -> None:
        self._context = context
        self._tell = tell
        self._asking: dict[bytes, SeekConsent | None] = {}
        self._untold: dict[bytes, bytes] = {}
        self._running: OrderedDict[bytes, SigningCeremony | KeyCeremony] = OrderedDict()
        self._early: OrderedDict[bytes, list[PeerMessage]] = OrderedDict()
        self._used: Recent[bytes, bool] = Recent(_USED_MAX)

    def handle(self, order: Order) -> tuple[Report, ...]:
        """Do what an order says; whatever has to last is in the journal when this returns."""
        report_suppressed(context=self._context)
        match order:
            case PeerMessage():
                return self._deliver(order)
            case SeekConsent():
                return self._seek_consent(order)
            case StartCeremony():
                return self._start(order)
            case StartKeyCeremony():
                return self._start_key(order)
            case AbortCeremony():
                self.forget(order.ceremony_id)
                return ()
            case _:
                return (self._settle(order),)

    def forget(self, ceremony_id: bytes) -> None:
        """Nothing stays of a ceremony, nor of the consent that would begin it."""
        self._forget(ceremony_id)
        self._context.memory.live.pop(ceremony_id, None)
        for about, order in self._asking.items():
            if order is not None and order.ceremony_id == ceremony_id:
                self._asking[about] = None  # the answer is journalled when it comes, for the next ceremony

    def refuse(self, order: TransactionOrder, error: StrongroomError) -> Report:
        """The signed NOT_NOW of an order that did not come as it should."""
        return refuse(
            context=self._context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=_request_of(order),
            transaction_id=self._transaction_of(order).bytes,
            attempt=order.attempt if isinstance(order, SeekConsent) else 0,
            error=error,
        )

    def check_transaction(self, order: TransactionOrder, transaction_id: UUID | None) -> None:
        """Check that the handoff of an order is for the order's transaction.

        Raises:
            StrongroomError: ``HANDOFF_INVALID``.
        """
        if transaction_id != self._transaction_of(order):
            raise StrongroomError(Code.HANDOFF_INVALID, "The handoff is for another transaction.")

    def _transaction_of(self, order: TransactionOrder) -> TransactionId:
        return derive_transaction_id(
            environment=self._context.environment, tenant_id=order.tenant_id, request_hash=_request_of(order)
        )

    def _seek_consent(self, order: SeekConsent) -> tuple[Report, ...]:
        report = seek_consent(context=self._context, order=order)
        if isinstance(report, Question):
            return self._ask(order, report)
        if isinstance(report, Consented):
            # One ceremony at a time for a request: two signatures of one digest are two transaction hashes.
            live = self._context.memory.live[order.ceremony_id]
            self._forget_request(live.consent.request_hash)
        if self._context.handler is None or not isinstance(report, Consented | Tombstoned):
            return (report,)
        answered = list_reports(context=self._context, request_hash=_request_of(order))
        return (*(CallbackReported(ceremony_id=order.ceremony_id, document=one) for one in answered), report)

    def _ask(self, order: SeekConsent, question: Question) -> tuple[Report, ...]:
        """The newest order waits for the answer; a question is asked by one call at a time."""
        handler, is_asked = self._context.handler, question.about in self._asking
        assert handler is not None, "who has no handler has no question"
        if not is_asked and len(self._asking) >= _QUESTIONS_MAX:
            return (self.refuse(order, StrongroomError(Code.NOT_NOW, "The callback handler has enough to answer.")),)
        self._asking[question.about] = order
        if not is_asked:
            handler.ask(question, answered=lambda answer: self._answered(question, answer))
        untold = self._untold.pop(question.about, None)
        return () if untold is None else (CallbackReported(ceremony_id=order.ceremony_id, document=untold),)

    def _answered(self, question: Question, answer: Answer) -> None:
        """What counts of it is in the journal before the waiting order is sought again, with every check."""
        order = self._asking.pop(question.about)
        report = record_answer(context=self._context, question=question, answer=answer)
        if order is None:
            if not answer.counts:
                self._untold[question.about] = report
                while len(self._untold) > _QUESTIONS_MAX:
                    del self._untold[next(iter(self._untold))]
            return
        reported = CallbackReported(ceremony_id=order.ceremony_id, document=report)
        if answer.counts:
            told = self._seek_consent(order)
        else:
            told = (reported, self.refuse(order, StrongroomError(Code.CALLBACK_UNANSWERED, answer.detail)))
        if self._tell is not None:
            self._tell(told)

    def _start(self, order: StartCeremony) -> tuple[Report, ...]:
        if order.ceremony_id in self._running:
            return ()
        live = self._context.memory.live.get(order.ceremony_id)
        if live is None:
            return (_failed(order.ceremony_id, Code.NOT_NOW, "There is no live consent for this ceremony: seek one."),)
        try:
            ceremony = open_ceremony(context=self._context, live=live, order=order)
        except (StrongroomError, ThresholdError) as error:
            self._early.pop(order.ceremony_id, None)
            code = error.code if isinstance(error, StrongroomError) else Code.STATE_DAMAGED
            return (_failed(order.ceremony_id, code, str(error)),)
        return self._begin(order.ceremony_id, ceremony)

    def _start_key(self, order: StartKeyCeremony) -> tuple[Report, ...]:
        if order.ceremony_id in self._running:
            return ()
        if self._used.find(order.ceremony_id):
            return (_failed(order.ceremony_id, Code.NOT_NOW, "A ceremony id is used once: choose another one."),)
        try:
            ceremony = open_key_ceremony(context=self._context, order=order)
        except StrongroomError as error:
            self._early.pop(order.ceremony_id, None)
            return (_failed(order.ceremony_id, error.code, error.detail),)
        self._used.keep(order.ceremony_id, value=True)
        self._forget_key_ceremonies(ceremony.tenant)
        return self._begin(order.ceremony_id, ceremony)

    def _activate_key(self, order: ActivateKey) -> Report:
        report = activate_key(context=self._context, order=order)
        if isinstance(report, KeyActivated):
            self._running.clear()  # whatever runs has the old share; it is begun again with the new one
        return report

    def _begin(self, ceremony_id: bytes, ceremony: SigningCeremony | KeyCeremony) -> tuple[Report, ...]:
        self._running[ceremony_id] = ceremony
        while len(self._running) > _CEREMONIES_MAX:
            self._running.popitem(last=False)
        reports = self._after(ceremony_id, ceremony, ceremony.begin())
        for message in self._early.pop(ceremony_id, []):
            reports += self._deliver(message)
        return reports

    def _deliver(self, message: PeerMessage) -> tuple[Report, ...]:
        ceremony = self._running.get(message.ceremony_id)
        if ceremony is not None:
            return self._after(message.ceremony_id, ceremony, ceremony.receive(message))
        self._hold(message)
        return ()

    def _hold(self, message: PeerMessage) -> None:
        """A peer was told to start before us: its first messages wait, unread and few."""
        if len(message.envelope) > _EARLY_BYTES_MAX:
            return
        held = self._early.setdefault(message.ceremony_id, [])
        if len(held) < _EARLY_MESSAGES_MAX:
            held.append(message)
        while len(self._early) > _EARLY_CEREMONIES_MAX:
            self._early.popitem(last=False)

    def _after(
        self, ceremony_id: bytes, ceremony: SigningCeremony | KeyCeremony, reports: tuple[Report, ...]
    ) -> tuple[Report, ...]:
        if ceremony.over:
            self._forget(ceremony_id)
        if any(isinstance(one, Failed) and (one.ban or one.code is Code.JOURNAL_ROLLED_BACK) for one in reports):
            # Every ceremony has both peers in it, so a ban stops them all (threshold signing 7.8), as our freeze does.
            self._running.clear()
            self._context.memory.live.clear()
        return reports

    def _settle(
        self, order: CloseRequest | HonourTombstone | OfferSignature | InstallDocumentSet | ActivateKey
    ) -> Report:
        match order:
            case ActivateKey():
                return self._activate_key(order)
            case OfferSignature():
                return adopt_signature(context=self._context, order=order)
            case InstallDocumentSet():
                return install_document_set(context=self._context, order=order)
            case CloseRequest():
                report = close_request(context=self._context, order=order)
            case HonourTombstone():
                report = honour_tombstone(context=self._context, order=order)
        if isinstance(report, Tombstoned | Honoured):
            self._forget_request(_request_of(order))
        return report

    def _forget(self, ceremony_id: bytes) -> None:
        self._running.pop(ceremony_id, None)
        self._early.pop(ceremony_id, None)

    def _forget_key_ceremonies(self, tenant: str) -> None:
        """What a new one is told not to exist must not come into being later."""
        for ceremony_id, ceremony in list(self._running.items()):
            if isinstance(ceremony, KeyCeremony) and ceremony.tenant == tenant:
                self._forget(ceremony_id)

    def _forget_request(self, request_hash: bytes) -> None:
        for ceremony_id, ceremony in list(self._running.items()):
            if isinstance(ceremony, SigningCeremony) and ceremony.consent.request_hash == request_hash:
                self._forget(ceremony_id)


def _request_of(order: TransactionOrder) -> bytes:
    """The request that an order is about, 32 bytes unless the engine sent something else."""
    match order:
        case SeekConsent():
            return request_hash(token=order.token, body=order.body)
        case CloseRequest():
            return order.request_hash
        case HonourTombstone():
            named = read_tombstone(order)
            return named.request_hash if named else bytes(32)


def _failed(ceremony_id: bytes, code: Code, detail: str) -> Failed:
    return Failed(ceremony_id=ceremony_id, code=code, detail=detail)
