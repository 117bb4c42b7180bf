"""Whoever has a party's keys, and composes with them whatever can be composed."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.alarms import is_alarm
from strongroom.custody.cosigner.domain.digest import transaction_digest
from strongroom.custody.cosigner.domain.orders import InstallDocumentSet, SeekConsent, StartCeremony
from strongroom.custody.cosigner.domain.reports import Consented, Failed
from strongroom.custody.cosigner.domain.reports import Signed as SignedReport
from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.consent import Consent, cosigner_name
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import Action
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind, Role, Signed
from strongroom.kernel.documents.verdict import Verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id
from strongroom.policy import evaluate, facts_of
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import ENVIRONMENT, TENANT, URI, Transfer
from tests.fakes.memory_engine import MemoryEngine
from tests.trust.doors import Doors
from tests.trust.matrix import HOLDINGS, OUTSIDE, Party
from tests.trust.world import TrustWorld

D = Mapping[str, Any]
SIGNERS = {Role.POLICY_ENGINE: "policy_engine", Role.SCREENING: "screening"}


@cache
def foreign_rsa() -> rsa.RSAPrivateKey:
    """An API key that nobody registered."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Attacker:
    """Holds exactly what the party holds; for every other signature it has only a key of its own making."""

    def __init__(self, party: Party, world: TrustWorld) -> None:
        self.party = party
        self.world = world
        self.holds = HOLDINGS[party]
        self.own_key = Ed25519PrivateKey.generate()
        self.doors = Doors(world)

    @property
    def honest(self) -> tuple[int, ...]:
        """The co-signers whom it does not have."""
        return tuple(index for index in (1, 2, 3) if index not in self.holds.cosigners)

    @property
    def caller(self) -> str:
        """In whose name its orders reach a co-signer: who is outside has its own, all others the engine's.

        The engine passes on what the services before it stored, and whoever rewrites its database writes its orders.
        """
        return str(self.party) if self.party in OUTSIDE else "cosigner_engine"

    def sign(self, role: Role, kind: Kind, document: Document) -> bytes:
        """With the stolen key of that role; without one, with its own key under the same name."""
        stolen = {Role.POLICY_ENGINE: self.world.policy_engine, Role.SCREENING: self.world.screening}
        key = stolen[role] if role in self.holds.signs else self.own_key
        return self.world.signed(kind, document, key=key, signer=SIGNERS[role])

    def sign_as_cosigner(self, index: int, kind: Kind, document: Document) -> bytes:
        """With the identity of a stolen co-signer; without it, with its own key under that name."""
        if index in self.holds.cosigners:
            return self.world.contexts[index].sign(kind=kind, tenant_id=TENANT, document=document)
        return self.world.signed(kind, document, key=self.own_key, signer=cosigner_name(index))

    def order(
        self,
        transfer: Transfer,
        *,
        token: str | None = None,
        body: bytes | None = None,
        intent: D | None = None,
        payload: D | None = None,
    ) -> SeekConsent:
        """What honest services would order for a transfer, but for the changes; signed again where it has the keys."""
        original = transfer.order()
        token, body = token or original.token, body or original.body
        hashed = request_hash(token=token, body=body)
        transaction_id = derive_transaction_id(environment=ENVIRONMENT, tenant_id=TENANT, request_hash=hashed).bytes
        changed = msgspec.structs.replace(
            transfer.intent, transaction_id=transaction_id, request_hash=hashed, **(intent or {})
        )
        paid = msgspec.structs.replace(transfer.payload, intent_hash=changed.hash(), **(payload or {}))
        verdict, decision = original.verdict, original.decision
        if changed != transfer.intent:
            verdict, decision = self._judge(original, changed)
        return dataclasses.replace(
            original,
            token=token,
            body=body,
            intent=changed.encode(),
            payload=paid.encode(),
            verdict=verdict,
            decision=decision,
        )

    def token(self, body: bytes, *, initiator: str, key: rsa.RSAPrivateKey) -> str:
        """A request token in anybody's name, by a key that the attacker has."""
        claims = {
            "uri": URI,
            "nonce": fresh_id().hex(),
            "iat": self.world.now,
            "exp": self.world.now + 55,
            "sub": initiator,
            "bodyHash": sha256(body).hex(),
        }
        return jwt.encode(claims, key, algorithm="RS256")

    def decided(self, order: SeekConsent, *, action: Action) -> SeekConsent:
        """The order with a decision of that action, signed as the policy engine."""
        decision = decode(decode(order.decision, Signed).payload, Decision)
        changed = msgspec.structs.replace(
            decision, evaluation=msgspec.structs.replace(decision.evaluation, action=action)
        )
        return dataclasses.replace(order, decision=self.sign(Role.POLICY_ENGINE, Kind.DECISION, changed))

    def install(self, data: bytes) -> set[str]:
        """The codes with which the honest co-signers refuse a document set that the engine brings."""
        order = InstallDocumentSet(ceremony_id=b"", document_set=data)
        with self.world.nothing_promised(self.honest):
            reports = [self.world.cores[index].handle(order)[0] for index in self.honest]
        for index in self.honest:
            self.world.check_alarm(index, request_hash=sha256(data))
        return {reason_of(self.world, report) for report in reports}

    def ask(self, order: SeekConsent, asked: Sequence[int] = ()) -> set[str]:
        """The codes with which the honest co-signers refuse an order; they promise nothing.

        Args:
            asked: whom of them; all when empty.
        """
        hashed = request_hash(token=order.token, body=order.body)
        transaction_id = derive_transaction_id(environment=ENVIRONMENT, tenant_id=order.tenant_id, request_hash=hashed)
        with self.world.nothing_promised(self.honest):
            codes = {
                index: self.doors.ask(index, order, caller=self.caller, transaction_id=transaction_id)
                for index in asked or self.honest
            }
        for index, code in codes.items():
            if code and is_alarm(Code[code]):
                self.world.check_alarm(index, request_hash=hashed, reason=code)
        return set(codes.values())

    def consents(self, order: SeekConsent) -> list[bytes]:
        """What all three say to an honest order."""
        reports = [self.world.cores[index].handle(order)[0] for index in (1, 2, 3)]
        assert all(isinstance(report, Consented) for report in reports), reports
        return [report.document for report in reports if isinstance(report, Consented)]

    def finish(self, ceremony_id: bytes, consents: Sequence[bytes]) -> None:
        """An honest ceremony to its end."""
        reports = MemoryEngine(cores=self.world.cores).start(ceremony_id, consents)
        assert [type(report) for report in reports] == [SignedReport] * 3

    def start_with(self, transfer: Transfer, *, intent: D | None = None, payload: D | None = None) -> set[str]:
        """The honest consent to a transfer, its own co-signers to another one, and the ceremony starts.

        Returns:
            The codes with which the honest refuse to take part; they release nothing.
        """
        order = transfer.order()
        changed = msgspec.structs.replace(transfer.intent, **(intent or {}))
        paid = msgspec.structs.replace(transfer.payload, **(payload or {}))
        other = {
            "intent_hash": changed.hash(),
            "payload_hash": sha256(paid.encode()),
            "digest": transaction_digest(intent=changed, payload=paid),
        }
        return self.start(order.ceremony_id, self.swap(self.consents(order), other))

    def swap(self, consents: Sequence[bytes], changes: D) -> list[bytes]:
        """Consents, with those of its own co-signers given again in another form."""
        swapped = list(consents)
        for index in self.holds.cosigners:
            consent = decode(decode(consents[index - 1], Signed).payload, Consent)
            other = msgspec.structs.replace(consent, **changes)
            swapped[index - 1] = self.sign_as_cosigner(index, Kind.CONSENT, other)
        return swapped

    def start(self, ceremony_id: bytes, consents: Sequence[bytes]) -> set[str]:
        """The codes with which the honest co-signers refuse to begin a ceremony; they promise nothing."""
        order = StartCeremony(ceremony_id=ceremony_id, consents=tuple(consents))
        with self.world.nothing_promised(self.honest):
            reports = [report for index in self.honest for report in self.world.cores[index].handle(order)]
        assert all(isinstance(report, Failed) for report in reports), reports
        return {report.code.name for report in reports if isinstance(report, Failed)}

    def _judge(self, original: SeekConsent, intent: Intent) -> tuple[bytes, bytes]:
        """A verdict that passes and a decision that allows it."""
        documents = self.world.document_set
        passed = msgspec.structs.replace(
            decode(decode(original.verdict, Signed).payload, Verdict),
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
        )
        verdict = self.sign(Role.SCREENING, Kind.VERDICT, passed)
        decided = decode(decode(original.decision, Signed).payload, Decision)
        try:
            evaluation = evaluate(documents.policy, facts_of(intent, documents))
        except StrongroomError:
            evaluation = decided.evaluation
        decision = msgspec.structs.replace(
            decided,
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            verdict_hash=sha256(verdict),
            evaluation=evaluation,
        )
        return verdict, self.sign(Role.POLICY_ENGINE, Kind.DECISION, decision)


def fresh_id() -> bytes:
    """A ceremony id that was not used yet."""
    return os.urandom(32)
