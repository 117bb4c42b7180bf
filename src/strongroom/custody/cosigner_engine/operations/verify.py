"""Steps 11 and 12 at the engine: have the partial hashes checked, then hand the signature to the vault."""

import msgspec
import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.decisions import pause_s
from strongroom.custody.cosigner_engine.domain.reports import MEMBERS, SigningEvent
from strongroom.custody.cosigner_engine.domain.requests import Errand, SigningRequest, SigningStatus, StepReport
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.operations.take_part import asked_callback, close, get_request
from strongroom.custody.cosigner_engine.peers import SERVICE
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def hand_over(*, means: Means, item: WorkItem) -> None:
    """Report step 10, verify (11), report that, assemble (12). Each is idempotent, so a crash repeats them all.

    Statements that disagree, or a signature that is not the key's, are an alarm: the digest is signed again, and the
    transaction does not fail by it (trust.md 7).
    """
    errand = decode(item.payload, Errand)
    tenant_id = TenantId(errand.tenant_id)
    request = await get_request(means=means, errand=errand, item=item)
    statements = await store.list_statements(means.database, tenant_id=tenant_id, ceremony_id=errand.ceremony_id)
    took_part = _took_part(errand, statements)
    if await means.peers.record_step(errand=errand, report=took_part, before=asked_callback(errand)):
        await close(means=means, errand=errand, item=item)
        return
    try:
        await _verify_and_assemble(means=means, request=request, errand=errand, statements=statements)
    except StrongroomError as error:
        if error.retryable and error.code is not Code.PARTIALS_MISMATCH:
            raise
        await _sign_again(means=means, errand=errand, item=item, error=error)
        return
    done = store.update_status(
        tenant_id=tenant_id, signing_request_id=request.id, status=SigningStatus.ASSEMBLED, now=means.clock.now()
    )
    await means.work.commit(done, done=item)


async def verify_partials(
    *, means: Means, request: SigningRequest, errand: Errand, statements: list[SigningEvent]
) -> None:
    """Step 11 — auth_engine compares the three signed statements; its word is reported before the next call.

    Raises:
        StrongroomError: ``PARTIALS_MISMATCH``.
    """
    started_at_us = means.now_us()
    await means.peers.verify_partials(
        errand=errand, digest=request.digest, statements=[statement.document for statement in statements]
    )
    report = StepReport(
        step="11",
        from_service=SERVICE,
        to_services=("auth_engine",),
        operation="verify_partials",
        detail="Three statements over one digest and one signature.",
        started_at_us=started_at_us,
        duration_us=means.now_us() - started_at_us,
    )
    await means.peers.record_step(errand=errand, report=report)


async def _verify_and_assemble(
    *, means: Means, request: SigningRequest, errand: Errand, statements: list[SigningEvent]
) -> None:
    signature = statements[0].signature if statements else None
    if len(statements) != len(MEMBERS) or signature is None:
        raise StrongroomError(Code.PARTIALS_MISMATCH, "A statement is missing.")
    await verify_partials(means=means, request=request, errand=errand, statements=statements)
    await means.peers.assemble(errand=errand, signature=signature)


async def _sign_again(*, means: Means, errand: Errand, item: WorkItem, error: StrongroomError) -> None:
    _log.error("alarm_partials", code=error.code.name, detail=error.detail, signing_request_id=item.key)
    again = msgspec.structs.replace(errand, repeat=errand.repeat + 1, ceremony_id=b"")
    delay_s = pause_s(tries=errand.repeat, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
    run = means.work.new(item.key, "run_ceremony", again.encode(), attempt=item.attempt + 1, due_in_s=delay_s)
    await means.work.commit(done=item, then=[run])


def _took_part(errand: Errand, statements: list[SigningEvent]) -> StepReport:
    kinds = ", ".join(f"{statement.cosigner} {statement.kind.lower()}" for statement in statements)
    return StepReport(
        step="10",
        from_service=SERVICE,
        to_services=tuple(f"cosigner_{index}" for index in MEMBERS),
        operation="take_part",
        detail=f"Consents and statements of all three: {kinds}.",
        started_at_us=errand.started_at_us,
        duration_us=errand.duration_us,
    )
