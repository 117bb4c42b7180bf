"""The engine's door as a co-signer sees it: mTLS, a greeting, orders as a test gives them, reports as they come."""

# ruff: noqa: N802 - gRPC names its methods

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from grpc import aio

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import (
    CosignerLinkServicer,
    add_CosignerLinkServicer_to_server,
)
from strongroom.runtime.pki import TlsLeaf


@dataclass
class FakeLink(CosignerLinkServicer):
    """One co-signer at a time."""

    orders: asyncio.Queue[pb.EngineOrder | None] = field(default_factory=asyncio.Queue[pb.EngineOrder | None])
    reports: asyncio.Queue[pb.CosignerReport] = field(default_factory=asyncio.Queue[pb.CosignerReport])
    server: aio.Server | None = None

    async def Connect(
        self, request_iterator: AsyncIterator[pb.CosignerReport], context: Any
    ) -> AsyncIterator[pb.EngineOrder]:
        del context
        reading = asyncio.create_task(self._read(request_iterator))
        try:
            while (order := await self.orders.get()) is not None:
                yield order
        finally:
            reading.cancel()

    async def _read(self, reports: AsyncIterator[pb.CosignerReport]) -> None:
        async for report in reports:
            self.reports.put_nowait(report)

    async def serve(self, leaf: TlsLeaf, *, port: int = 0) -> int:
        """Listen on loopback; gives the port."""
        self.server = aio.server()
        add_CosignerLinkServicer_to_server(self, self.server)
        credentials = grpc.ssl_server_credentials(
            [(leaf.key_pem, leaf.chain_pem)], root_certificates=leaf.root_pem, require_client_auth=True
        )
        bound = self.server.add_secure_port(f"127.0.0.1:{port}", credentials)
        await self.server.start()
        return bound

    async def stop(self) -> None:
        """End every stream and the port."""
        if self.server is not None:
            await self.server.stop(None)

    async def heard(self, timeout_s: float = 20.0) -> pb.CosignerReport:
        """The next report."""
        async with asyncio.timeout(timeout_s):
            return await self.reports.get()
