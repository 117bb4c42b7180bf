"""Steps 12 and 13 at the vault: assemble what was signed and hand it to nodes."""

from dataclasses import dataclass

import structlog

from strongroom.custody.secure_vault.domain import Admission, Assembly, Errand, StepReport, decide_assembly
from strongroom.custody.secure_vault.operations.admit import errand_of, get_admission
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.store import admissions, assemblies
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import insert_handoff
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished signature: r, s and recovery id, 65 bytes."""

    tenant_id: TenantId
    transaction_id: TransactionId
    attempt: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What a broadcast needs."""

    admission: Admission
    assembly: Assembly


async def assemble_transaction(*, means: Means, finished: Finished, context: CallContext, call: Call) -> str:
    """Step 12 — rebuild the transaction, recover the sender, compare with the intent; the hash it will have on chain.

    One attempt is assembled once: a later signature of the same digest is answered with the first one's hash.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID`` (an alarm), ``TRANSACTION_UNKNOWN``; ``UNAVAILABLE`` while the vault has
            not yet stored that it opened the ceremony.
    """
    started_at_us = means.now_us()
    admission = await _get_opened(means=means, finished=finished)
    assembly = _decide(admission=admission, finished=finished)
    errand = errand_of(admission=admission, context=context, call=call, started_at_us=started_at_us)
    key, carried = str(finished.transaction_id), Assembled(admission=admission, assembly=assembly)
    send = means.work.new(key, "broadcast", errand.encode(), attempt=finished.attempt, carried=carried)
    inserted, _ = await means.work.commit(
        assemblies.insert_assembly(assembly=assembly, now=means.clock.now()), insert_handoff(call.received), then=[send]
    )
    if inserted:
        return assembly.tx_hash
    first = await _get_assembly(means=means, errand=errand)
    if first.signature != finished.signature:
        _log.warning("second_signature", transaction_id=str(finished.transaction_id), digest=first.digest.hex())
    return first.tx_hash


async def broadcast_transaction(*, means: Means, item: WorkItem) -> None:
    """Report step 12 with the signed payload, which ends any cancelling; then hand it to nodes (step 13)."""
    errand = decode(item.payload, Errand)
    assembled = item.carried if isinstance(item.carried, Assembled) else await _get_assembled(means, errand)
    assembly = assembled.assembly
    report = StepReport(
        step="12",
        from_service="cosigner_engine",
        operation="assemble",
        detail=f"The recovered sender is the intent's; {assembly.tx_hash}.",
        started_at_us=errand.started_at_us,
        duration_us=means.now_us() - errand.started_at_us,
        document=assembly.raw_payload_cbor,
    )
    answer = await means.peers.record_step(errand=errand, report=report)
    if not answer.ended:
        await means.peers.broadcast(errand=errand, admission=assembled.admission, assembly=assembly)
    await means.work.commit(done=item)


async def _get_opened(*, means: Means, finished: Finished) -> Admission:
    admission = await admissions.find_admission(
        means.database,
        tenant_id=finished.tenant_id,
        transaction_id=finished.transaction_id,
        attempt=finished.attempt,
    )
    if admission is None:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN, "The vault has not admitted this transaction.")
    if admission.payload is None:
        raise StrongroomError(Code.UNAVAILABLE, "The vault has not stored the payload yet.")
    return admission


async def _get_assembled(means: Means, errand: Errand) -> Assembled:
    assembly = await _get_assembly(means=means, errand=errand)
    return Assembled(admission=await get_admission(means=means, errand=errand), assembly=assembly)


async def _get_assembly(*, means: Means, errand: Errand) -> Assembly:
    assembly = await assemblies.find_assembly(
        means.database, tenant_id=TenantId(errand.tenant_id), transaction_id=errand.id, attempt=errand.attempt
    )
    assert assembly is not None, "a broadcast is due only in the commit of an assembly"
    return assembly


def _decide(*, admission: Admission, finished: Finished) -> Assembly:
    try:
        return decide_assembly(admission=admission, signature=finished.signature)
    except StrongroomError as error:
        _log.error("alarm_signature", transaction_id=str(finished.transaction_id), detail=error.detail)
        raise
