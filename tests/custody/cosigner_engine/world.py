"""The real engine over a real database and a real mTLS port, between fakes of services and scripted co-signers."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final
from uuid import UUID

import strongroom.custody.cosigner_engine as service
from strongroom.client.owner import sign_key_request
from strongroom.custody.cosigner_engine import app
from strongroom.custody.cosigner_engine.config import EngineConfig
from strongroom.custody.cosigner_engine.providers.orders import Orders
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerEngineStub
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.kernel.digest import request_hash
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.intent import Intent, default_key_id
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.ids import Environment
from strongroom.policy import evaluate, facts_of
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.pki import Authority, TlsIdentity, new_root
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.rpc.handoff import HandoffSigner
from strongroom.runtime.work import Work
from tests.custody.cosigner_engine.auth import FakeAuthEngine
from tests.custody.cosigner_engine.scripted import Cosigner
from tests.custody.secure_vault.signing import WholeKey, payload_of
from tests.fakes.secure_vault import FakeSecureVault
from tests.fakes.transaction_manager import FakeManager
from tests.fixtures.tenant import TENANT, MadeTenant, make_tenant

if TYPE_CHECKING:  # the generated code has this name only in its type stubs
    from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerEngineAsyncStub

FOLDER = Path(service.__file__).parent
MIGRATIONS, GRANTS = FOLDER / "migrations", FOLDER / "grants.sql"
PATIENCE_S = 10.0


def new_authority() -> Authority:
    clock = SystemClock()
    return Authority.under(new_root(clock), environment=Environment.SANDBOX, clock=clock)


@dataclass
class Neighbours:
    """The tenant and the fakes around the engine; they outlive an engine that crashes."""

    tenant: MadeTenant = field(default_factory=make_tenant)
    manager: FakeManager = field(default_factory=FakeManager)
    auth: FakeAuthEngine = field(default_factory=FakeAuthEngine)
    vault: FakeSecureVault = field(default_factory=FakeSecureVault)
    authority: Authority = field(default_factory=new_authority)


@final
class World:
    """One process that hosts the engine, and the co-signers that dial it."""

    def __init__(
        self, database: Database, neighbours: Neighbours, *, worker_id: str = "first", **settings: Any
    ) -> None:
        self.database = database
        self.around = neighbours
        self.clock = SystemClock()
        self.work = Work(database, clock=self.clock, worker_id=worker_id, poll_s=0.05)
        self.address = f"127.0.0.1:{_free_port()}"
        self.cosigners: dict[int, Cosigner] = {}
        self._settings: dict[str, Any] = {
            "consent_timeout_s": 0.5,
            "round_timeout_s": 0.5,
            "key_round_timeout_s": 0.5,
            "presence_wait_s": 0.05,
            "retry_s": 0.02,
            "retry_max_s": 0.2,
            **settings,
        }
        self._is_running = False
        self._platform = LocalPlatform(
            issuer=neighbours.authority,
            trust_root=neighbours.authority.trust_root(),
            access=Access.load(),
            clock=self.clock,
            entropy=SystemEntropy(),
            attestor=SoftwareAttestor(),
        )

    async def start(self) -> "World":
        host = self._platform.host("cosigner_engine", kms=MemoryKms(), database=self.database, work=self.work)
        tls = TlsIdentity.from_issuer(self.around.authority, service="cosigner_engine", clock=self.clock)
        config = EngineConfig(link_address=self.address, link_tls=tls, **self._settings)
        self._platform.add(app.build(host, config))
        for fake in (self.around.manager, self.around.auth, self.around.vault):
            self._platform.add(fake.service())
        await self._platform.start()
        self._is_running = True
        return self

    async def stop(self) -> None:
        if not self._is_running:
            return
        self._is_running = False
        await self.work.stop(grace_s=0)
        for cosigner in self.cosigners.values():
            await cosigner.leave()
        await self._platform.stop()

    def orders(self) -> Orders:
        """Writes orders in the engine's name."""
        host = self._platform.host("cosigner_engine", kms=MemoryKms())
        signer = HandoffSigner(
            identity=host.identity, environment=host.environment, clock=host.clock, entropy=host.entropy
        )
        return Orders(signer)

    def as_(self, name: str) -> "CosignerEngineAsyncStub":
        return self._platform.host(name, kms=MemoryKms()).peer(CosignerEngineStub, "cosigner_engine")

    def cosigner(self, index: int, **settings: Any) -> Cosigner:
        """A new co-signer that has not dialled yet."""
        made = Cosigner(
            index=index,
            tenant=self.around.tenant,
            authority=self.around.authority,
            address=self.address,
            **settings,
        )
        self.cosigners[index] = made
        return made

    async def connect(self, *indices: int, **settings: Any) -> None:
        for index in indices or (1, 2, 3):
            await self.cosigner(index, **settings).connect()
        await self.until(lambda: self.are_connected(*(indices or (1, 2, 3))))

    async def are_connected(self, *indices: int) -> bool:
        answer = await self.as_("gateway").ListCosigners(pb.ListCosignersRequest())
        return set(indices) <= {one.index for one in answer.cosigners if one.connected}

    def opening(self, **changes: Any) -> pb.OpenCeremonyRequest:
        """What the vault sends for a new transfer; ``changes`` replace fields of it."""
        tenant = self.around.tenant
        request = tenant.request(note=f"{len(self.around.manager.reports)}")
        intent = tenant.intent(request, WholeKey().public)
        fields: dict[str, Any] = {
            "tenant_id": TENANT,
            "transaction_id": str(UUID(bytes=intent.transaction_id)),
            "attempt": 0,
            "request": policy_pb.OriginalRequest(token=request.token, uri=request.uri, body=request.body),
            "intent": intent.encode(),
            "payload": payload_of(intent).encode(),
            "decision": self._decision(intent),
            "verdict": b"verdict",
        }
        return pb.OpenCeremonyRequest(**{**fields, **changes})

    async def open(self, opening: pb.OpenCeremonyRequest | None = None) -> pb.OpenCeremonyRequest:
        sent = opening or self.opening()
        await self.call_open(sent)
        return sent

    async def call_open(self, opening: pb.OpenCeremonyRequest) -> str:
        metadata = acting(transaction_id=UUID(opening.transaction_id))
        answer = await self.as_("secure_vault").OpenCeremony(opening, metadata=metadata)
        return answer.signing_request_id

    def closing(self, opening: pb.OpenCeremonyRequest, **changes: Any) -> pb.CloseTransactionRequest:
        """What the manager sends when this transaction has ended."""
        fields: dict[str, Any] = {
            "tenant_id": TENANT,
            "transaction_id": opening.transaction_id,
            "request_hash": request_hash(token=opening.request.token, body=opening.request.body),
            "reason": "CANCELLED_BY_USER",
        }
        return pb.CloseTransactionRequest(**{**fields, **changes})

    async def close(self, opening: pb.OpenCeremonyRequest, **changes: Any) -> None:
        closing = self.closing(opening, **changes)
        metadata = acting(transaction_id=UUID(closing.transaction_id))
        await self.as_("transaction_manager").CloseTransaction(closing, metadata=metadata)

    async def close_answers(self, transaction_id: str) -> list[tuple[int, str]]:
        rows = await self.database.fetch(
            "select cosigner, kind from close_answers where transaction_id = $1 order by cosigner, kind",
            UUID(transaction_id),
        )
        return [(row["cosigner"], row["kind"]) for row in rows]

    async def publish(self, signed: bytes) -> None:
        await self.as_("policy_engine").ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=signed))

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for it, at most ten seconds."""
        async with asyncio.timeout(PATIENCE_S):
            while not await condition():  # noqa: ASYNC110 - a database row sets no event
                await asyncio.sleep(0.005)

    async def status(self, transaction_id: str) -> str | None:
        return await self.database.fetchval(
            "select status from signing_requests where transaction_id = $1", UUID(transaction_id)
        )

    async def until_status(self, transaction_id: str, status: str) -> None:
        async def reached() -> bool:
            return await self.status(transaction_id) == status

        await self.until(reached)

    async def until_idle(self) -> None:
        """Until no call is left to be made."""

        async def idle() -> bool:
            return await self.database.fetchval("select count(*) from work where finished_at is null") == 0

        await self.until(idle)

    async def events(self, transaction_id: str) -> list[tuple[int, str]]:
        rows = await self.database.fetch(
            "select cosigner, kind from signing_events where transaction_id = $1 order by id", UUID(transaction_id)
        )
        return [(row["cosigner"], row["kind"]) for row in rows]

    async def until_event(self, transaction_id: str, *event: object) -> None:
        async def seen() -> bool:
            return event in await self.events(transaction_id)

        await self.until(seen)

    async def generate_key(self) -> pb.GenerateKeyRequest:
        tenant = self.around.tenant
        signed = sign_key_request(tenant.document_set, tenant.owners, ports=tenant.ports)
        request = pb.GenerateKeyRequest(
            tenant_id=TENANT,
            key_id=default_key_id(environment=Environment.SANDBOX, tenant_id=TENANT),
            key_request=signed.encode(),
        )
        await self.as_("secure_vault").GenerateKey(request)
        return request

    def _decision(self, intent: Intent) -> bytes:
        tenant = self.around.tenant
        decision = Decision(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=0,
            document_set_hash=tenant.document_set.hash(),
            verdict_hash=b"\x05" * 32,
            evaluation=evaluate(tenant.document_set.policy, facts_of(intent, tenant.document_set)),
            accumulators=(),
            decided_at=1,
        )
        key = tenant.policy_engine
        return tenant.sign(Kind.DECISION, decision.encode(), key=key, signer="policy_engine").encode()


MakeWorld = Callable[..., Awaitable[World]]
"""``await make_world(neighbours, **settings)``: another engine on the test's database."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
