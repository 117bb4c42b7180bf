"""KYT: registered here, then at the company, then looked at until it is assessed; at last the back end is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.assessment_shapes import KytResult
from strongroom.travel_rule.enclave.domain.assessments import (
    Alert,
    ApiType,
    AssessmentStatus,
    Kyt,
    Lease,
    decide_api_type,
    decide_sides,
)
from strongroom.travel_rule.enclave.domain.verifications import Verification
from strongroom.travel_rule.enclave.operations.assessment_results import KYT_RESULT, show_kyt
from strongroom.travel_rule.enclave.operations.callbacks import new_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import get_verification
from strongroom.travel_rule.enclave.operations.screening import freed, is_overdue, new_lease, switched_on
from strongroom.travel_rule.enclave.store.assessments import (
    insert_alerts,
    insert_kyt,
    take_kyt,
    update_kyt,
)
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction

_log = structlog.stdlib.get_logger(__name__)


async def request_kyt(*, means: Means, uuid: str, user_id: str) -> KytResult:
    """Have a transfer assessed, or before it is reported the originator's attempt to make it.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``, ``UNSUPPORTED_RISK_ASSESSMENT``, ``INVALID_FORMAT`` when something
            fits no column, ``UNAVAILABLE`` when the database is.
    """
    switched_on(means.screens.kyt)
    verification = await means.database.read(lambda tx: get_verification(tx, means=means, uuid=uuid))
    kyt = _new(means, verification, user_id)
    await means.database.run(lambda tx: insert_kyt(tx, kyt))
    _log.info("kyt_registered", request_id=kyt.request_id, uuid=uuid, api_type=kyt.api_type.value)
    means.screens.starter.begin(kyt)
    return show_kyt(kyt=kyt)


async def take_due_kyt(*, means: Means, limit: int) -> Sequence[Kyt]:
    """Lease assessments that wait to this process."""
    now, terms = means.now(), means.screens.terms
    return await means.database.run(
        lambda tx: take_kyt(
            tx,
            lease=Lease(worker_id=means.screens.worker_id, at=now),
            limit=limit,
            due=now - timedelta(seconds=terms.poll_s),
            ran_out=now - timedelta(seconds=terms.lease_s),
        )
    )


async def run_kyt(*, means: Means, kyt: Kyt) -> None:
    """One step of an assessment that is leased to this process: register it, or look at it; errors end it at last."""
    try:
        await _advance(means, kyt)
    except StrongroomError as error:
        _log.warning("kyt_step_failed", request_id=kyt.request_id, code=error.code.name)
        if error.retryable and not is_overdue(means=means, row=kyt):
            await _store(means, kyt, replace(kyt, lease=freed(means)))
        else:
            await _end(means, kyt, replace(kyt, status=AssessmentStatus.ERROR), ())


async def _advance(means: Means, kyt: Kyt) -> None:
    screen = switched_on(means.screens.kyt)
    seen = await (screen.register(kyt) if kyt.external_id is None else screen.look(kyt))
    known = replace(
        kyt,
        status=AssessmentStatus.CHECKING,
        external_id=seen.external_id,
        usd_price=seen.usd_price,
        lease=freed(means),
    )
    if seen.is_assessed:
        alerts = await screen.list_alerts(known)
        assessed = replace(known, status=AssessmentStatus.PROCESSED, alert_count=len(alerts))
        await _end(means, kyt, assessed, alerts)
    elif is_overdue(means=means, row=kyt):
        await _end(means, kyt, replace(known, status=AssessmentStatus.ERROR), ())
    else:
        await _store(means, kyt, known)


async def _store(means: Means, held: Kyt, changed: Kyt) -> None:
    """How far it is, and free for whoever looks next."""
    now = means.now()
    await means.database.run(lambda tx: update_kyt(tx, changed, held=held.lease, now=now))


async def _end(means: Means, held: Kyt, ended: Kyt, alerts: Sequence[Alert]) -> None:
    """The result, its alerts and the callback in one commit; nothing of it if the lease was lost."""
    now = means.now()
    done = replace(ended, lease=Lease(worker_id=held.lease.worker_id, at=now), assessed_at=now)
    callback = new_callback(means=means, kind=KYT_RESULT, uuid=done.request_id)

    async def store(tx: Transaction) -> bool:
        if not await update_kyt(tx, done, held=held.lease, now=now):
            return False
        await insert_alerts(tx, done.external_id or "", alerts, now=now)
        await insert_commands(tx, [callback])
        return True

    if await means.database.run(store):
        _log.info("kyt_ended", request_id=done.request_id, status=done.status.value, alerts=done.alert_count)
        means.begin([callback])


def _new(means: Means, verification: Verification, user_id: str) -> Kyt:
    screen = switched_on(means.screens.kyt)
    sides = decide_sides(verification, means.own_vasp_id)
    api_type = decide_api_type(verification, sides)
    address = verification.beneficiary_account_number
    if not address:
        raise StrongroomError(Code.UNSUPPORTED_RISK_ASSESSMENT, "The verification names no beneficiary's address.")
    request_id, now = means.new_uuid(), means.now()
    is_transfer = api_type is ApiType.TRANSFER
    return Kyt(
        request_id=request_id,
        verification_uuid=verification.uuid,
        counterparty_vasp_id=sides.counterparty_vasp_id,
        api_type=api_type,
        user_id=user_id,
        direction=sides.direction,
        network=screen.network_of(verification.asset),
        asset=verification.asset.symbol,
        amount=verification.asset.amount,
        transfer_ref=f"{verification.tx_hash}:{address}" if is_transfer else request_id,
        output_address=address,
        timestamp=verification.asset.trade_at or verification.ordered_at or verification.created_at,
        status=AssessmentStatus.REGISTERED,
        lease=new_lease(means),
        created_at=now,
    )
