"""A payment that waits for approvals, as the gateway shows it; a test may let the gateway lie."""

import base64
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from strongroom.client.ports import SystemPorts
from strongroom.kernel.documents.consent import Tombstone, cosigner_name
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import Policy, PolicyRule
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind
from strongroom.policy import evaluate, facts_of
from tests.cli.gateway import Gateway, Json
from tests.fixtures.tenant import MadeTenant, allow_up_to, ask_approvers

RULES = (ask_approvers(2, min_amount_units=5 * 10**18 + 1, assets=("ETH_TEST",)), allow_up_to(10 * 10**18))


@dataclass(frozen=True)
class Payment:
    """What is true of it."""

    tenant: MadeTenant
    intent: Intent

    @property
    def id(self) -> str:
        return str(self.intent.id)

    @property
    def detail(self) -> str:
        return f"/strongroom/transactions/{self.id}"

    def decision(self, **changes: Any) -> bytes:
        document_set = self.tenant.document_set
        decision = Decision(
            transaction_id=self.intent.transaction_id,
            intent_hash=self.intent.hash(),
            attempt=0,
            document_set_hash=document_set.hash(),
            verdict_hash=bytes(32),
            evaluation=evaluate(document_set.policy, facts_of(self.intent, document_set)),
            accumulators=(),
            decided_at=self.tenant.ports.now,
        )
        payload = msgspec.structs.replace(decision, **changes).encode()
        key = self.tenant.policy_engine
        return self.tenant.sign(Kind.DECISION, payload, key=key, signer="policy_engine").encode()

    def tombstone(self, *, index: int = 3, **changes: Any) -> bytes:
        tombstone = Tombstone(
            transaction_id=self.intent.transaction_id,
            request_hash=self.intent.request_hash,
            cosigner=index,
            reason="CANCELLED_BY_USER",
            at=1_800_000_000,
        )
        payload = msgspec.structs.replace(tombstone, **changes).encode()
        key = self.tenant.cosigners[index - 1].signing
        return self.tenant.sign(Kind.TOMBSTONE, payload, key=key, signer=cosigner_name(index)).encode()

    def state(
        self, *approvals: bytes, intent: Intent | None = None, decision: bytes | None = None, **more: Any
    ) -> Json:
        """As GET .../approval shows it."""
        shown: Json = {
            "id": self.id,
            "attempt": 0,
            "state": "WAITING",
            "intent": text((intent or self.intent).encode()),
            "decision": text(self.decision() if decision is None else decision),
            "approvals": [text(approval) for approval in approvals],
            "requestedAt": 1_800_000_000_000,
            "expiresAt": 1_800_007_200_000,
            "reason": "",
        }
        return {**shown, **more}


def pay(gateway: Gateway, *, rules: tuple[PolicyRule, ...] = RULES, amount: str = "6", **changes: Any) -> Payment:
    """A payment under ``rules``, which the gateway shows truly: document set, approval, detail."""
    tenant = gateway.tenant.with_document_set(policy=Policy(rules=rules))
    tenant.ports.now = SystemPorts().now_s()  # the program that is tested judges by the machine's clock
    gateway.tenant = tenant
    gateway.has_key()
    payment = Payment(tenant, tenant.intent(tenant.request(amount=amount, **changes), gateway.key.public))
    gateway.say(f"GET {payment.detail}/approval", payment.state())
    return payment


def changed(payment: Payment, **changes: Any) -> Intent:
    """The intent with something else in it."""
    return msgspec.structs.replace(payment.intent, **changes)


def under(payment: Payment, **changes: Any) -> Payment:
    """The same payment, judged under other documents of the same tenant."""
    return replace(payment, tenant=payment.tenant.with_document_set(**changes))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()
