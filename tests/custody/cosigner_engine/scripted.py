"""A co-signer that dials the engine over real mTLS and answers by script: no shares, but every word a co-signer has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from grpc import aio

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerLinkStub
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Refusal, RefusalKind, Tombstone
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity
from strongroom.runtime.rpc.wire import wire_channel
from tests.custody.secure_vault.signing import WholeKey
from tests.fixtures.tenant import MadeTenant

ROUNDS = 4
GREETED_TOO_LATE = "Internal error from Core"
"""What gRPC for Python says, in place of the refusal, when it comes before the greeting was written."""
Answer = Callable[["Cosigner", pb.EngineOrder], list[pb.CosignerReport]]


@dataclass(kw_only=True)
class Cosigner:
    """``answers`` replace the honest answer to an order by its name; ``orders`` keeps what was ordered."""

    index: int
    tenant: MadeTenant
    authority: Authority
    address: str
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    orders: list[pb.EngineOrder] = field(default_factory=list[pb.EngineOrder])
    finished: dict[bytes, pb.Signed] = field(default_factory=dict[bytes, pb.Signed])
    message_bytes: int = 64
    greeting: pb.Greeting | None = None
    certified: str = ""
    outgoing: "asyncio.Queue[pb.CosignerReport | None]" = field(init=False)
    task: "asyncio.Task[None] | None" = None
    ended: aio.AioRpcError | None = None
    installed: list[int] = field(default_factory=list[int])
    _heard: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    _started: set[bytes] = field(default_factory=set[bytes])
    _asked: dict[bytes, pb.SeekConsent] = field(default_factory=dict[bytes, pb.SeekConsent])

    def names(self) -> list[str]:
        return [order.WhichOneof("order") or "" for order in self.orders]

    async def connect(self) -> "Cosigner":
        self.outgoing = asyncio.Queue()
        self.task = asyncio.create_task(self._run())
        return self

    async def leave(self) -> None:
        """Hang up at once, as a process that is killed."""
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task
            self.task = None

    async def _run(self) -> None:
        name = self.certified or f"cosigner-{self.index}"
        tls = TlsIdentity.from_issuer(self.authority, service=name, clock=SystemClock())
        async with wire_channel(
            tls, address=self.address, service="cosigner_engine", environment=Environment.SANDBOX
        ) as channel:
            while self.ended is None:
                try:
                    await self._converse(CosignerLinkStub(channel))
                except aio.AioRpcError as error:
                    if error.details() != GREETED_TOO_LATE:
                        self.ended = error
                else:
                    break

    async def _converse(self, engine: CosignerLinkStub) -> None:
        call = cast("Any", engine).Connect(self._reports())
        async for order in call:
            for report in self.answer(order):
                await self.outgoing.put(report)

    async def _reports(self) -> AsyncIterator[pb.CosignerReport]:
        yield pb.CosignerReport(greeting=self.greeting or pb.Greeting(index=self.index, wire_version=3))
        while (report := await self.outgoing.get()) is not None:
            yield report

    def answer(self, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        self.orders.append(order)
        name = order.WhichOneof("order") or ""
        scripted = self.answers.get(name)
        if scripted is not None:
            return scripted(self, order)
        return HONEST[name](self, order)

    def sign(self, kind: Kind, payload: bytes) -> bytes:
        key = self.tenant.cosigners[self.index - 1].signing
        return self.tenant.sign(kind, payload, key=key, signer=f"cosigner-{self.index}").encode()

    def consent(self, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        held = self.finished.get(sha256(order.seek_consent.payload))
        if held is not None:
            return [pb.CosignerReport(ceremony_id=order.ceremony_id, finished=held)]
        self._asked[order.ceremony_id] = order.seek_consent
        return [pb.CosignerReport(ceremony_id=order.ceremony_id, consent=self.sign(Kind.CONSENT, b"consent"))]

    def rounds(self, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        """One message to each peer in each round; the next round when both peers' messages are there."""
        if order.WhichOneof("order") == "start_ceremony":
            self._started.add(order.ceremony_id)
        heard = self._heard[order.ceremony_id]
        if order.WhichOneof("order") == "peer_message":
            heard = self._heard[order.ceremony_id] = heard + 1
        if heard % 2 or order.ceremony_id not in self._started:
            return []
        if heard // 2 == ROUNDS:
            return [self.done(order.ceremony_id)]
        peers = [index for index in (1, 2, 3) if index != self.index]
        return [self.message(order.ceremony_id, to=peer, number=heard // 2) for peer in peers]

    def message(self, ceremony_id: bytes, *, to: int, number: int) -> pb.CosignerReport:
        envelope = bytes([self.index, to, number]).ljust(self.message_bytes, b"\x00")
        message = pb.PeerMessage(from_index=self.index, to_index=to, envelope=envelope)
        return pb.CosignerReport(ceremony_id=ceremony_id, peer_message=message)

    def done(self, ceremony_id: bytes) -> pb.CosignerReport:
        asked = self._asked[ceremony_id]
        signed = pb.Signed(signature=signature_of(asked), partial=self.sign(Kind.PARTIAL, b"partial"))
        self.finished[sha256(asked.payload)] = signed
        return pb.CosignerReport(ceremony_id=ceremony_id, signed=signed)


def signature_of(asked: pb.SeekConsent) -> bytes:
    """What the three finish in a ceremony: made by the whole key that the intent's sender follows from."""
    return WholeKey().sign_transfer(decode(asked.intent, Intent), decode(asked.payload, Payload))


def refuse(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return refuse_with("LIMIT_EXCEEDED")(cosigner, order)


def refuse_with(reason: str) -> Answer:
    """A signed NOT_NOW with that code."""

    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        refusal = Refusal(
            transaction_id=b"\x01" * 16,
            attempt=0,
            ceremony_id=order.ceremony_id,
            cosigner=cosigner.index,
            kind=RefusalKind.NOT_NOW,
            reason=reason,
            detail="not today",
            at=1,
        )
        document = cosigner.sign(Kind.REFUSAL, refusal.encode())
        return [pb.CosignerReport(ceremony_id=order.ceremony_id, refusal=document)]

    return answer


def entomb(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    tombstone = Tombstone(
        transaction_id=b"\x01" * 16,
        request_hash=b"\x02" * 32,
        cosigner=cosigner.index,
        reason="POLICY_BLOCKED",
        at=1,
    )
    document = cosigner.sign(Kind.TOMBSTONE, tombstone.encode())
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, tombstone=document)]


def close(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    tombstone = Tombstone(
        transaction_id=order.close.transaction_id,
        request_hash=order.close.request_hash,
        cosigner=cosigner.index,
        reason=order.close.reason,
        at=1,
    )
    document = cosigner.sign(Kind.TOMBSTONE, tombstone.encode())
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, tombstone=document)]


def released(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    """What a co-signer says to a close order that comes too late."""
    return refuse_with("DIGEST_RELEASED")(cosigner, order)


def honour(_cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    """As one that has released the digest: an own tombstone is out of the question."""
    tombstone = decode(decode(order.honour_tombstone.tombstone, Signed).payload, Tombstone)
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, honoured=tombstone.request_hash)]


def install(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    document_set = decode(decode(order.install_document_set.document_set, Signed).payload, DocumentSet)
    cosigner.installed.append(document_set.version)
    head = pb.DocumentSetHead(tenant_id=document_set.tenant, version=document_set.version, hash=document_set.hash())
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, document_set_installed=head)]


def finish_with(signature: bytes) -> Answer:
    """As one that has finished before, with these bytes as the signature."""

    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        signed = pb.Signed(signature=signature, partial=cosigner.sign(Kind.PARTIAL, b"partial"))
        return [pb.CosignerReport(ceremony_id=order.ceremony_id, finished=signed)]

    return answer


def fault(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    said = pb.Fault(code="CEREMONY_FAILED", detail="it broke", culprit=1 + cosigner.index % 3, round=2)
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, fault=said)]


def garbage(_cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, consent=b"\xff\xff")]


def silent(_cosigner: Cosigner, _order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return []


def adopt(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, adopted=cosigner.sign(Kind.ADOPTED, b"adopted"))]


def record_key(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    document = cosigner.sign(Kind.KEY_RECORD, b"key " + str(cosigner.index).encode())
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, key_record=document)]


def activate(_cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, key_activated=2)]


def once(first: Answer) -> Answer:
    """That answer the first time, the honest one from then on."""

    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        name = order.WhichOneof("order") or ""
        del cosigner.answers[name]
        return first(cosigner, order)

    return answer


HONEST: Mapping[str, Answer] = {
    "seek_consent": Cosigner.consent,
    "start_ceremony": Cosigner.rounds,
    "peer_message": Cosigner.rounds,
    "start_key_ceremony": record_key,
    "activate_key": activate,
    "offer_signature": adopt,
    "abort": silent,
    "close": close,
    "honour_tombstone": honour,
    "install_document_set": install,
}
