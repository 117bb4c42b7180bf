"""The tenants' document sets: published here, then given to every service that verifies against them."""

import asyncio
from datetime import datetime
from typing import final

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.peers import Peers
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.db import Database, violated_constraint
from strongroom.runtime.work import Work, WorkItem

PUSH = "push_document_set"
VERSION_TAKEN = "document_sets_version"


@final
class DocumentSets:
    """Publishing and reading; the newest version of each tenant is kept in memory, verified.

    Args:
        database: the policy engine's own.
        work: its durable calls.
        peers: who gets a published version.
        environment: only its documents are taken.
        signing_key: the policy engine's public key, which a roster must name.
    """

    def __init__(
        self, *, database: Database, work: Work, peers: Peers, environment: Environment, signing_key: bytes
    ) -> None:
        self._database, self._work, self._peers = database, work, peers
        self._environment, self._signing_key = environment, signing_key
        self._newest: dict[str, tuple[DocumentSet, bytes]] = {}
        self._pushed: dict[tuple[str, int], asyncio.Event] = {}

    async def get(self, tenant_id: str) -> tuple[DocumentSet, bytes]:
        """The current version of a tenant and its encoded ``Signed``.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        if tenant_id not in self._newest:
            signed = await store.find_document_set(self._database, tenant_id=tenant_id)
            if signed is None:
                raise StrongroomError(Code.TENANT_UNKNOWN)
            self._newest[tenant_id] = (parse_document_set(decode(signed, Signed).payload), signed)
        return self._newest[tenant_id]

    async def publish(self, data: bytes, *, now: datetime, timeout_s: float) -> DocumentSet:
        """Store a version that its owners signed, and wait until every service has it. Idempotent.

        Raises:
            StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``; ``UNAVAILABLE`` when it is stored but not
                everywhere yet: publishing it again waits on.
        """
        signed = decode(data, Signed)
        document = parse_document_set(signed.payload)
        if not await self._is_published(document, data):
            await self._insert(signed, data, now=now)
        arrived = self._pushed.setdefault((document.tenant, document.version), asyncio.Event())
        try:
            await asyncio.wait_for(arrived.wait(), timeout_s)
        except TimeoutError:
            raise StrongroomError(Code.UNAVAILABLE, "The version is stored but not with every service yet.") from None
        return document

    async def push(self, item: WorkItem) -> None:
        """Give a published version to every service; made again until each has it."""
        tenant_id, version = item.key, item.attempt
        signed = await store.find_document_set(self._database, tenant_id=tenant_id, version=version)
        if signed is None:
            raise StrongroomError(Code.STATE_DAMAGED, "A version to be pushed is missing.")
        await self._peers.apply_document_set(signed)
        await self._work.commit(done=item)
        self._pushed.setdefault((tenant_id, version), asyncio.Event()).set()

    async def _insert(self, signed: Signed, data: bytes, *, now: datetime) -> None:
        document = verify_document_set(signed=signed, current=await self._current(signed.tenant))
        if document.environment != self._environment:
            raise StrongroomError(Code.DOCUMENT_FOREIGN)
        if document.roster.policy_engine_key != self._signing_key:
            raise StrongroomError(Code.DOCUMENT_MALFORMED, "The roster names another policy engine's key.")
        row = store.insert_document_set(
            tenant_id=document.tenant, version=document.version, document_hash=document.hash(), signed=data, now=now
        )
        try:
            await self._work.commit(row, then=[self._work.new(document.tenant, PUSH, attempt=document.version)])
        except StrongroomError as error:
            if violated_constraint(error) == VERSION_TAKEN:
                raise StrongroomError(Code.DOCUMENT_VERSION_INVALID) from None
            raise
        self._newest.pop(document.tenant, None)

    async def _current(self, tenant_id: str) -> DocumentSet | None:
        signed = await store.find_document_set(self._database, tenant_id=tenant_id)
        return parse_document_set(decode(signed, Signed).payload) if signed else None

    async def _is_published(self, document: DocumentSet, data: bytes) -> bool:
        """Whether exactly this is stored already; after a restart its push may long be over, so it is made again."""
        stored = await store.find_document_set(self._database, tenant_id=document.tenant, version=document.version)
        if stored != data:
            return False
        arrived = self._pushed.setdefault((document.tenant, document.version), asyncio.Event())
        if not arrived.is_set():
            await self._peers.apply_document_set(data)
            arrived.set()
        return True
