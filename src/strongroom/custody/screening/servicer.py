"""The gRPC door of screening: translate, call one operation, translate."""

from typing import Any
from uuid import UUID

from grpc import aio

from strongroom.custody.screening import operations
from strongroom.custody.screening.domain.verdicts import AmlResult
from strongroom.custody.screening.operations.means import Means
from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.interfaces.screening.v1 import screening_pb2_grpc as rpc
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.call import Call, current_call

Context = aio.ServicerContext[Any, Any]
_KEPT = 4096  # results of 5b that no 5c has asked for yet; beyond that they are read again


class ScreeningServicer(rpc.ScreeningServicer):
    """See ``proto/strongroom/screening/v1``."""

    def __init__(self, host: Host, *, means: Means) -> None:
        self._host = host
        self._means = means
        self._screened: dict[tuple[UUID, int], AmlResult] = {}

    async def ScreenTransaction(
        self, request: pb.ScreenTransactionRequest, context: Context
    ) -> pb.ScreenTransactionResponse:
        """Step 5b."""
        call, began = current_call(), self._host.clock.monotonic_s()
        intent = _intent(request.intent, request.tenant_id, call, self._host.environment)
        result = await operations.screen(
            database=self._host.database(),
            intent=intent,
            attempt=request.attempt,
            received=call.received,
            now=self._host.clock.now(),
        )
        if len(self._screened) >= _KEPT:
            self._screened.clear()
        self._screened[intent.id, request.attempt] = result
        return pb.ScreenTransactionResponse(
            aml=result.aml.value,
            provider=result.provider,
            detail=result.detail,
            provider_us=round((self._host.clock.monotonic_s() - began) * 1_000_000),
        )

    async def ExchangeTravelRule(
        self, request: pb.ExchangeTravelRuleRequest, context: Context
    ) -> pb.ExchangeTravelRuleResponse:
        """Step 5c."""
        call = current_call()
        intent = _intent(request.intent, request.tenant_id, call, self._host.environment)
        record = await operations.exchange_travel_rule(
            means=self._means,
            screened=self._screened.pop((intent.id, request.attempt), None),
            intent=intent,
            attempt=request.attempt,
            received=call.received,
        )
        return pb.ExchangeTravelRuleResponse(
            outcome=record.outcome.value,
            counterparty=record.counterparty,
            verdict=record.verdict,
            detail=record.obligation.reason,
            report_due=record.report_due,
        )

    async def ReportTransfer(self, request: pb.ReportTransferRequest, context: Context) -> pb.ReportTransferResponse:
        """What became of a transfer."""
        reported = await operations.report_transfer(
            means=self._means,
            tenant_id=request.tenant_id,
            transaction_id=UUID(request.transaction_id),
            tx_hash=request.tx_hash,
            failure=request.failure,
            received=current_call().received,
        )
        return pb.ReportTransferResponse(reported=reported)

    async def ImportList(self, request: pb.ImportListRequest, context: Context) -> pb.ImportListResponse:
        """Replace one list."""
        count = await operations.import_list(
            database=self._host.database(), name=request.name, content=request.content, now=self._host.clock.now()
        )
        return pb.ImportListResponse(addresses=count)

    async def ListLists(self, request: pb.ListListsRequest, context: Context) -> pb.ListListsResponse:
        """A page of lists."""
        page = await operations.list_lists(
            database=self._host.database(), page_size=request.page_size, cursor=request.cursor or None
        )
        lists = [
            pb.ListListsResponse.List(name=name, addresses=size, imported_at_ms=round(at.timestamp() * 1000))
            for name, size, at in page.items
        ]
        return pb.ListListsResponse(lists=lists, next_cursor=page.next_cursor or "")

    async def ImportParties(self, request: pb.ImportPartiesRequest, context: Context) -> pb.ImportPartiesResponse:
        """Replace the parties of one tenant."""
        parties = await operations.import_parties(means=self._means, content=request.content)
        return pb.ImportPartiesResponse(
            tenant_id=parties.tenant_id,
            originators=len(parties.originators),
            destinations=len(parties.destinations),
        )

    async def ListParties(self, request: pb.ListPartiesRequest, context: Context) -> pb.ListPartiesResponse:
        """A page of parties."""
        page = await operations.list_parties(
            means=self._means, page_size=request.page_size, cursor=request.cursor or None
        )
        parties = [
            pb.ListPartiesResponse.Party(
                tenant_id=party.tenant_id,
                kind=party.kind,
                place=party.place,
                jurisdiction=party.jurisdiction,
                standing=party.standing,
                imported_at_ms=round(party.imported_at.timestamp() * 1000),
            )
            for party in page.items
        ]
        return pb.ListPartiesResponse(parties=parties, next_cursor=page.next_cursor or "")


def _intent(data: bytes, tenant_id: str, call: Call, environment: Environment) -> Intent:
    """The intent of a request, which must be of this environment, of the tenant and of the handoff's transaction."""
    intent = decode(data, Intent)
    transaction_id = None if call.transaction_id is None else call.transaction_id.bytes
    if (intent.environment, intent.tenant, intent.transaction_id) != (environment, tenant_id, transaction_id):
        raise StrongroomError(Code.INTENT_MISMATCH, "The intent is of something else than the call.")
    return intent
