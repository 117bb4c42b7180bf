"""The policy engine over its own database, between fakes of its neighbours, and a tenant whose roster names its key."""

from dataclasses import dataclass, field, replace
from typing import Any, final
from uuid import UUID

import msgspec

import strongroom.custody.policy_engine as service
from strongroom.custody.policy_engine.app import build
from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1.policy_engine_pb2_grpc import PolicyEngineStub
from strongroom.kernel.documents.document_set import PolicyRule
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.ids import TenantId
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from strongroom.runtime.host import SIGNING_KEY
from strongroom.runtime.kms import Kms, MemoryKms
from tests.fakes.auth_engine import FakeAuthEngine
from tests.fakes.cosigner_engine import FakeCosignerEngine
from tests.fakes.secure_vault import FakeSecureVault
from tests.fakes.transaction_manager import FakeManager
from tests.fixtures.platform import Stage, on_behalf, open_database
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import TENANT, MadeTenant, Request, made_key, make_tenant

NOW_S = 1_800_000_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question and what it is about."""

    request: Request
    intent: Intent
    verdict: bytes
    attempt: int = 0

    @property
    def id(self) -> UUID:
        return self.intent.id

    def message(self, **changes: Any) -> pb.EvaluateTransactionRequest:
        given: dict[str, Any] = {
            "tenant_id": self.intent.tenant,
            "transaction_id": str(self.id),
            "attempt": self.attempt,
            "request": pb.OriginalRequest(token=self.request.token, uri=self.request.uri, body=self.request.body),
            "intent": self.intent.encode(),
            "verdict": self.verdict,
        }
        return pb.EvaluateTransactionRequest(**(given | changes))


@dataclass
class Neighbours:
    auth: FakeAuthEngine = field(default_factory=FakeAuthEngine)
    manager: FakeManager = field(default_factory=FakeManager)
    vault: FakeSecureVault = field(default_factory=FakeSecureVault)
    engine: FakeCosignerEngine = field(default_factory=FakeCosignerEngine)


@final
class World:
    """One process; ``successor`` is the next one over the same database."""

    def __init__(
        self,
        database: Database,
        clock: ManualClock,
        *,
        around: Neighbours | None = None,
        kms: Kms | None = None,
        publish_timeout_s: float = 8.0,
    ) -> None:
        self.database, self.clock = database, clock
        self.around, self.kms = around or Neighbours(), kms or MemoryKms()
        self.stage = Stage(clock)
        host = self.stage.host("policy_engine", database, kms=self.kms)
        self.stage.add(build(host, PolicyEngineConfig(publish_timeout_s=publish_timeout_s)))
        self.stage.add(self.around.auth.service(), self.around.manager.service())
        self.stage.add(self.around.vault.service(), self.around.engine.service())
        self.manager = self.stage.peer(PolicyEngineStub, "policy_engine", caller="transaction_manager")
        self.gateway = self.stage.peer(PolicyEngineStub, "policy_engine", caller="gateway")

    @classmethod
    async def open(cls, databases: Databases, clock: ManualClock, **given: Any) -> "World":
        world = cls(await open_database(databases, service), clock, **given)
        await world.stage.start()
        return world

    async def successor(self, **given: Any) -> "World":
        """Another process over the same database, with the same keys, between the same neighbours."""
        world = World(self.database, self.clock, around=self.around, kms=self.kms, **given)
        await world.stage.start()
        return world

    def tenant(self, tenant_id: str = TENANT, *, rules: tuple[PolicyRule, ...] | None = None) -> MadeTenant:
        made = make_tenant(tenant=TenantId(tenant_id), rules=rules)
        key = self.kms.signer(SIGNING_KEY).public_key
        return made.with_document_set(roster=msgspec.structs.replace(made.document_set.roster, policy_engine_key=key))

    async def publish(self, tenant: MadeTenant) -> pb.PublishDocumentSetResponse:
        return await self.publish_bytes(tenant.signed_document_set().encode())

    async def publish_bytes(self, data: bytes) -> pb.PublishDocumentSetResponse:
        return await self.gateway.PublishDocumentSet(pb.PublishDocumentSetRequest(document_set=data))

    async def evaluate(self, asked: Asked, **changes: Any) -> pb.EvaluateTransactionResponse:
        message = asked.message(**changes)
        return await self.manager.EvaluateTransaction(message, metadata=on_behalf(message.transaction_id))

    async def submit(
        self, asked: Asked, approval: bytes, *, tenant_id: str | None = None, transaction_id: str | None = None
    ) -> str:
        """One person's answer; the state after it."""
        request = pb.SubmitApprovalRequest(
            tenant_id=tenant_id or asked.intent.tenant,
            transaction_id=transaction_id or str(asked.id),
            approval=approval,
        )
        answer = await self.gateway.SubmitApproval(request, metadata=on_behalf(request.transaction_id))
        return answer.state

    async def show(self, asked: Asked) -> pb.ApprovalState:
        """How far the approvals of a transaction are."""
        request = pb.GetApprovalRequest(tenant_id=asked.intent.tenant, transaction_id=str(asked.id))
        return await self.gateway.GetApproval(request)

    async def count(self, table: str) -> int:
        return int(await self.database.fetchval(f"select count(*) from {table}"))  # noqa: S608 - a table's name


def next_version(tenant: MadeTenant, **changes: Any) -> MadeTenant:
    current = tenant.document_set
    return tenant.with_document_set(version=current.version + 1, previous=current.hash(), **changes)


def next_attempt(asked: Asked, tenant: MadeTenant, *, decided_at: int = NOW_S) -> Asked:
    """The same transaction asked about once more, screened again."""
    attempt = asked.attempt + 1
    verdict = verdict_over(tenant, asked.intent, attempt=attempt, decided_at=decided_at)
    return replace(asked, attempt=attempt, verdict=verdict)


def ask(tenant: MadeTenant, *, attempt: int = 0, decided_at: int = NOW_S, **changes: Any) -> Asked:
    """What the manager asks about a request with those changes."""
    request = tenant.request(**changes)
    intent = tenant.intent(request, made_key())
    return Asked(
        request=request,
        intent=intent,
        verdict=verdict_over(tenant, intent, attempt=attempt, decided_at=decided_at),
        attempt=attempt,
    )


def verdict_over(
    tenant: MadeTenant, intent: Intent, *, attempt: int = 0, decided_at: int = NOW_S, aml: AmlVerdict = AmlVerdict.PASS
) -> bytes:
    verdict = Verdict(
        transaction_id=intent.transaction_id,
        intent_hash=intent.hash(),
        attempt=attempt,
        aml=aml,
        aml_provider="lists",
        evidence_hash=bytes(32),
        travel_rule=TravelRuleOutcome.NOT_REQUIRED,
        travel_rule_counterparty="",
        decided_at=decided_at,
        expires_at=decided_at + VERDICT_LIFETIME_S,
    )
    return tenant.sign(Kind.VERDICT, verdict.encode(), key=tenant.screening, signer="screening").encode()
