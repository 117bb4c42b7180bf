"""The two gRPC doors of cosigner_engine: one for services, one for the co-signers that dial in."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final, final
from uuid import UUID

import structlog
from grpc.aio import ServicerContext

from strongroom.custody.cosigner_engine.domain.reports import MEMBERS, WIRE_VERSION
from strongroom.custody.cosigner_engine.domain.requests import OriginalRequest
from strongroom.custody.cosigner_engine.operations.close import Closing, close_transaction
from strongroom.custody.cosigner_engine.operations.document_sets import apply_document_set, deliver_all
from strongroom.custody.cosigner_engine.operations.generate_key import generate_key
from strongroom.custody.cosigner_engine.operations.list_cosigners import list_cosigners
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.operations.open_ceremony import Opening, open_ceremony
from strongroom.custody.cosigner_engine.providers.links import Link
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2_grpc as rpc
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.consent import cosigner_name
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.rpc.call import Call, current_call

_log = structlog.stdlib.get_logger(__name__)
_Context = ServicerContext[Any, Any]
_GREETING_TIMEOUT_S: Final = 10.0


@final
class CosignerEngineServicer(rpc.CosignerEngineServicer):
    """strongroom.cosigner_engine.v1.CosignerEngine."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def OpenCeremony(self, request: pb.OpenCeremonyRequest, context: _Context) -> pb.OpenCeremonyResponse:
        """Step 9: stores the signing request and goes on."""
        call = current_call()
        opening = Opening(
            tenant_id=_tenant(call, request.tenant_id),
            transaction_id=_transaction(request.transaction_id),
            attempt=request.attempt,
            request=OriginalRequest(token=request.request.token, uri=request.request.uri, body=request.request.body),
            intent=request.intent,
            payload=request.payload,
            decision=request.decision,
            verdict=request.verdict,
            approvals=tuple(request.approvals),
        )
        acts_for = self._acts_for(call, opening.tenant_id)
        stored = await open_ceremony(means=self._means, opening=opening, context=acts_for, call=call)
        return pb.OpenCeremonyResponse(signing_request_id=str(stored.id))

    async def GenerateKey(self, request: pb.GenerateKeyRequest, context: _Context) -> pb.GenerateKeyResponse:
        """Starts a key ceremony."""
        call = current_call()
        await generate_key(
            means=self._means,
            context=self._acts_for(call, _tenant(call, request.tenant_id)),
            key_id=request.key_id,
            key_request=request.key_request,
            received=call.received,
        )
        return pb.GenerateKeyResponse()

    async def CloseTransaction(
        self, request: pb.CloseTransactionRequest, context: _Context
    ) -> pb.CloseTransactionResponse:
        """Stores the close order and goes on."""
        call = current_call()
        closing = Closing(
            tenant_id=_tenant(call, request.tenant_id),
            transaction_id=_transaction(request.transaction_id),
            request_hash=request.request_hash,
            reason=request.reason,
        )
        acts_for = self._acts_for(call, closing.tenant_id)
        await close_transaction(means=self._means, closing=closing, context=acts_for, call=call)
        return pb.CloseTransactionResponse()

    async def ApplyDocumentSet(
        self, request: pb.ApplyDocumentSetRequest, context: _Context
    ) -> pb.ApplyDocumentSetResponse:
        """Takes over a published document set, and gives it to the co-signers."""
        received = current_call().received
        await apply_document_set(means=self._means, data=request.document_set, received=received)
        return pb.ApplyDocumentSetResponse()

    async def ListCosigners(self, request: pb.ListCosignersRequest, context: _Context) -> pb.ListCosignersResponse:
        """Which co-signers are connected."""
        return pb.ListCosignersResponse(
            cosigners=[
                pb.ListCosignersResponse.Cosigner(
                    index=one.index,
                    connected=one.connected,
                    seen_at_ms=int(one.seen_at.timestamp() * 1000) if one.seen_at else 0,
                )
                for one in list_cosigners(means=self._means)
            ]
        )

    def _acts_for(self, call: Call, tenant_id: TenantId) -> CallContext:
        """The call's context, or one of our own where the caller acts for itself."""
        return call.given_context or CallContext(
            tenant_id=tenant_id,
            user_id=call.caller,
            environment=self._means.environment,
            session_id=str(call.transaction_id or call.caller),
        )


@final
class CosignerLinkServicer(rpc.CosignerLinkServicer):
    """strongroom.cosigner_engine.v1.CosignerLink: who is at the other end is what its TLS certificate says."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._links = means.links

    async def Connect(
        self, request_iterator: AsyncIterator[pb.CosignerReport], context: _Context
    ) -> AsyncIterator[pb.EngineOrder]:
        """One stream for one co-signer; a second stream replaces the first."""
        index = _index(current_call().caller)
        versions = await _greet(request_iterator, index)
        link = self._links.attach(index, versions)
        reading = asyncio.create_task(self._read(link, request_iterator))
        delivering = asyncio.create_task(self._deliver(link))
        try:
            async for order in link.orders():
                yield order
        finally:
            self._links.detach(link)
            reading.cancel()
            delivering.cancel()
        if link.replaced:
            raise StrongroomError(Code.STATUS_CONFLICT, "A newer stream of this co-signer has taken over.")

    async def _deliver(self, link: Link) -> None:
        """Bring it up to the newest document sets; what fails here is done before its next ceremony."""
        try:
            await deliver_all(means=self._means, link=link)
        except StrongroomError as error:
            _log.warning("document_sets_not_delivered", cosigner=link.index, code=error.code.name)

    async def _read(self, link: Link, reports: AsyncIterator[pb.CosignerReport]) -> None:
        """Take what it says until it hangs up; then its orders end as well."""
        try:
            async for report in reports:
                await self._links.take(link, report)
        finally:
            self._links.detach(link)


async def _greet(reports: AsyncIterator[pb.CosignerReport], index: int) -> dict[str, int]:
    """Take the first message: a greeting by the one that the certificate names, in the wire format of this version.

    Gives the versions of the document sets that it has, by tenant.
    """
    try:
        async with asyncio.timeout(_GREETING_TIMEOUT_S):
            first = await anext(aiter(reports), None)
    except TimeoutError:
        raise StrongroomError(Code.DEADLINE_EXCEEDED, "No greeting came.") from None
    if first is None or first.WhichOneof("report") != "greeting" or first.greeting.index != index:
        raise StrongroomError(Code.MESSAGE_INVALID, "The first message is the greeting of the certified co-signer.")
    if first.greeting.wire_version != WIRE_VERSION:
        raise StrongroomError(Code.MESSAGE_INVALID, f"The engine speaks wire version {WIRE_VERSION}.")
    return {head.tenant_id: head.version for head in first.greeting.document_sets}


def _index(caller: str) -> int:
    for index in MEMBERS:
        if caller == cosigner_name(index):
            return index
    raise StrongroomError(Code.CALLER_NOT_ALLOWED, "Only a co-signer connects here.")


def _tenant(call: Call, tenant_id: str) -> TenantId:
    """The request's tenant, which must be the one that the call is made for."""
    if not tenant_id or (call.given_context is not None and call.given_context.tenant_id != tenant_id):
        raise StrongroomError(Code.FORBIDDEN, "The request names another tenant than its call.")
    return TenantId(tenant_id)


def _transaction(text: str) -> TransactionId:
    try:
        return TransactionId(UUID(text))
    except ValueError:
        raise StrongroomError(Code.REQUEST_INVALID, "A transaction id is a UUID.") from None
