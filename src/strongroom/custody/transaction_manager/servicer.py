"""The gRPC door: translates, calls one operation, translates."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, final
from uuid import UUID

from grpc import aio

from strongroom.custody.transaction_manager.domain.acceptance import Submission
from strongroom.custody.transaction_manager.domain.confirmation import Observation
from strongroom.custody.transaction_manager.domain.recording import Report
from strongroom.custody.transaction_manager.domain.status import TERMINAL, public_status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import OriginalRequest, Transaction
from strongroom.custody.transaction_manager.operations import read
from strongroom.custody.transaction_manager.operations.accept import accept
from strongroom.custody.transaction_manager.operations.apply_document_set import apply_document_set
from strongroom.custody.transaction_manager.operations.cancel import cancel
from strongroom.custody.transaction_manager.operations.confirm import confirm
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.record_close import record_close
from strongroom.custody.transaction_manager.operations.record_step import record_step
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2_grpc as rpc
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.call import current_call

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_Context: TypeAlias = "aio.ServicerContext[Any, Any]"


@final
class TransactionManagerServicer(rpc.TransactionManagerServicer):
    """Answers the RPCs of strongroom.transaction_manager.v1."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def CreateTransaction(
        self, request: pb.CreateTransactionRequest, context: _Context
    ) -> pb.CreateTransactionResponse:
        """Step 5."""
        submission = Submission(
            tenant_id=request.tenant_id,
            request=OriginalRequest(token=request.token, uri=request.uri, body=request.body),
            idempotency_key=request.idempotency_key,
            received_at_us=request.received_at_us,
            step_us=tuple(request.step_us),
            access_token_id=request.access_token_id,
        )
        accepted = await accept(submission=submission, received=_received(), ports=self._ports)
        return pb.CreateTransactionResponse(
            transaction_id=str(accepted.transaction_id), status=accepted.status, replayed=accepted.replayed
        )

    async def GetTransaction(self, request: pb.GetTransactionRequest, context: _Context) -> pb.Transaction:
        """One transaction with its steps."""
        found, steps = await read.get(
            tenant_id=request.tenant_id,
            transaction_id=_parse_id(request.transaction_id) if request.transaction_id else None,
            external_id=request.external_id,
            ports=self._ports,
        )
        shown = _shown(found)
        shown.steps.extend(_shown_step(step) for step in steps)
        shown.intent, shown.decision = found.intent, found.decision or b""
        shown.tombstone, shown.request_token = found.tombstone or b"", found.request.token
        return shown

    async def ListTransactions(
        self, request: pb.ListTransactionsRequest, context: _Context
    ) -> pb.ListTransactionsResponse:
        """Transactions of a tenant, newest first."""
        listing = read.Listing(
            tenant_id=request.tenant_id,
            status=request.status,
            before_ms=request.before_ms,
            after_ms=request.after_ms,
            page_size=request.page_size,
            cursor=request.cursor,
            source_account=request.source_account,
        )
        page = await read.list_page(listing=listing, ports=self._ports)
        return pb.ListTransactionsResponse(
            transactions=[_shown(item) for item in page.items], next_cursor=page.next_cursor or ""
        )

    async def RecordStep(self, request: pb.RecordStepRequest, context: _Context) -> pb.RecordStepResponse:
        """Steps 6 to 13."""
        report = Report(
            tenant_id=request.tenant_id,
            transaction_id=_parse_id(request.transaction_id),
            steps=tuple(_parse_step(step, request) for step in request.steps),
            document=request.document,
            outcome=request.outcome,
            reason=request.reason,
        )
        recorded = await record_step(report=report, received=_received(), ports=self._ports)
        return pb.RecordStepResponse(
            status=public_status(recorded.status),
            payload=recorded.payload,
            retry_after_ms=recorded.retry_after_ms,
            ended=recorded.ended,
        )

    async def ConfirmTransaction(
        self, request: pb.ConfirmTransactionRequest, context: _Context
    ) -> pb.ConfirmTransactionResponse:
        """Step 14."""
        seen = Observation(
            tx_hash=request.tx_hash,
            block_number=request.block_number,
            block_hash=request.block_hash,
            confirmations=request.confirmations,
            succeeded=request.succeeded,
            fee_units=_parse_units(request.fee_units),
            ours=request.ours,
            revert_reason=request.revert_reason,
        )
        status = await confirm(
            tenant_id=request.tenant_id,
            transaction_id=_parse_id(request.transaction_id),
            seen=seen,
            received=_received(),
            ports=self._ports,
        )
        return pb.ConfirmTransactionResponse(status=public_status(status), final=status in TERMINAL)

    async def CancelTransaction(
        self, request: pb.CancelTransactionRequest, context: _Context
    ) -> pb.CancelTransactionResponse:
        """The end that a user wishes."""
        status = await cancel(
            tenant_id=request.tenant_id,
            transaction_id=_parse_id(request.transaction_id),
            by=request.cancelled_by,
            received=_received(),
            ports=self._ports,
        )
        return pb.CancelTransactionResponse(status=public_status(status))

    async def RecordClose(self, request: pb.RecordCloseRequest, context: _Context) -> pb.RecordCloseResponse:
        """What the co-signers said to a close order."""
        status = await record_close(
            tenant_id=request.tenant_id,
            transaction_id=_parse_id(request.transaction_id),
            tombstones=tuple(request.tombstones),
            received=_received(),
            ports=self._ports,
        )
        return pb.RecordCloseResponse(status=public_status(status))

    async def ApplyDocumentSet(
        self, request: pb.ApplyDocumentSetRequest, context: _Context
    ) -> pb.ApplyDocumentSetResponse:
        """Takes over a published document set."""
        await apply_document_set(document=request.document_set, handoff=_received().handoff, ports=self._ports)
        return pb.ApplyDocumentSetResponse()


def _received() -> Received:
    call = current_call()
    return Received(caller=call.caller, handoff=call.received, parents=call.parents, context=call.given_context)


def _parse_id(text: str) -> UUID:
    try:
        parsed = UUID(text)
    except ValueError:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN) from None
    if str(parsed) != text:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN)
    return parsed


def _parse_units(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 78):
        raise StrongroomError(Code.REQUEST_INVALID, "A fee is a decimal number of wei.")
    return int(text)


def _parse_step(step: pb.Step, request: pb.RecordStepRequest) -> Step:
    return Step(
        step=step.step,
        attempt=request.attempt,
        from_service=step.from_service,
        to_service=step.to_service,
        operation=step.operation,
        outcome=step.outcome or request.outcome,
        detail=step.detail,
        started_at=_EPOCH + step.started_at_us * _MICROSECOND,
        duration_us=max(step.duration_us, 0),
    )


def _shown_step(step: Step) -> pb.Step:
    return pb.Step(
        step=step.step,
        attempt=step.attempt,
        from_service=step.from_service,
        to_service=step.to_service,
        operation=step.operation,
        outcome=step.outcome,
        detail=step.detail,
        started_at_us=(step.started_at - _EPOCH) // _MICROSECOND,
        duration_us=step.duration_us,
    )


def _shown(found: Transaction) -> pb.Transaction:
    return pb.Transaction(
        transaction_id=str(found.id),
        status=public_status(found.status),
        sub_status=found.sub_status,
        reason=found.reason,
        asset_id=found.asset_id,
        source_account=found.source_account,
        source_address=found.sender,
        destination_type=found.destination_type,
        destination_id=found.destination_id,
        destination_address=found.destination_address,
        amount_units=str(found.amount_units),
        decimals=found.decimals,
        fee_units="" if found.fee_units is None else str(found.fee_units),
        tx_hash=found.tx_hash or "",
        external_id=found.external_id or "",
        note=found.note,
        created_by=found.created_by,
        created_at_ms=(found.created_at - _EPOCH) // _MILLISECOND,
        updated_at_ms=(found.updated_at - _EPOCH) // _MILLISECOND,
        confirmations=found.confirmations,
        block_number=found.block_number or 0,
        block_hash=found.block_hash or "",
        attempt=found.attempt,
        ending=found.ending or "" if found.closing else "",
    )
