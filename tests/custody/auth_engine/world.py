"""The auth engine over its own database, and whoever may call it."""

from typing import Any, final

import msgspec

from strongroom.client.credentials import ApiCredentials
from strongroom.client.owner import sign_document_set
from strongroom.custody import auth_engine as service
from strongroom.custody.auth_engine.app import build
from strongroom.custody.auth_engine.config import AuthEngineConfig
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import AuthEngineStub
from strongroom.kernel.documents.document_set import ApiUser
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from tests.fixtures.platform import Stage, open_database
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import API_USER, URI, MadeTenant

TABLES = ("document_sets", "api_users", "registered_keys", "certificates", "auth_tokens", "request_nonces")


@final
class World:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.stage = Stage(clock)
        self.stage.add(build(self.stage.host("auth_engine", database, works=False), AuthEngineConfig()))
        self.gateway = self.stage.peer(AuthEngineStub, "auth_engine", caller="gateway")
        self.policy_engine = self.stage.peer(AuthEngineStub, "auth_engine", caller="policy_engine")
        self.engine = self.stage.peer(AuthEngineStub, "auth_engine", caller="cosigner_engine")

    @classmethod
    async def open(cls, databases: Databases, clock: ManualClock) -> "World":
        world = cls(await open_database(databases, service), clock)
        await world.stage.start()
        return world

    async def apply(self, tenant: MadeTenant) -> None:
        signed = tenant.signed_document_set().encode()
        await self.policy_engine.ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=signed))

    async def authenticate(
        self, tenant: MadeTenant, *, credentials: ApiCredentials = API_USER, method: str = "POST", uri: str = URI
    ) -> pb.AuthenticateResponse:
        sent = tenant.request(credentials=credentials, uri=uri)
        return await self.gateway.Authenticate(
            pb.AuthenticateRequest(
                token=sent.token, api_key=credentials.api_key, uri=uri, body=sent.body, method=method
            )
        )

    async def counts(self) -> dict[str, int]:
        return {
            table: int(await self.database.fetchval(f"select count(*) from {table}"))  # noqa: S608 - a table's name
            for table in TABLES
        }


def api_user(credentials: ApiCredentials, *, name: str | None = None) -> ApiUser:
    return ApiUser(id=name or credentials.api_key, name="treasury", public_key_der=credentials.public_key_der())


def with_users(tenant: MadeTenant, *users: ApiUser) -> MadeTenant:
    """The same version with other API users."""
    return tenant.with_document_set(roster=msgspec.structs.replace(tenant.document_set.roster, api_users=users))


def successor(tenant: MadeTenant, **changes: Any) -> MadeTenant:
    """The next version of a tenant's document set."""
    now = tenant.document_set
    assert sign_document_set(now, tenant.owners)
    return tenant.with_document_set(version=now.version + 1, previous=now.hash(), **changes)
