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
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, violated_constraint
from strongroom.runtime.work import Work, WorkItem

PUSH = "push_document_set"
SWEEP = "sweep_approvals"
VERSION_TAKEN = "document_sets_version"
REGISTERED = "api_registrations_once"


@final
class DocumentSets:
    """Publishing and reading. What is kept in memory may be behind another process: who decides on it checks.

    Args:
        database: the policy engine's own.
        work: its durable calls.
        clock: for when a version was published and delivered.
        peers: who gets a published version.
        environment: only its documents are taken.
        signing_key: the policy engine's public key, which a roster must name.
    """

    def __init__(
        self,
        *,
        database: Database,
        work: Work,
        clock: Clock,
        peers: Peers,
        environment: Environment,
        signing_key: bytes,
    ) -> None:
        self._database, self._work, self._clock, self._peers = database, work, clock, peers
        self._environment, self._signing_key = environment, signing_key
        self._seen: dict[str, DocumentSet] = {}
        self._waiting: dict[tuple[str, int], asyncio.Event] = {}

    async def get(self, tenant_id: str) -> DocumentSet:
        """The newest version of a tenant that this process has seen.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        return self._seen.get(tenant_id) or (await self.read(tenant_id))[0]

    async def read(self, tenant_id: str) -> tuple[DocumentSet, bytes]:
        """The newest version of a tenant in the database, and its encoded ``Signed``.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        data = await store.find_document_set(self._database, tenant_id=tenant_id)
        if data is None:
            raise StrongroomError(Code.TENANT_UNKNOWN)
        document = parse_document_set(decode(data, Signed).payload)
        self._remember(document)
        return document, data

    async def get_version(self, tenant_id: str, version: int) -> DocumentSet:
        """One version of a tenant's document set, whether it is current or not.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` if it was never published.
        """
        seen = self._seen.get(tenant_id)
        if seen is not None and seen.version == version:
            return seen
        data = await store.find_document_set(self._database, tenant_id=tenant_id, version=version)
        if data is None:
            raise StrongroomError(Code.STATE_DAMAGED, "A version that was decided by is missing.")
        return parse_document_set(decode(data, Signed).payload)

    async def publish(self, data: bytes, *, timeout_s: float) -> DocumentSet:
        """Store a version that its owners signed, and wait until every service has it. Idempotent.

        Raises:
            StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``; ``UNAVAILABLE`` when it is stored but not
                everywhere yet: publishing it again waits on.
        """
        signed = decode(data, Signed)
        document = parse_document_set(signed.payload)
        if not await self._is_published(document, data):
            try:
                await self._insert(signed, data)
            except StrongroomError:
                if not await self._is_published(document, data):  # else the same publication was quicker
                    raise
        await self._wait(document, timeout_s)
        return document

    async def push(self, item: WorkItem) -> None:
        """Give a published version to every service; made again until each has it.

        Then what still waits for approvals under an older one is decided again: everyone can verify the new decision.
        """
        tenant_id, version = item.key, item.attempt
        data = await store.find_document_set(self._database, tenant_id=tenant_id, version=version)
        if data is None:
            raise StrongroomError(Code.STATE_DAMAGED, "A version to be pushed is missing.")
        await self._peers.apply_document_set(data)
        delivery = store.insert_delivery(tenant_id=tenant_id, version=version, now=self._clock.now())
        await self._work.commit(delivery, done=item, then=[self._work.new(tenant_id, SWEEP, attempt=version)])
        arrived = self._waiting.pop((tenant_id, version), None)
        if arrived is not None:
            arrived.set()

    async def _insert(self, signed: Signed, data: bytes) -> None:
        document = verify_document_set(signed=signed, current=await self._current(signed.tenant))
        if document.environment != self._environment:
            raise StrongroomError(Code.DOCUMENT_FOREIGN)
        if document.roster.policy_engine_key != self._signing_key:
            raise StrongroomError(Code.DOCUMENT_MALFORMED, "The roster names another policy engine's key.")
        try:
            await self._store(document, data, now=self._clock.now())
        except StrongroomError as error:
            violated = violated_constraint(error)
            if violated == REGISTERED:
                raise StrongroomError(Code.KEY_REGISTERED_TWICE, "An API user is another tenant's.") from None
            if violated == VERSION_TAKEN:
                raise StrongroomError(Code.DOCUMENT_VERSION_INVALID) from None
            raise
        self._remember(document)

    async def _store(self, document: DocumentSet, data: bytes, *, now: datetime) -> None:
        await self._work.commit(
            store.insert_document_set(document, signed=data, now=now),
            store.insert_registrations(document),
            then=[self._work.new(document.tenant, PUSH, attempt=document.version)],
        )

    async def _wait(self, document: DocumentSet, timeout_s: float) -> None:
        place = (document.tenant, document.version)
        arrived = self._waiting.setdefault(place, asyncio.Event())  # before the look: no delivery between goes unseen
        if await store.is_delivered(self._database, tenant_id=document.tenant, version=document.version):
            self._waiting.pop(place, None)
            return
        try:
            await asyncio.wait_for(arrived.wait(), timeout_s)
        except TimeoutError:
            raise StrongroomError(Code.UNAVAILABLE, "The version is stored but not with every service yet.") from None

    async def _current(self, tenant_id: str) -> DocumentSet | None:
        data = await store.find_document_set(self._database, tenant_id=tenant_id)
        return parse_document_set(decode(data, Signed).payload) if data else None

    async def _is_published(self, document: DocumentSet, data: bytes) -> bool:
        stored = await store.find_document_set(self._database, tenant_id=document.tenant, version=document.version)
        return stored == data

    def _remember(self, document: DocumentSet) -> None:
        """Keep the newer one: a slow read may end after a quick publication."""
        seen = self._seen.get(document.tenant)
        if seen is None or seen.version < document.version:
            self._seen[document.tenant] = document
