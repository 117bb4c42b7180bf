"""The streams of the co-signers that are connected, and the ceremonies that run over them.

Many ceremonies share one stream. A stream that is not read fills its bounded queue; whoever feeds it then waits, and a
co-signer that does not read at all loses its stream, so that it cannot hold up the others for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final, final

import structlog

from strongroom.custody.cosigner_engine.domain.reports import (
    MEMBERS,
    REPORT_MAX_BYTES,
    Answers,
    Faulted,
    Invocation,
    Report,
    missing,
    parse_invocation,
)
from strongroom.custody.cosigner_engine.providers.orders import Body, Orders, Under, abort, peer_order
from strongroom.custody.cosigner_engine.providers.reports import parse_report
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock

_REPORTS_MAX: Final = 64
_INVOCATIONS_MAX: Final = 16
_ROUNDS_MAX: Final = 8
"""No phase has more rounds: one that goes on for longer is being kept alive by somebody."""
_log = structlog.stdlib.get_logger(__name__)


@final
class Link:
    """One open stream of one co-signer; ``versions`` of the tenants' document sets that it has, or was sent."""

    def __init__(self, index: int, *, ahead: int, drain_timeout_s: float) -> None:
        self.index = index
        self.versions: dict[str, int] = {}
        self._orders: asyncio.Queue[pb.EngineOrder | None] = asyncio.Queue(ahead)
        self._drain_timeout_s = drain_timeout_s
        self._ended = asyncio.Event()
        self.replaced = False

    @property
    def is_open(self) -> bool:
        """Whether orders can still be sent."""
        return not self._ended.is_set()

    async def put(self, order: pb.EngineOrder) -> None:
        """Send an order; waits for room, and ends the stream of a co-signer that makes none.

        Raises:
            StrongroomError: ``COSIGNER_ABSENT``.
        """
        if self.is_open:
            try:
                async with asyncio.timeout(self._drain_timeout_s):
                    await self._orders.put(order)
            except TimeoutError:
                _log.warning("cosigner_not_reading", cosigner=self.index)
                self.end()
        if not self.is_open:
            raise StrongroomError(Code.COSIGNER_ABSENT, missing((self.index,)))

    def offer(self, order: pb.EngineOrder) -> None:
        """Send an order if there is room for it at once."""
        if self.is_open and not self._orders.full():
            self._orders.put_nowait(order)

    def end(self) -> None:
        """Send nothing more."""
        self._ended.set()
        if not self._orders.full():
            self._orders.put_nowait(None)  # wakes the sender; a full queue wakes it anyway

    async def orders(self) -> AsyncIterator[pb.EngineOrder]:
        """What is to be sent, until the stream ends."""
        while self.is_open:
            order = await self._orders.get()
            if order is None:
                return
            yield order


@final
class Ceremony:
    """One ceremony among the three co-signers."""

    def __init__(self, ceremony_id: bytes, *, under: Under, links: "Links") -> None:
        self.id = ceremony_id
        self.is_routing = False
        self.invocations: list[Invocation] = []
        self._under = under
        self._links = links
        self._reports: asyncio.Queue[tuple[int, Report]] = asyncio.Queue(_REPORTS_MAX)
        self._moved_s = 0.0
        self.touch()

    def touch(self) -> None:
        """Something of this ceremony was heard: it is not stuck."""
        self._moved_s = asyncio.get_running_loop().time()

    def report(self, index: int, report: Report) -> None:
        """Take what a co-signer said; one that says too much is not heard any more."""
        self.touch()
        if self._reports.full():
            _log.warning("cosigner_report_dropped", cosigner=index)
            return
        self._reports.put_nowait((index, report))

    def note_callback(self, index: int, document: bytes) -> None:
        """Take what a co-signer says of its callback handler; it is no answer to an order.

        Raises:
            StrongroomError: ``DOCUMENT_MALFORMED``, ``INTENT_MISMATCH``.
        """
        about = self._under.transaction_id.bytes if self._under.transaction_id else b""
        invocation = parse_invocation(document=document, index=index, transaction_id=about)
        self.touch()
        if len(self.invocations) < _INVOCATIONS_MAX:
            self.invocations.append(invocation)

    async def order(self, body: Body, *, to: tuple[int, ...] = MEMBERS) -> None:
        """Send an order to these co-signers; one that is absent is reported as a fault of it."""
        for index in to:
            order = self._links.orders.write(body, ceremony_id=self.id, to=index, under=self._under)
            try:
                await self._links.get(index).put(order)
            except StrongroomError as error:
                self.report(index, Faulted(error.code, error.detail))

    async def collect(self, *, members: tuple[int, ...] = MEMBERS, idle_s: float, patient: bool = False) -> Answers:
        """The last word of each of ``members``.

        Ends early at a fault, since no signature can come of it any more; with ``patient`` all are heard.

        Args:
            members: whose.
            idle_s: without anything heard of this ceremony, whoever has not answered is taken to be at fault.
            patient: whether to go on after a fault.
        """
        answers: dict[int, Report] = {}
        self.touch()
        latest_s = self._moved_s + _ROUNDS_MAX * idle_s
        while len(answers) < len(members):
            heard = await self._next(idle_s, latest_s)
            if heard is None:
                late = [index for index in members if index not in answers]
                fault = Faulted(Code.DEADLINE_EXCEEDED, f"no answer within {idle_s:g} s")
                return answers | dict.fromkeys(late, fault)
            index, report = heard
            if index in members and index not in answers:
                answers[index] = report
                if isinstance(report, Faulted) and not patient:
                    break
        return answers

    def abort(self, reason: str) -> None:
        """Tell whoever is there to forget it, without waiting."""
        for index in MEMBERS:
            link = self._links.find(index)
            if link is not None:
                link.offer(self._links.orders.write(abort(reason), ceremony_id=self.id, to=index, under=self._under))

    async def _next(self, idle_s: float, latest_s: float) -> tuple[int, Report] | None:
        while True:
            left_s = min(self._moved_s + idle_s, latest_s) - asyncio.get_running_loop().time()
            if left_s <= 0 and self._reports.empty():
                return None
            try:
                async with asyncio.timeout(max(left_s, 0)):
                    return await self._reports.get()
            except TimeoutError:
                continue  # a message may have been routed meanwhile, which moves the deadline


@final
class Links:
    """Who is connected, and what runs.

    Args:
        orders: writes what is ordered.
        clock: for when a co-signer was seen last.
        ahead: orders that may wait for one co-signer.
        drain_timeout_s: how long to wait for room among them.
    """

    def __init__(self, *, orders: Orders, clock: Clock, ahead: int, drain_timeout_s: float) -> None:
        self.orders = orders
        self._clock = clock
        self._ahead = ahead
        self._drain_timeout_s = drain_timeout_s
        self._links: dict[int, Link] = {}
        self._seen: dict[int, datetime] = {}
        self._ceremonies: dict[bytes, Ceremony] = {}
        self._complete = asyncio.Event()

    def attach(self, index: int, versions: Mapping[str, int] | None = None) -> Link:
        """A new stream of a co-signer; it replaces the one before.

        Args:
            index: whose.
            versions: of the document sets that it has, by tenant.
        """
        before = self._links.get(index)
        if before is not None:
            before.replaced = True
            self.detach(before)
        link = Link(index, ahead=self._ahead, drain_timeout_s=self._drain_timeout_s)
        link.versions.update(versions or {})
        self._links[index] = link
        self._seen[index] = self._clock.now()
        if len(self._links) == len(MEMBERS):
            self._complete.set()
        _log.info("cosigner_connected", cosigner=index)
        return link

    def detach(self, link: Link) -> None:
        """The end of a stream: whatever runs has lost a member."""
        link.end()
        if self._links.get(link.index) is not link:
            return
        del self._links[link.index]
        self._complete.clear()
        self._seen[link.index] = self._clock.now()
        for ceremony in self._ceremonies.values():
            ceremony.report(link.index, Faulted(Code.COSIGNER_ABSENT, missing((link.index,))))
        _log.info("cosigner_disconnected", cosigner=link.index)

    def end_all(self) -> None:
        """End every stream."""
        for link in list(self._links.values()):
            self.detach(link)

    def find(self, index: int) -> Link | None:
        """The open stream of a co-signer."""
        return self._links.get(index)

    def get(self, index: int) -> Link:
        """The open stream of a co-signer; ``COSIGNER_ABSENT`` without one."""
        link = self._links.get(index)
        if link is None:
            raise StrongroomError(Code.COSIGNER_ABSENT, missing((index,)))
        return link

    def last_seen(self, index: int) -> datetime | None:
        """When a co-signer was connected last; None if it never was."""
        return self._clock.now() if index in self._links else self._seen.get(index)

    async def wait_for_all(self, timeout_s: float) -> None:
        """Wait until all three are connected.

        Raises:
            StrongroomError: ``COSIGNER_ABSENT``, naming who is not there.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._complete.wait()
        except TimeoutError:
            absent = [index for index in MEMBERS if index not in self._links]
            raise StrongroomError(Code.COSIGNER_ABSENT, missing(absent)) from None

    @contextmanager
    def ceremony(self, ceremony_id: bytes, *, under: Under) -> Generator[Ceremony]:
        """A ceremony for as long as the block lasts; one that is left by an exception is aborted."""
        running = Ceremony(ceremony_id, under=under, links=self)
        self._ceremonies[ceremony_id] = running
        try:
            yield running
        except BaseException:
            running.abort("the engine stopped")
            raise
        finally:
            del self._ceremonies[ceremony_id]

    async def take(self, link: Link, report: pb.CosignerReport) -> None:
        """Route a message to its peer, or give a report to its ceremony. What belongs to none is late and dropped."""
        ceremony = self._ceremonies.get(report.ceremony_id)
        if ceremony is None or not link.is_open:
            _note(link, report)
            return
        if report.WhichOneof("report") == "peer_message":
            await self._route(ceremony, link.index, report)
            return
        try:
            if report.WhichOneof("report") == "callback":
                ceremony.note_callback(link.index, report.callback)
            else:
                ceremony.report(link.index, parse_report(report))
        except StrongroomError as error:
            ceremony.report(link.index, Faulted(Code.MESSAGE_INVALID, error.detail, culprit=link.index))

    async def _route(self, ceremony: Ceremony, sender: int, report: pb.CosignerReport) -> None:
        message = report.peer_message
        right = message.from_index == sender and message.to_index in MEMBERS and message.to_index != sender
        if not right or len(message.envelope) > REPORT_MAX_BYTES:
            fault = Faulted(Code.MESSAGE_INVALID, "It sent what is not to be routed.", culprit=sender)
            ceremony.report(sender, fault)
            return
        if not ceremony.is_routing:
            return
        ceremony.touch()
        receiver = self._links.get(message.to_index)
        if receiver is not None:  # otherwise its fault has been reported when it left
            try:
                await receiver.put(peer_order(report))
            except StrongroomError as error:
                ceremony.report(receiver.index, Faulted(error.code, error.detail))


def _note(link: Link, report: pb.CosignerReport) -> None:
    """Document sets are given outside of any ceremony: what became of them is for the log."""
    match report.WhichOneof("report"):
        case "document_set_installed":
            head = report.document_set_installed
            _log.info("document_set_installed", cosigner=link.index, tenant=head.tenant_id, version=head.version)
        case "refusal":
            _log.error("alarm_order_refused", cosigner=link.index, order=report.ceremony_id.hex())
        case _:
            return
