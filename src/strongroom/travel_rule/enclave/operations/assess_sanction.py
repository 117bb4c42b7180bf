"""Sanctions: asked and answered while the caller waits."""

import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.travel_rule.enclave.domain.assessment_shapes import SanctionResult
from strongroom.travel_rule.enclave.domain.assessments import (
    Identification,
    Sanction,
    SanctionStatus,
    decide_address,
    decide_sides,
)
from strongroom.travel_rule.enclave.operations.assessment_results import show_sanction
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import get_verification
from strongroom.travel_rule.enclave.operations.screening import switched_on, try_patiently
from strongroom.travel_rule.enclave.store.assessments import insert_sanction

_log = structlog.stdlib.get_logger(__name__)


async def assess_sanction(*, means: Means, uuid: str) -> SanctionResult:
    """Compare the counterparty's address with the lists, and keep what was said; ``ERROR`` where nothing was.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``, ``UNSUPPORTED_RISK_ASSESSMENT``, ``UNAVAILABLE`` when the database
            is.
    """
    switched_on(means.screens.sanctions)
    verification = await means.database.read(lambda tx: get_verification(tx, means=means, uuid=uuid))
    sides = decide_sides(verification, means.own_vasp_id)
    address = decide_address(verification, sides)
    status, found = await _ask(means, address)
    sanction = Sanction(
        request_id=means.new_uuid(),
        verification_uuid=uuid,
        counterparty_vasp_id=sides.counterparty_vasp_id,
        direction=sides.direction,
        address=address,
        status=status,
        found=found,
        created_at=means.now(),
    )
    await means.database.run(lambda tx: insert_sanction(tx, sanction))
    _log.info("sanction_assessed", request_id=sanction.request_id, uuid=uuid, status=status.value)
    return show_sanction(sanction)


async def _ask(means: Means, address: str) -> tuple[SanctionStatus, Identification | None]:
    screen = switched_on(means.screens.sanctions)
    try:
        found = await try_patiently(
            means=means, call=lambda: screen.find(address), paused_s=screen.paused_s, what="sanction"
        )
    except StrongroomError:
        return SanctionStatus.ERROR, None
    return (SanctionStatus.NOHIT, None) if found is None else (SanctionStatus.SANCTION, found)
