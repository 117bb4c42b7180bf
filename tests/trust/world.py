"""A tenant as customers have them, over three real co-signers: several owners, people who approve, two API users."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.entries import KIND_OF, KINDS, Entry, Refused
from strongroom.custody.cosigner.operations.activate import activate, apply_document_set
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.document_set import (
    Action,
    ApprovalGroup,
    Approvers,
    DocumentSet,
    Logic,
    Member,
    Owners,
    PolicyRule,
    User,
)
from strongroom.kernel.documents.intent import default_key_id
from strongroom.kernel.documents.keys import KeyRequest
from strongroom.kernel.documents.signing import Kind, Signature, Signed, signing_bytes
from strongroom.kernel.ids import TenantId
from tests.custody.cosigner.world import ETHER, OPERATORS, TENANT, World
from tests.fakes.memory_engine import MemoryEngine

OWNERS = ("olga", "omar", "otto")
PEOPLE = ("ann", "bob", "carl")
NOTHING = frozenset({"refused"})
"""Kinds of journal entries after which nothing was promised."""
SMALL = PolicyRule(id="small", name="small", action=Action.ALLOW, assets=("ETH_TEST",), max_amount_units=2 * ETHER)
LARGE = PolicyRule(
    id="large",
    name="large",
    action=Action.APPROVE,
    assets=("ETH_TEST",),
    max_amount_units=10 * ETHER,
    approvers=Approvers(logic=Logic.AND, groups=(ApprovalGroup(threshold=2, groups=("treasury",)),)),
)


class TrustWorld(World):
    """Two of three owners sign; up to 2 ETH_TEST go by themselves, up to 10 with two of three of the treasury."""

    def __init__(self, folder: Path) -> None:
        self.owners = {name: Ed25519PrivateKey.generate() for name in OWNERS}
        self.devices = {name: Ed25519PrivateKey.generate() for name in PEOPLE}
        super().__init__(folder, rules=(SMALL, LARGE))

    def make_document_set(
        self, *, rules: tuple[PolicyRule, ...], version: int = 1, previous: bytes = b""
    ) -> DocumentSet:
        made = super().make_document_set(rules=(SMALL,), version=version, previous=previous)
        members = tuple(Member(id=name, public_key=_public(key)) for name, key in self.owners.items())
        users = tuple(
            User(id=name, name=name.title(), device_key=_public(key), groups=("treasury",))
            for name, key in self.devices.items()
        )
        return msgspec.structs.replace(
            made,
            owners=Owners(threshold=2, members=members),
            roster=msgspec.structs.replace(made.roster, users=users),
            policy=msgspec.structs.replace(made.policy, rules=rules),
        )

    def owner_signed(self, kind: Kind, document: Document, *, tenant: str = TENANT) -> bytes:
        """By two owners, which is enough."""
        return self.signed_by(kind, document, {name: self.owners[name] for name in OWNERS[:2]}, tenant=tenant)

    def signed_by(
        self, kind: Kind, document: Document, keys: dict[str, Ed25519PrivateKey], *, tenant: str = TENANT
    ) -> bytes:
        """By whoever has keys."""
        payload = document.encode()
        message = signing_bytes(kind=kind, environment=self.environment, tenant_id=TenantId(tenant), payload=payload)
        signatures = tuple(Signature(signer=name, signature=key.sign(message)) for name, key in keys.items())
        return encode(
            Signed(kind=kind, environment=self.environment, tenant=tenant, payload=payload, signatures=signatures)
        )

    def next_document_set(self, **changes: object) -> DocumentSet:
        """What may follow the current one."""
        current = self.document_set
        return msgspec.structs.replace(current, version=current.version + 1, previous=current.hash(), **changes)

    def add_tenant(self, tenant: str) -> TenantId:
        """Another tenant of the same owners at the same co-signers, with a key of its own."""
        document = msgspec.structs.replace(self.document_set, tenant=tenant)
        data = self.owner_signed(Kind.DOCUMENT_SET, document, tenant=tenant)
        for index, context in self.contexts.items():
            activate(context=context, data=data, operator=OPERATORS[index])
        request = KeyRequest(
            key_id=default_key_id(environment=self.environment, tenant_id=TenantId(tenant)),
            epoch=1,
            threshold=3,
            parties=(1, 2, 3),
            document_set_hash=document.hash(),
            nonce=os.urandom(32),
            not_after=self.now + 3600,
        )
        data = self.owner_signed(Kind.KEY_REQUEST, request, tenant=tenant)
        MemoryEngine(cores=self.cores).generate_key(tenant_id=tenant, key_request=data)
        return TenantId(tenant)

    def install_next(self, *, cosigners: Sequence[int] = (1, 2, 3), **changes: object) -> None:
        """The owners publish a successor, and these co-signers install it."""
        document = self.next_document_set(**changes)
        data = self.owner_signed(Kind.DOCUMENT_SET, document)
        for index in cosigners:
            apply_document_set(context=self.contexts[index], data=data, operator=OPERATORS[index])
        self.document_set = document

    def check_alarm(self, index: int, *, request_hash: bytes, reason: str = "") -> None:
        """Check that a co-signer's journal holds a refusal of that request, or document, for that reason."""
        noted = [entry for entry in self.entries(index) if isinstance(entry, Refused)]
        reasons = {entry.reason for entry in noted if entry.request_hash == request_hash}
        assert reason in reasons or (reasons and not reason), (index, reason, reasons)

    def entries(self, index: int, *, after: int = 0) -> list[Entry]:
        """What a co-signer's journal says after an entry."""
        rows = self.contexts[index].journal.db.execute(
            "select kind, payload from journal where sequence > ? order by sequence", (after,)
        )
        return [decode(payload, KINDS[kind]) for kind, payload in rows]

    @contextmanager
    def nothing_promised(self, honest: Sequence[int], *, besides: frozenset[str] = frozenset()) -> Generator[None]:
        """Whatever happens inside, no honest co-signer consents, releases, finishes or installs anything.

        Args:
            besides: kinds of entries that are right here.
        """
        before = {index: self.contexts[index].journal.sequence for index in honest}
        yield
        for index in honest:
            kinds = {KIND_OF[type(entry)] for entry in self.entries(index, after=before[index])}
            assert kinds <= NOTHING | besides, (index, kinds)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
