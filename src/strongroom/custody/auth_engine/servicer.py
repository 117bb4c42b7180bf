"""The gRPC door of the auth engine: translate, call one operation, translate."""

from typing import Any, Final
from uuid import UUID

from grpc import aio

from strongroom.custody.auth_engine import operations
from strongroom.custody.auth_engine.domain import SignedRequest
from strongroom.custody.auth_engine.operations import DocumentSets
from strongroom.custody.auth_engine.operations.authenticate import Means
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2_grpc as rpc
from strongroom.runtime.rpc.call import current_call

Context = aio.ServicerContext[Any, Any]
READING: Final = frozenset({"GET", "HEAD"})


class AuthEngineServicer(rpc.AuthEngineServicer):
    """See ``proto/strongroom/auth_engine/v1``."""

    def __init__(self, means: Means, *, document_sets: DocumentSets) -> None:
        self._means = means
        self._document_sets = document_sets

    async def Authenticate(self, request: pb.AuthenticateRequest, context: Context) -> pb.AuthenticateResponse:
        """Steps 2 to 4."""
        signed = SignedRequest(
            token=request.token,
            api_key=request.api_key,
            uri=request.uri,
            body=request.body,
            changes=request.method not in READING,
        )
        done = await operations.authenticate(means=self._means, request=signed, received=current_call().received)
        return pb.AuthenticateResponse(
            tenant_id=done.certificate.tenant_id,
            api_user_id=done.certificate.api_user_id,
            request_hash=done.token.request_hash,
            access_token_id=str(done.token.id) if signed.changes else "",
            expires_at=int(done.token.expires_at.timestamp()),
            step_us=done.step_us,
        )

    async def VerifyPartials(self, request: pb.VerifyPartialsRequest, context: Context) -> pb.VerifyPartialsResponse:
        """Step 11."""
        result_hash = await operations.verify_partials(
            database=self._means.database,
            document_sets=self._document_sets,
            tenant_id=request.tenant_id,
            transaction_id=UUID(request.transaction_id),
            digest=request.digest,
            partials=tuple(request.partials),
            received=current_call().received,
        )
        return pb.VerifyPartialsResponse(result_hash=result_hash)

    async def ApplyDocumentSet(
        self, request: pb.ApplyDocumentSetRequest, context: Context
    ) -> pb.ApplyDocumentSetResponse:
        """Take over a version."""
        await self._document_sets.apply(
            request.document_set, received=current_call().received, now=self._means.clock.now()
        )
        return pb.ApplyDocumentSetResponse()
