"""A co-signer engine that keeps what it is asked, or fails as told; tombstones are by the tenant's real keys."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import (
    CosignerEngineServicer,
    add_CosignerEngineServicer_to_server,
)
from strongroom.kernel.documents.consent import Tombstone, cosigner_name
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service
from tests.fixtures.tenant import MadeTenant


@dataclass
class FakeCosignerEngine(CosignerEngineServicer):
    """Idempotent as the real one: one signing request for each (transaction, attempt)."""

    openings: list[pb.OpenCeremonyRequest] = field(default_factory=list[pb.OpenCeremonyRequest])
    key_requests: list[pb.GenerateKeyRequest] = field(default_factory=list[pb.GenerateKeyRequest])
    closings: list[pb.CloseTransactionRequest] = field(default_factory=list[pb.CloseTransactionRequest])
    document_sets: list[bytes] = field(default_factory=list[bytes])
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])
    connected: set[int] = field(default_factory=lambda: {1, 2, 3})
    calls: list[Call] = field(default_factory=list[Call])
    lost_answers: int = 0

    async def OpenCeremony(self, request: pb.OpenCeremonyRequest, context: Any) -> pb.OpenCeremonyResponse:
        self._note()
        self.openings.append(request)
        if self.lost_answers:
            self.lost_answers -= 1
            raise StrongroomError(Code.UNAVAILABLE)
        name = f"{request.transaction_id}/{request.attempt}"
        return pb.OpenCeremonyResponse(signing_request_id=str(uuid5(NAMESPACE_OID, name)))

    async def GenerateKey(self, request: pb.GenerateKeyRequest, context: Any) -> pb.GenerateKeyResponse:
        self._note()
        self.key_requests.append(request)
        return pb.GenerateKeyResponse()

    async def CloseTransaction(self, request: pb.CloseTransactionRequest, context: Any) -> pb.CloseTransactionResponse:
        self._note()
        self.closings.append(request)
        return pb.CloseTransactionResponse()

    async def ApplyDocumentSet(self, request: pb.ApplyDocumentSetRequest, context: Any) -> pb.ApplyDocumentSetResponse:
        self._note()
        self.document_sets.append(request.document_set)
        return pb.ApplyDocumentSetResponse()

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


def tombstone(
    tenant: MadeTenant, closing: pb.CloseTransactionRequest, *, index: int, signer: int | None = None, **changes: Any
) -> bytes:
    """What co-signer ``index`` answers to this order; signed by ``signer``'s key where that is another one."""
    given: dict[str, Any] = {
        "transaction_id": UUID(closing.transaction_id).bytes,
        "request_hash": closing.request_hash,
        "cosigner": index,
        "reason": closing.reason,
        "at": 1_800_000_000,
    }
    key = tenant.cosigners[(signer or index) - 1].signing
    payload = Tombstone(**(given | changes)).encode()
    return tenant.sign(Kind.TOMBSTONE, payload, key=key, signer=cosigner_name(index)).encode()
