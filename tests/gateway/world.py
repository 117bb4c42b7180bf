"""The gateway behind a real HTTP server, the real auth engine over its database, and neighbours in memory."""

import asyncio
import json
from typing import Any, final

import httpx
import uvicorn

from strongroom.client.credentials import ApiCredentials
from strongroom.custody import auth_engine
from strongroom.custody.auth_engine.app import build as build_auth_engine
from strongroom.custody.auth_engine.config import AuthEngineConfig
from strongroom.gateway.app import build as build_gateway
from strongroom.gateway.config import GatewayConfig
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import AuthEngineStub
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from tests.fakes.cosigner_engine import FakeCosignerEngine
from tests.fakes.screening import FakeScreening
from tests.fixtures.platform import Stage, open_database
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import API_USER, MadeTenant, make_tenant, transfer_body
from tests.gateway.neighbours import Balances, Manager, Policy, Vault

OPERATOR_TOKEN = "operator's own"
TABLES = ("auth_tokens", "request_nonces", "service_handoff_events")


@final
class World:
    def __init__(self, database: Database, clock: Clock, config: GatewayConfig) -> None:
        self.database, self.clock = database, clock
        self.tenant: MadeTenant = make_tenant()
        self.tenant.ports.now = int(clock.now().timestamp())
        self.manager = Manager()  # pyright: ignore[reportAbstractUsage] - the rest of it is never asked
        self.vault = Vault()  # pyright: ignore[reportAbstractUsage] - the same
        self.balances = Balances()  # pyright: ignore[reportAbstractUsage] - the same
        self.policy = Policy(self.tenant)
        self.stage = Stage(clock)
        self.stage.add(
            build_auth_engine(self.stage.host("auth_engine", database, works=False), AuthEngineConfig()),
            self.manager.service(),
            self.vault.service(),
            self.balances.service(),
            self.policy.service(),
            FakeScreening(self.tenant).service(),
            FakeCosignerEngine().service(),
        )
        gateway = build_gateway(self.stage.host("gateway"), config)
        assert gateway.http is not None
        self.server = uvicorn.Server(
            uvicorn.Config(gateway.http, host="127.0.0.1", port=0, lifespan="off", ws="none", log_config=None)
        )
        self.http = httpx.AsyncClient(trust_env=False)
        self._serving: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, databases: Databases, clock: Clock, config: GatewayConfig | None = None) -> "World":
        made = cls(
            await open_database(databases, auth_engine), clock, config or GatewayConfig(operator_token=OPERATOR_TOKEN)
        )
        await made.stage.start()
        made._serving = asyncio.create_task(made.server.serve())
        while not made.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        await made.apply(made.tenant)
        return made

    async def close(self) -> None:
        await self.http.aclose()
        self.server.should_exit = True
        assert self._serving is not None
        await self._serving
        await self.stage.stop()

    @property
    def base_url(self) -> str:
        host, port = self.server.servers[0].sockets[0].getsockname()
        return f"http://{host}:{port}"

    async def apply(self, tenant: MadeTenant) -> None:
        stub = self.stage.peer(AuthEngineStub, "auth_engine", caller="policy_engine")
        signed = tenant.signed_document_set().encode()
        await stub.ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=signed))

    async def send(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        credentials: ApiCredentials = API_USER,
        headers: dict[str, str] | None = None,
        token: str | None = None,
    ) -> httpx.Response:
        """A request, signed unless a ``token`` is given."""
        if token is None:
            token = credentials.sign_request(uri=target, body=body, ports=self.tenant.ports)
        signed = {"X-API-Key": credentials.api_key, "Authorization": f"Bearer {token}"}
        return await self.http.request(
            method,
            httpx.URL(self.base_url).copy_with(raw_path=target.encode()),
            content=body,
            headers={"Content-Type": "application/json"} | signed | (headers or {}),
        )

    async def post(self, target: str, value: Any, **given: Any) -> httpx.Response:
        return await self.send("POST", target, body=json.dumps(value).encode(), **given)

    async def transfer(self, *, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        return await self.post("/v1/transactions", transfer_body(**changes), headers=headers)

    async def get(self, target: str, **given: Any) -> httpx.Response:
        return await self.send("GET", target, **given)

    async def count(self, table: str) -> int:
        return int(await self.database.fetchval(f"select count(*) from {table}"))  # noqa: S608 - a table's name

    async def counts(self) -> dict[str, int]:
        return {table: await self.count(table) for table in TABLES} | {"created": len(self.manager.created)}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """HTTP status and code of a refusal, whose whole shape is checked."""
    body = answer.json()
    assert set(body) == {"message", "code", "error"}
    assert answer.headers["x-request-id"]
    return answer.status_code, body["error"]
