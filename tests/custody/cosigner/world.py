"""A tenant with everything around three co-signers: owners, roster, policy, screening, requests."""

import base64
import copy
import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from strongroom.custody.cosigner.domain.callback import Handler
from strongroom.custody.cosigner.domain.limits import AssetLimit, Limits
from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.domain.reports import Report
from strongroom.custody.cosigner.flow import Cosigner
from strongroom.custody.cosigner.operations.activate import activate
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import Journal
from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import Document, encode
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import (
    AccountRange,
    Action,
    ApiUser,
    Asset,
    CosignerIdentity,
    DocumentSet,
    Member,
    Owners,
    Policy,
    PolicyRule,
    Roster,
)
from strongroom.kernel.documents.intent import Intent, PublicKey, default_key_id, derive_intent
from strongroom.kernel.documents.keys import KeyRequest
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.request import parse_token, parse_transaction_request
from strongroom.kernel.documents.signing import Kind, Signature, Signed, signing_bytes
from strongroom.kernel.documents.verdict import AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.ids import Environment, TenantId
from strongroom.policy import evaluate, facts_of
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.kms import MemoryKms
from strongroom.threshold.backend import EcdsaBackend, SealingKey
from strongroom.threshold.ecdsa import Dkls23

TENANT = TenantId("acme")
ENVIRONMENT = Environment.SANDBOX
START = datetime(2030, 1, 1, tzinfo=UTC)
ETHER = 10**18
URI = "/v1/transactions"
PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"
OPERATORS = {1: "provider", 2: "provider-2", 3: "customer"}


@cache
def api_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def request_token(*, body: bytes, iat: int, key: rsa.RSAPrivateKey | None = None, uri: str = URI) -> str:
    claims = {
        "uri": uri,
        "nonce": os.urandom(8).hex(),
        "iat": iat,
        "exp": iat + 55,
        "sub": "api-1",
        "bodyHash": sha256(body).hex(),
    }
    head = _base64url(b'{"alg":"RS256","typ":"JWT"}') + "." + _base64url(json.dumps(claims).encode())
    return head + "." + _base64url((key or api_key()).sign(head.encode(), padding.PKCS1v15(), SHA256()))


def request_body(*, amount: str = "1.5", external_id: str | None = None, asset: str = "ETH_TEST") -> bytes:
    fields: dict[str, object] = {
        "assetId": asset,
        "source": {"type": "VAULT_ACCOUNT", "id": "0"},
        "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": PAYEE}},
        "amount": amount,
    }
    if external_id is not None:
        fields["externalTxId"] = external_id
    return json.dumps(fields).encode()


@dataclass(kw_only=True)
class Party:
    """One co-signer's belongings: they survive ``World.restart``."""

    index: int
    path: Path
    kms: MemoryKms = field(default_factory=MemoryKms)

    @property
    def encryption_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.kms.sealing_key("encryption").reveal())

    @property
    def identity(self) -> CosignerIdentity:
        return CosignerIdentity(
            index=self.index,
            operator=OPERATORS[self.index],
            signing_key=self.kms.signer("identity").public_key,
            encryption_key=self.encryption_key.public_key().public_bytes_raw(),
        )


DEFAULT_LIMITS = Limits(
    assets={"ETH_TEST": AssetLimit(per_transaction_units=10 * ETHER, rolling_24h_units=20 * ETHER)},
    max_fee_units=ETHER // 100,
)


class World:
    """One tenant, three co-signers, a clock that stands still."""

    def __init__(
        self,
        folder: Path,
        *,
        rules: tuple[PolicyRule, ...] = (PolicyRule(id="all", name="all", action=Action.ALLOW),),
        environment: Environment = ENVIRONMENT,
    ) -> None:
        self.environment = environment
        self.clock = ManualClock(START)
        self.owner = Ed25519PrivateKey.generate()
        self.policy_engine = Ed25519PrivateKey.generate()
        self.screening = Ed25519PrivateKey.generate()
        self.parties = {index: Party(index=index, path=folder / f"{index}.sqlite") for index in (1, 2, 3)}
        self.document_set = self.make_document_set(rules=rules)
        self.genesis = self.owner_signed(Kind.DOCUMENT_SET, self.document_set)
        self.contexts: dict[int, Context] = {}
        self.others: list[Context] = []
        self.cores: dict[int, Cosigner] = {}
        self.handler: Handler | None = None
        self.told: list[Report] = []
        for index in self.parties:
            self.restart(index)
            activate(context=self.contexts[index], data=self.genesis, operator=OPERATORS[index])

    def clone(self, folder: Path) -> "World":
        """The same tenant over copies of the (closed) journals: making a key takes seconds, copying it does not."""
        made = copy.copy(self)
        made.clock = ManualClock(START)
        made.parties = {
            index: Party(index=index, path=folder / party.path.name, kms=party.kms)
            for index, party in self.parties.items()
        }
        made.contexts, made.cores, made.others, made.told = {}, {}, [], []
        for index, party in self.parties.items():
            shutil.copyfile(party.path, made.parties[index].path)
            made.restart(index)
        return made

    @property
    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def restart(self, index: int, *, backend: EcdsaBackend | None = None, limits: Limits | None = None) -> Cosigner:
        """A new process of a co-signer over the same files and keys."""
        if index in self.contexts:
            self.contexts[index].journal.close()
        self.contexts[index] = self._open(index, backend=backend, limits=limits)
        self.cores[index] = Cosigner(self.contexts[index], tell=self.told.extend)
        return self.cores[index]

    def second_process(self, index: int) -> Cosigner:
        """Another process over the journal of a co-signer that goes on running."""
        self.others.append(self._open(index, backend=None, limits=None))
        return Cosigner(self.others[-1])

    def _open(self, index: int, *, backend: EcdsaBackend | None, limits: Limits | None) -> Context:
        party = self.parties[index]
        context = Context(
            index=index,
            environment=self.environment,
            limits=limits or DEFAULT_LIMITS,
            clock=self.clock,
            entropy=SystemEntropy(),
            signer=party.kms.signer("identity"),
            encryption_key=party.encryption_key,
            sealing_key=SealingKey.from_bytes(party.kms.sealing_key("shares").reveal()),
            backend=backend or Dkls23(),
            journal=Journal(party.path),
            handler=self.handler if index == 3 else None,
        )
        context.load_spending(since=self.now - 24 * 3600)
        return context

    def close(self) -> None:
        for context in (*self.contexts.values(), *self.others):
            context.journal.close()

    def make_document_set(
        self, *, rules: tuple[PolicyRule, ...], version: int = 1, previous: bytes = b""
    ) -> DocumentSet:
        asset = Asset(
            id="ETH_TEST",
            name="Test Ether",
            chain_id=31337,
            token_contract=None,
            decimals=18,
            coin_type=60,
            max_fee_units=ETHER // 50,
            confirmations=2,
        )
        public = api_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return DocumentSet(
            environment=self.environment,
            tenant=TENANT,
            version=version,
            previous=previous,
            owners=Owners(
                threshold=1, members=(Member(id="owner", public_key=self.owner.public_key().public_bytes_raw()),)
            ),
            roster=Roster(
                users=(),
                api_users=(ApiUser(id="api-1", name="bot", public_key_der=public),),
                cosigners=tuple(party.identity for party in self.parties.values()),
                policy_engine_key=self.policy_engine.public_key().public_bytes_raw(),
                screening_key=self.screening.public_key().public_bytes_raw(),
            ),
            policy=Policy(rules=rules),
            addresses=(),
            assets=(asset,),
            vault_accounts=(AccountRange(first=0, last=99),),
        )

    def signed(
        self, kind: Kind, document: Document, *, key: Ed25519PrivateKey, signer: str, tenant: str = TENANT
    ) -> bytes:
        payload = document.encode()
        message = signing_bytes(kind=kind, environment=self.environment, tenant_id=TenantId(tenant), payload=payload)
        signature = Signature(signer=signer, signature=key.sign(message))
        return encode(
            Signed(kind=kind, environment=self.environment, tenant=tenant, payload=payload, signatures=(signature,))
        )

    def owner_signed(self, kind: Kind, document: Document) -> bytes:
        return self.signed(kind, document, key=self.owner, signer="owner")

    def key_request(
        self, *, nonce: bytes | None = None, document_set_hash: bytes | None = None, epoch: int = 1
    ) -> bytes:
        request = KeyRequest(
            key_id=default_key_id(environment=self.environment, tenant_id=TENANT),
            epoch=epoch,
            threshold=3,
            parties=(1, 2, 3),
            document_set_hash=document_set_hash or self.document_set.hash(),
            nonce=nonce or os.urandom(32),
            not_after=self.now + 3600,
        )
        return self.owner_signed(Kind.KEY_REQUEST, request)

    def public_key(self) -> PublicKey:
        key = self.contexts[3].get_key(self.document_set)
        return PublicKey(key_id=key.key_id, public_key=key.public_key, chain_code=key.chain_code)

    def transfer(self, *, nonce: int = 0, amount: str = "1.5", external_id: str | None = None) -> "Transfer":
        return self.transfer_of(request_body(amount=amount, external_id=external_id), nonce=nonce)

    def transfer_of(self, body: bytes, *, nonce: int = 0) -> "Transfer":
        return Transfer(world=self, body=body, token=request_token(body=body, iat=self.now), nonce=nonce)


@dataclass(kw_only=True)
class Transfer:
    """One payment as the platform would bring it to the co-signers; every part may be replaced."""

    world: World
    body: bytes
    token: str
    nonce: int
    max_fee_per_gas: int = 100 * 10**9

    @property
    def request_hash(self) -> bytes:
        return request_hash(token=self.token, body=self.body)

    @property
    def intent(self) -> Intent:
        return derive_intent(
            request=parse_transaction_request(self.body),
            claims=parse_token(self.token)[0],
            request_hash=self.request_hash,
            document_set=self.world.document_set,
            key=self.world.public_key(),
        )

    @property
    def payload(self) -> Payload:
        return Payload(
            intent_hash=self.intent.hash(),
            nonce=self.nonce,
            gas_limit=21_000,
            max_fee_per_gas=self.max_fee_per_gas,
            max_priority_fee_per_gas=10**9,
        )

    def verdict(self, *, lifetime_s: int = 6 * 3600, aml: AmlVerdict = AmlVerdict.PASS) -> bytes:
        intent, now = self.intent, self.world.now
        verdict = Verdict(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=0,
            aml=aml,
            aml_provider="list",
            evidence_hash=bytes(32),
            travel_rule=TravelRuleOutcome.NOT_REQUIRED,
            travel_rule_counterparty="",
            decided_at=now,
            expires_at=now + lifetime_s,
        )
        return self.world.signed(Kind.VERDICT, verdict, key=self.world.screening, signer="screening")

    def decision_document(self, *, verdict: bytes, attempt: int = 0) -> Decision:
        intent, documents = self.intent, self.world.document_set
        return Decision(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=attempt,
            document_set_hash=documents.hash(),
            verdict_hash=sha256(verdict),
            evaluation=evaluate(documents.policy, facts_of(intent, documents)),
            accumulators=(),
            decided_at=self.world.now,
        )

    def sign_decision(self, decision: Decision) -> bytes:
        return self.world.signed(Kind.DECISION, decision, key=self.world.policy_engine, signer="policy_engine")

    def order(self, *, attempt: int = 0) -> SeekConsent:
        verdict = self.verdict()
        return SeekConsent(
            ceremony_id=os.urandom(32),
            tenant_id=TENANT,
            attempt=attempt,
            token=self.token,
            uri=URI,
            body=self.body,
            intent=self.intent.encode(),
            payload=self.payload.encode(),
            decision=self.sign_decision(self.decision_document(verdict=verdict, attempt=attempt)),
            verdict=verdict,
        )
