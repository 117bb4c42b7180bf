"""A co-signer engine that keeps what it is asked and does nothing, or fails as the test says."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import (
    CosignerEngineServicer,
    add_CosignerEngineServicer_to_server,
)
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service


@dataclass
class FakeCosignerEngine(CosignerEngineServicer):
    """Idempotent as the real one: one signing request for each (transaction, attempt)."""

    openings: list[pb.OpenCeremonyRequest] = field(default_factory=list[pb.OpenCeremonyRequest])
    key_requests: list[pb.GenerateKeyRequest] = field(default_factory=list[pb.GenerateKeyRequest])
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])
    connected: set[int] = field(default_factory=lambda: {1, 2, 3})
    calls: list[Call] = field(default_factory=list[Call])

    async def OpenCeremony(self, request: pb.OpenCeremonyRequest, context: Any) -> pb.OpenCeremonyResponse:
        self._note()
        self.openings.append(request)
        name = f"{request.transaction_id}/{request.attempt}"
        return pb.OpenCeremonyResponse(signing_request_id=str(uuid5(NAMESPACE_OID, name)))

    async def GenerateKey(self, request: pb.GenerateKeyRequest, context: Any) -> pb.GenerateKeyResponse:
        self._note()
        self.key_requests.append(request)
        return pb.GenerateKeyResponse()

    async def ListCosigners(self, request: pb.ListCosignersRequest, context: Any) -> pb.ListCosignersResponse:
        return pb.ListCosignersResponse(
            cosigners=[
                pb.ListCosignersResponse.Cosigner(index=index, connected=index in self.connected) for index in (1, 2, 3)
            ]
        )

    def service(self) -> Service:
        return Service(
            name="cosigner_engine", grpc=(lambda server: add_CosignerEngineServicer_to_server(self, server),)
        )

    def _note(self) -> None:
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
