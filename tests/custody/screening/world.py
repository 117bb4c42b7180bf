"""Screening over its own database, and the tenant whose roster names its key."""

import json
from typing import Any, final

import msgspec

import strongroom.custody.screening as service
from strongroom.custody.screening.app import build
from strongroom.custody.screening.config import ScreeningConfig
from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.interfaces.screening.v1.screening_pb2_grpc import ScreeningStub
from strongroom.kernel.documents.intent import Intent
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.host import SIGNING_KEY
from strongroom.runtime.kms import Kms, MemoryKms
from tests.fakes.secure_vault import FakeSecureVault
from tests.fixtures.platform import Stage, on_behalf, open_database
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import TENANT, MadeTenant, made_key, make_tenant

LISTED = "0x01e2919679362dFBC9ee1644Ba9C6da6D6245BB1"
"""The first address of tests/data/sanctions/sanctioned_addresses_ETH.json."""


@final
class World:
    def __init__(
        self,
        database: Database,
        clock: ManualClock,
        *,
        config: ScreeningConfig | None = None,
        entropy: Entropy | None = None,
        kms: Kms | None = None,
        vault: type[FakeSecureVault] = FakeSecureVault,
    ) -> None:
        self.database, self.clock = database, clock
        self.kms, self.config = kms or MemoryKms(), config or ScreeningConfig()
        self.stage = Stage(clock, entropy=entropy)
        self.host = self.stage.host("screening", database, kms=self.kms, works=False)
        self.vault = vault()
        self.service = build(self.host, self.config)
        self.stage.add(self.service, self.vault.service())
        self.manager = self.stage.peer(ScreeningStub, "screening", caller="transaction_manager")
        self.gateway = self.stage.peer(ScreeningStub, "screening", caller="gateway")

    @classmethod
    async def open(cls, databases: Databases, clock: ManualClock, **given: Any) -> "World":
        world = cls(await open_database(databases, service), clock, **given)
        await world.stage.start()
        return world

    def tenant(self) -> MadeTenant:
        """A tenant that believes this screening."""
        made = make_tenant()
        key = self.host.kms.signer(SIGNING_KEY).public_key
        return made.with_document_set(roster=msgspec.structs.replace(made.document_set.roster, screening_key=key))

    async def load(self, *addresses: str, name: str = "test") -> int:
        return await self.load_bytes(json.dumps(addresses).encode(), name=name)

    async def load_bytes(self, content: bytes, *, name: str = "test") -> int:
        return (await self.gateway.ImportList(pb.ImportListRequest(name=name, content=content))).addresses

    async def register(self, content: bytes) -> pb.ImportPartiesResponse:
        return await self.gateway.ImportParties(pb.ImportPartiesRequest(content=content))

    async def report(self, about: Intent, *, tx_hash: str = "", failure: str = "") -> bool:
        request = pb.ReportTransferRequest(
            tenant_id=TENANT, transaction_id=str(about.id), tx_hash=tx_hash, failure=failure
        )
        return (await self.manager.ReportTransfer(request, metadata=on_behalf(about.id))).reported

    async def screen(self, about: Intent, *, attempt: int = 0, **changes: Any) -> pb.ScreenTransactionResponse:
        request = pb.ScreenTransactionRequest(attempt=attempt, **_fields(about, changes))
        return await self.manager.ScreenTransaction(request, metadata=on_behalf(request.transaction_id))

    async def exchange(self, about: Intent, *, attempt: int = 0, **changes: Any) -> pb.ExchangeTravelRuleResponse:
        request = pb.ExchangeTravelRuleRequest(attempt=attempt, **_fields(about, changes))
        return await self.manager.ExchangeTravelRule(request, metadata=on_behalf(request.transaction_id))

    async def count(self, table: str) -> int:
        return int(await self.database.fetchval(f"select count(*) from {table}"))  # noqa: S608 - a table's name


def intent_to(destination: str, **changes: Any) -> Intent:
    """A transfer of 1 ETH_TEST to an address."""
    made = make_tenant()
    intent = made.intent(made.request(), made_key())
    return msgspec.structs.replace(intent, **({"destination": destination} | changes))


def _fields(intent: Intent, changes: dict[str, Any]) -> dict[str, Any]:
    return {"tenant_id": TENANT, "transaction_id": str(intent.id), "intent": intent.encode()} | changes
