"""An auth engine that takes document sets."""

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
    """``failures`` are raised one after the other by the next calls."""

    document_sets: list[bytes] = field(default_factory=list[bytes])
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])

    async def ApplyDocumentSet(self, request: pb.ApplyDocumentSetRequest, context: Any) -> pb.ApplyDocumentSetResponse:
        if self.failures:
            raise self.failures.pop(0)
        self.document_sets.append(request.document_set)
        return pb.ApplyDocumentSetResponse()

    def service(self) -> Service:
        return Service(name="auth_engine", grpc=(lambda server: add_AuthEngineServicer_to_server(self, server),))
