"""As much of auth_engine as the engine asks: it compares nothing, and disagrees when the test says so."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import (
    AuthEngineServicer,
    add_AuthEngineServicer_to_server,
)
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.service import Service


@dataclass
class FakeAuthEngine(AuthEngineServicer):
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])
    verified: list[pb.VerifyPartialsRequest] = field(default_factory=list[pb.VerifyPartialsRequest])

    async def VerifyPartials(self, request: pb.VerifyPartialsRequest, context: Any) -> pb.VerifyPartialsResponse:
        if self.failures:
            raise self.failures.pop(0)
        self.verified.append(request)
        return pb.VerifyPartialsResponse(result_hash=b"\x01" * 32)

    def service(self) -> Service:
        return Service(name="auth_engine", grpc=(lambda server: add_AuthEngineServicer_to_server(self, server),))
