"""The real vault over a real database, between fakes of its neighbours, and its callers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import strongroom.custody.secure_vault as service
from strongroom.client.owner import sign_key_request
from strongroom.custody.secure_vault import app
from strongroom.custody.secure_vault.config import VaultConfig
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultStub
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.documents.verdict import AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.ids import Environment
from strongroom.policy import evaluate, facts_of
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.pki.authority import Authority, new_root
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.work import Work
from tests.custody.secure_vault.signing import WholeKey, payload_of
from tests.fakes.cosigner_engine import FakeCosignerEngine
from tests.fakes.nodes import FakeNodes
from tests.fakes.transaction_manager import FakeManager
from tests.fixtures.tenant import ASSET, TENANT, MadeTenant, Request, make_tenant

if TYPE_CHECKING:  # the generated code has this name only in its type stubs
    from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultAsyncStub

FOLDER = Path(service.__file__).parent
MIGRATIONS, GRANTS = FOLDER / "migrations", FOLDER / "grants.sql"
NOW = datetime.fromtimestamp(1_800_000_000, UTC)


@dataclass
class Neighbours:
    """The tenant, its whole key, and the fakes around the vault; they outlive a vault that crashes."""

    tenant: MadeTenant = field(default_factory=make_tenant)
    key: WholeKey = field(default_factory=WholeKey)
    manager: FakeManager = field(default_factory=FakeManager)
    engine: FakeCosignerEngine = field(default_factory=FakeCosignerEngine)
    nodes: FakeNodes = field(default_factory=FakeNodes)


@dataclass(frozen=True)
class Transfer:
    """A request that was decided, and what the manager will answer to step 8."""

    request: Request
    intent: Intent
    payload: Payload
    decision: Decision
    verdict: bytes

    @property
    def id(self) -> str:
        return str(UUID(bytes=self.intent.transaction_id))


@final
class World:
    """One process that hosts the vault, and its stub in the hands of each caller."""

    def __init__(self, database: Database, neighbours: Neighbours, *, worker_id: str = "first") -> None:
        self.database = database
        self.around = neighbours
        self.clock = ManualClock(NOW)
        self.asked = b""
        self.work = Work(database, clock=self.clock, worker_id=worker_id)
        authority = Authority.under(new_root(self.clock), environment=Environment.SANDBOX, clock=self.clock)
        self._platform = LocalPlatform(
            issuer=authority,
            trust_root=authority.trust_root(),
            access=Access.load(),
            clock=self.clock,
            entropy=SystemEntropy(),
            attestor=SoftwareAttestor(),
        )

    @property
    def tenant(self) -> MadeTenant:
        return self.around.tenant

    async def start(self) -> "World":
        host = self._platform.host("secure_vault", kms=MemoryKms(), database=self.database, work=self.work)
        self._platform.add(app.build(host, VaultConfig()))
        for fake in (self.around.manager, self.around.engine, self.around.nodes):
            self._platform.add(fake.service())
        await self._platform.start()
        return self

    async def stop(self) -> None:
        await self._platform.stop()

    def as_(self, name: str) -> "SecureVaultAsyncStub":
        return self._platform.host(name, kms=MemoryKms()).peer(SecureVaultStub, "secure_vault")

    async def settle(self) -> None:
        """Make every durable call that is due, and those that wait for their lane."""
        for _ in range(20):
            await self.work.drain()
            self.clock.advance(0.05)

    async def publish(self, tenant: MadeTenant | None = None) -> None:
        document = (tenant or self.tenant).signed_document_set().encode()
        await self.as_("policy_engine").ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=document))

    def key_request(self, tenant: MadeTenant | None = None, *, epoch: int = 1) -> Signed:
        made = tenant or self.tenant
        return sign_key_request(made.document_set, made.owners, ports=made.ports, epoch=epoch)

    async def request_key(self, key_request: Signed) -> pb.Key:
        self.asked = sha256(key_request.payload)
        request = pb.RequestKeyRequest(tenant_id=TENANT, key_request=key_request.encode())
        return await self.as_("gateway").RequestKey(request)

    async def get_key(self) -> pb.Key:
        return await self.as_("gateway").GetKey(pb.GetKeyRequest(tenant_id=TENANT))

    async def record_key(self, records: tuple[bytes, ...], *, reason: str = "") -> None:
        request = pb.RecordKeyRequest(
            tenant_id=TENANT,
            key_id=self.around.key.public.key_id,
            key_request_hash=self.asked,
            key_records=records,
            reason=reason,
        )
        await self.as_("cosigner_engine").RecordKey(request)

    async def make_ready(self) -> None:
        """A published document set, a READY key and vault account 0 with its wallet."""
        await self.publish()
        key_request = self.key_request()
        await self.request_key(key_request)
        await self.record_key(self.around.key.records(self.tenant, key_request))
        await self.create_account("treasury")
        await self.create_wallet("0")

    async def create_account(
        self, name: str, *, key: str = "", body: bytes = b"body", customer: str = ""
    ) -> pb.VaultAccount:
        request = pb.CreateVaultAccountRequest(
            tenant_id=TENANT, name=name, customer_ref_id=customer, idempotency_key=key, body_hash=sha256(body)
        )
        return await self.as_("gateway").CreateVaultAccount(request)

    async def create_wallet(self, account: str, asset_id: str = ASSET) -> pb.Wallet:
        request = pb.CreateWalletRequest(tenant_id=TENANT, vault_account_id=account, asset_id=asset_id)
        return await self.as_("gateway").CreateWallet(request)

    def transfer(self, *, nonce: int = 0, **changes: Any) -> Transfer:
        """A new request, screened and decided as the real services would."""
        request = self.tenant.request(**changes)
        intent = self.tenant.intent(request, self.around.key.public)
        verdict = self._verdict(intent)
        document_set = self.tenant.document_set
        decision = Decision(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=0,
            document_set_hash=document_set.hash(),
            verdict_hash=sha256(verdict),
            evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
            accumulators=(),
            decided_at=int(NOW.timestamp()),
        )
        return Transfer(request, intent, payload_of(intent, nonce=nonce), decision, verdict)

    def sign_decision(self, decision: Decision, key: Ed25519PrivateKey | None = None) -> bytes:
        by = key or self.tenant.policy_engine
        return self.tenant.sign(Kind.DECISION, decision.encode(), key=by, signer="policy_engine").encode()

    async def admit(self, transfer: Transfer, **changes: Any) -> None:
        """What the policy engine calls; ``changes`` replace fields of the request."""
        self.around.manager.payloads[transfer.id] = transfer.payload.encode()
        fields: dict[str, Any] = {
            "tenant_id": TENANT,
            "transaction_id": transfer.id,
            "attempt": 0,
            "request": policy_pb.OriginalRequest(
                token=transfer.request.token, uri=transfer.request.uri, body=transfer.request.body
            ),
            "intent": transfer.intent.encode(),
            "decision": self.sign_decision(transfer.decision),
            "verdict": transfer.verdict,
        }
        request = pb.AdmitTransactionRequest(**{**fields, **changes})
        metadata = acting(transaction_id=UUID(request.transaction_id))
        await self.as_("policy_engine").AdmitTransaction(request, metadata=metadata)

    async def assemble(self, transfer: Transfer, signature: bytes | None = None) -> str:
        request = pb.AssembleTransactionRequest(
            tenant_id=TENANT,
            transaction_id=transfer.id,
            attempt=0,
            signature=signature or self.around.key.sign_transfer(transfer.intent, transfer.payload),
        )
        metadata = acting(transaction_id=UUID(transfer.id))
        answer = await self.as_("cosigner_engine").AssembleTransaction(request, metadata=metadata)
        return answer.tx_hash

    def _verdict(self, intent: Intent, **changes: Any) -> bytes:
        now_s = int(NOW.timestamp())
        verdict = Verdict(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=0,
            aml=AmlVerdict.PASS,
            aml_provider="lists",
            evidence_hash=b"\x05" * 32,
            travel_rule=TravelRuleOutcome.NOT_REQUIRED,
            travel_rule_counterparty="",
            decided_at=now_s,
            expires_at=now_s + 6 * 3600,
        )
        payload = msgspec.structs.replace(verdict, **changes).encode()
        return self.tenant.sign(Kind.VERDICT, payload, key=self.tenant.screening, signer="screening").encode()
