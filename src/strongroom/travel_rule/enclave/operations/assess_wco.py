"""World-Check One: a case a person, saved while the caller waits; then screened and looked at until it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.travel_rule.enclave.domain.assessment_shapes import WcoResults
from strongroom.travel_rule.enclave.domain.assessments import (
    AssessmentStatus,
    Direction,
    Lease,
    Screened,
    Sides,
    Target,
    Wco,
    decide_screened,
    decide_sides,
)
from strongroom.travel_rule.enclave.operations.assessment_results import WCO_RESULT, show_wco
from strongroom.travel_rule.enclave.operations.callbacks import new_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import get_verification
from strongroom.travel_rule.enclave.operations.screening import freed, is_overdue, new_lease, switched_on, try_patiently
from strongroom.travel_rule.enclave.store.assessments import insert_wco, take_wco, update_wco
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction

_log = structlog.stdlib.get_logger(__name__)


async def request_wco(*, means: Means, uuid: str, target: Target | None) -> WcoResults:
    """Have every person of one side screened, each as a case of its own; None takes the counterparty's side.

    The names go to the company while the caller waits, so no row of work holds any. A person whose case could not be
    saved is answered, and kept, with ``ERROR``.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``, ``UNSUPPORTED_RISK_ASSESSMENT``, ``UNAVAILABLE`` when the database
            is.
    """
    switched_on(means.screens.wco)
    verification = await means.database.read(lambda tx: get_verification(tx, means=means, uuid=uuid))
    sides = decide_sides(verification, means.own_vasp_id)
    side = target or (Target.BENEFICIARY if sides.direction is Direction.OUTGOING else Target.ORIGINATOR)
    persons = decide_screened(verification, side)
    rows = [await _register(means, uuid, sides, person) for person in persons]
    return WcoResults(verification_uuid=uuid, target=side.value, results=[show_wco(row) for row in rows])


async def take_due_wco(*, means: Means, limit: int) -> Sequence[Wco]:
    """Lease screenings that wait to this process."""
    now, terms = means.now(), means.screens.terms
    return await means.database.run(
        lambda tx: take_wco(
            tx,
            lease=Lease(worker_id=means.screens.worker_id, at=now),
            limit=limit,
            due=now - timedelta(seconds=terms.poll_s),
            ran_out=now - timedelta(seconds=terms.lease_s),
        )
    )


async def run_wco(*, means: Means, wco: Wco) -> None:
    """One step of a screening that is leased to this process: ask for it, or look at it; errors end it at last."""
    try:
        await _advance(means, wco)
    except StrongroomError as error:
        _log.warning("wco_step_failed", request_id=wco.request_id, code=error.code.name)
        if error.retryable and not is_overdue(means=means, row=wco):
            await _store(means, wco, replace(wco, lease=freed(means)))
        else:
            await _end(means, wco, replace(wco, status=AssessmentStatus.ERROR))


async def _register(means: Means, uuid: str, sides: Sides, person: Screened) -> Wco:
    request_id = means.new_uuid()
    case_system_id = await _create_case(means, person, request_id)
    is_saved = bool(case_system_id)
    now = means.now()
    wco = Wco(
        request_id=request_id,
        verification_uuid=uuid,
        counterparty_vasp_id=sides.counterparty_vasp_id,
        direction=sides.direction,
        case_system_id=case_system_id,
        status=AssessmentStatus.REGISTERED if is_saved else AssessmentStatus.ERROR,
        lease=new_lease(means) if is_saved else freed(means),
        created_at=now,
        assessed_at=None if is_saved else now,
    )
    await means.database.run(lambda tx: insert_wco(tx, wco))
    _log.info("wco_registered", request_id=request_id, uuid=uuid, status=wco.status.value)
    if is_saved:
        means.screens.starter.begin(wco)
    return wco


async def _create_case(means: Means, person: Screened, request_id: str) -> str:
    """The case's id at the company; empty when it could not be saved.

    Each try has a case id of its own, since a try that seemed to fail may have saved its case.
    """
    screen = switched_on(means.screens.wco)
    try:
        return await try_patiently(
            means=means,
            call=lambda: screen.create_case(person, case_id=f"{request_id}-{means.entropy.token(2).hex()}"),
            paused_s=screen.paused_s,
            what="wco",
        )
    except StrongroomError:
        return ""


async def _advance(means: Means, wco: Wco) -> None:
    screen = switched_on(means.screens.wco)
    if wco.status is AssessmentStatus.REGISTERED:
        await screen.request_screening(wco.case_system_id)
        await _store(means, wco, replace(wco, status=AssessmentStatus.CHECKING, lease=freed(means)))
        return
    matches = await screen.find_matches(wco.case_system_id)
    if matches is not None:
        summary = msgspec.json.encode(matches).decode()
        await _end(means, wco, replace(wco, status=AssessmentStatus.PROCESSED, summary=summary))
    elif is_overdue(means=means, row=wco):
        await _end(means, wco, replace(wco, status=AssessmentStatus.ERROR))
    else:
        await _store(means, wco, replace(wco, lease=freed(means)))


async def _store(means: Means, held: Wco, changed: Wco) -> None:
    """How far it is, and free for whoever looks next."""
    now = means.now()
    await means.database.run(lambda tx: update_wco(tx, changed, held=held.lease, now=now))


async def _end(means: Means, held: Wco, ended: Wco) -> None:
    """The result and the callback in one commit; nothing of it if the lease was lost."""
    now = means.now()
    done = replace(ended, lease=Lease(worker_id=held.lease.worker_id, at=now), assessed_at=now)
    callback = new_callback(means=means, kind=WCO_RESULT, uuid=done.request_id)

    async def store(tx: Transaction) -> bool:
        if not await update_wco(tx, done, held=held.lease, now=now):
            return False
        await insert_commands(tx, [callback])
        return True

    if await means.database.run(store):
        _log.info("wco_ended", request_id=done.request_id, status=done.status.value)
        means.begin([callback])
