"""The real manager and the real balances over a real database, between fakes of their neighbours, and its callers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final
from uuid import UUID

import strongroom.custody.transaction_manager as service
from strongroom.custody.balances import app as balances_app
from strongroom.custody.balances.config import BalancesConfig
from strongroom.custody.transaction_manager import app
from strongroom.custody.transaction_manager.config import TransactionManagerConfig
from strongroom.custody.transaction_manager.domain.steps import STEPS
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerStub
from strongroom.kernel.documents.codec import encode
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database, Row
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host import Host
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.pki.authority import Authority, new_root
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.work import Work
from tests.custody.transaction_manager.vault import FakeVault
from tests.fakes.cosigner_engine import FakeCosignerEngine, tombstone
from tests.fakes.nodes import FakeNodes
from tests.fakes.policy_engine import FakePolicyEngine
from tests.fakes.screening import FakeScreening
from tests.fixtures.tenant import TENANT, MadeTenant, Request, make_tenant

if TYPE_CHECKING:
    from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerAsyncStub

FOLDER = Path(service.__file__).parent
MIGRATIONS, GRANTS = FOLDER / "migrations", FOLDER / "grants.sql"
NOW = datetime.fromtimestamp(1_800_000_000, UTC)
REPORTERS = {number: rule.reporter for number, rule in STEPS.items() if rule.reporter}


@dataclass
class Neighbours:
    """The tenant and the fakes around the manager; ``closers`` answer close orders, ``closed`` orders are answered."""

    tenant: MadeTenant = field(default_factory=make_tenant)
    nodes: FakeNodes = field(default_factory=FakeNodes)
    screening: FakeScreening = field(init=False)
    policy_engine: FakePolicyEngine = field(init=False)
    vault: FakeVault = field(init=False)
    engine: FakeCosignerEngine = field(default_factory=FakeCosignerEngine)
    closers: tuple[int, ...] = (1, 2, 3)
    closed: int = 0

    def __post_init__(self) -> None:
        self.screening = FakeScreening(self.tenant)
        self.policy_engine = FakePolicyEngine(self.tenant)  # pyright: ignore[reportAbstractUsage] - as below
        self.vault = FakeVault(self.tenant)  # pyright: ignore[reportAbstractUsage] - the rest of it is never asked


@final
class World:
    """One process that hosts the manager, and stubs for each service that may call it."""

    def __init__(
        self, database: Database, neighbours: Neighbours, clock: ManualClock, *, worker_id: str = "first"
    ) -> None:
        self.database = database
        self.neighbours = neighbours
        self.clock = clock
        self.work = Work(database, clock=clock, worker_id=worker_id)
        authority = Authority.under(new_root(clock), environment=Environment.SANDBOX, clock=clock)
        self._platform = LocalPlatform(
            issuer=authority,
            trust_root=authority.trust_root(),
            access=Access.load(),
            clock=clock,
            entropy=SystemEntropy(),
            attestor=SoftwareAttestor(),
        )
        self._stubs: dict[str, TransactionManagerAsyncStub] = {}

    @property
    def tenant(self) -> MadeTenant:
        return self.neighbours.tenant

    async def start(self) -> "World":
        host = self._platform.host("transaction_manager", kms=MemoryKms(), database=self.database, work=self.work)
        self._platform.add(app.build(host, TransactionManagerConfig()))
        self._platform.add(balances_app.build(self.host("balances"), BalancesConfig()))
        around = self.neighbours
        for fake in (around.nodes, around.screening, around.policy_engine, around.vault, around.engine):
            self._platform.add(fake.service())
        await self._platform.start()
        return self

    async def stop(self) -> None:
        await self._platform.stop()

    def host(self, name: str) -> Host:
        return self._platform.host(name, kms=MemoryKms())

    def as_(self, name: str) -> "TransactionManagerAsyncStub":
        """The manager's stub in the hands of that service."""
        if name not in self._stubs:
            self._stubs[name] = self.host(name).peer(TransactionManagerStub, "transaction_manager")
        return self._stubs[name]

    async def publish(self, tenant: MadeTenant | None = None) -> None:
        document = (tenant or self.tenant).signed_document_set().encode()
        await self.as_("policy_engine").ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=document))

    async def create(self, request: Request | None = None, *, key: str = "", **changes: Any) -> str:
        """A transaction's id, once it is accepted."""
        return (await self.submit(request, key=key, **changes)).transaction_id

    async def submit(
        self, request: Request | None = None, *, key: str = "", tenant_id: str = TENANT, **changes: Any
    ) -> pb.CreateTransactionResponse:
        sent = request or self.tenant.request(**changes)
        return await self.as_("gateway").CreateTransaction(
            pb.CreateTransactionRequest(
                tenant_id=tenant_id,
                token=sent.token,
                uri=sent.uri,
                body=sent.body,
                idempotency_key=key,
                received_at_us=int(self.clock.now().timestamp() * 1_000_000),
                step_us=[10, 20, 30, 40],
                access_token_id="token-1",
            )
        )

    async def settle(self) -> None:
        """Wait until every durable call that is due was made, and every order to close was answered."""
        around = self.neighbours
        await self.work.drain()
        while around.closers and around.closed < len(around.engine.closings):
            closing = around.engine.closings[around.closed]
            around.closed += 1
            await self.record_close(closing.transaction_id, *(self.tombstone(index) for index in around.closers))
            await self.work.drain()

    def tombstone(self, index: int, *, order: int = -1, **changes: Any) -> bytes:
        """What that co-signer says to an order to close, the last one that was answered unless told otherwise."""
        around = self.neighbours
        closing = around.engine.closings[around.closed - 1 if order < 0 else order]
        return tombstone(self.tenant, closing, index=index, **changes)

    async def record_close(self, transaction_id: str, *tombstones: bytes) -> str:
        """The status after this answer of the co-signers."""
        request = pb.RecordCloseRequest(tenant_id=TENANT, transaction_id=transaction_id, tombstones=tombstones)
        stub = self.as_("cosigner_engine")
        return (await stub.RecordClose(request, metadata=acting(transaction_id=UUID(transaction_id)))).status

    async def cancel(self, transaction_id: str) -> str:
        """The status after a user's cancel."""
        request = pb.CancelTransactionRequest(tenant_id=TENANT, transaction_id=transaction_id, cancelled_by="ops")
        stub = self.as_("gateway")
        return (await stub.CancelTransaction(request, metadata=acting(transaction_id=UUID(transaction_id)))).status

    async def get(self, transaction_id: str) -> pb.Transaction:
        request = pb.GetTransactionRequest(tenant_id=TENANT, transaction_id=transaction_id)
        return await self.as_("gateway").GetTransaction(request)

    async def status(self, transaction_id: str) -> tuple[str, str]:
        found = await self.get(transaction_id)
        return found.status, found.sub_status

    async def report(
        self,
        transaction_id: str,
        *steps: str,
        outcome: str = "OK",
        document: bytes | None = None,
        caller: str = "",
        attempt: int = 0,
    ) -> pb.RecordStepResponse:
        """A report of those steps by the service whose steps they are."""
        if document is None:
            document = await self._document(transaction_id, steps[-1]) if outcome == "OK" else b""
        request = pb.RecordStepRequest(
            tenant_id=TENANT,
            transaction_id=transaction_id,
            attempt=attempt,
            steps=self._rows(steps, outcome),
            document=document,
            outcome=outcome,
            reason="" if outcome == "OK" else "as the test wishes",
        )
        stub = self.as_(caller or REPORTERS[steps[-1]])
        return await stub.RecordStep(request, metadata=acting(transaction_id=UUID(transaction_id)))

    async def walk(self, transaction_id: str, *, until: str) -> pb.RecordStepResponse:
        """Everything from step 6 on, as the neighbours would do it."""
        answer = pb.RecordStepResponse()
        for steps in (("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",), ("13",)):
            answer = await self.report(transaction_id, *steps)
            if steps[-1] == until:
                break
        return answer

    async def confirm(self, transaction_id: str, *, depth: int, **changes: Any) -> pb.ConfirmTransactionResponse:
        seen: dict[str, Any] = {
            "tx_hash": "0x" + "ab" * 32,
            "block_number": 5,
            "block_hash": "0x" + "cd" * 32,
            "confirmations": depth,
            "succeeded": True,
            "fee_units": "21000",
            "ours": True,
            **changes,
        }
        request = pb.ConfirmTransactionRequest(tenant_id=TENANT, transaction_id=transaction_id, **seen)
        return await self.as_("nodes").ConfirmTransaction(request, metadata=acting(transaction_id=UUID(transaction_id)))

    async def history(self, transaction_id: str) -> list[str]:
        rows = await self.rows(
            "select status from transaction_status_events where transaction_id = $1 order by id", transaction_id
        )
        return [row["status"] for row in rows]

    async def rows(self, sql: str, *args: object) -> list[Row]:
        return await self.database.fetch(sql, *args)

    def _rows(self, steps: Sequence[str], outcome: str) -> list[pb.Step]:
        now_us = int(self.clock.now().timestamp() * 1_000_000)
        return [
            pb.Step(
                step=number,
                from_service=STEPS[number].tail,
                to_service=head,
                operation=STEPS[number].operation,
                outcome=outcome,
                started_at_us=now_us,
                duration_us=7,
            )
            for number in steps
            for head in STEPS[number].heads
        ]

    async def _document(self, transaction_id: str, step: str) -> bytes:
        if step == "7":
            return self.neighbours.policy_engine.decisions[transaction_id]
        if step == "12":
            row = await self.database.fetchrow(
                "select sha256(intent) as intent_hash from transactions where id = $1", transaction_id
            )
            assert row is not None
            return encode({"intent_hash": row["intent_hash"], "raw_transaction": b"\x02"})
        return b""


async def refused(action: Any) -> Code:
    """The code with which it is refused."""
    try:
        await action
    except StrongroomError as error:
        return error.code
    raise AssertionError("it was not refused")


async def until_queued(world: World, transaction_id: str, *, tries: int = 50) -> pb.RecordStepResponse:
    """Ask for a payload as secure_vault does, until there is one."""
    for _ in range(tries):
        answer = await world.report(transaction_id, "8")
        if answer.payload or answer.ended:
            return answer
        await asyncio.sleep(0.002)
    raise AssertionError("no payload came")
