"""What became of risk assessments: as the API has it, and as the back end is told."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.assessment_shapes import KytAlert, KytResult, SanctionResult, WcoResult
from strongroom.travel_rule.enclave.domain.assessments import Alert, AssessmentStatus, Kyt, Matches, Sanction, Wco
from strongroom.travel_rule.enclave.domain.shapes import Shape
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.assessments import find_kyt, find_sanction, find_wco, list_alerts
from strongroom.travel_rule.enclave.store.engine import Transaction

KYT_RESULT: Final = "CHAINALYSIS_KYT_RESULT"
WCO_RESULT: Final = "REFINITIV_WCO_RESULT"
T = TypeVar("T")
_MATCHES: Final = msgspec.json.Decoder(Matches)


async def read_sanction(*, means: Means, request_id: str) -> SanctionResult:
    """An earlier screening; ``RISK_ASSESSMENT_UNKNOWN``, also with the feature off."""
    found = None
    if means.screens.sanctions is not None:
        found = await means.database.read(lambda tx: find_sanction(tx, request_id))
    return show_sanction(_known(found))


async def read_kyt(*, means: Means, request_id: str) -> KytResult:
    """How far an assessment is; ``RISK_ASSESSMENT_UNKNOWN``, also with the feature off."""
    found = None
    if means.screens.kyt is not None:
        found = await means.database.read(lambda tx: _find_kyt(tx, request_id))
    return _known(found)


async def read_wco(*, means: Means, request_id: str) -> WcoResult:
    """How far a screening is; ``RISK_ASSESSMENT_UNKNOWN``, also with the feature off."""
    found = None
    if means.screens.wco is not None:
        found = await means.database.read(lambda tx: _find_wco(tx, request_id))
    return _known(found)


async def find_told(*, means: Means, kind: str, request_id: str) -> Shape | None:
    """The data of a callback about an assessment: the row as it is now."""
    find = TOLD[kind]
    return await means.database.read(lambda tx: find(tx, request_id))


async def _find_kyt(tx: Transaction, request_id: str) -> KytResult | None:
    kyt = await find_kyt(tx, request_id)
    if kyt is None:
        return None
    is_done = kyt.status is AssessmentStatus.PROCESSED and kyt.external_id is not None
    alerts = await list_alerts(tx, kyt.external_id or "") if is_done else ()
    return show_kyt(kyt=kyt, alerts=alerts)


async def _find_wco(tx: Transaction, request_id: str) -> WcoResult | None:
    wco = await find_wco(tx, request_id)
    return None if wco is None else show_wco(wco)


TOLD: Final[Mapping[str, Callable[[Transaction, str], Awaitable[Shape | None]]]] = {
    KYT_RESULT: _find_kyt,
    WCO_RESULT: _find_wco,
}
"""The kinds of callback that are about an assessment."""


def show_sanction(sanction: Sanction) -> SanctionResult:
    """A screening as the API has it."""
    found = sanction.found
    return SanctionResult(
        request_id=sanction.request_id,
        verification_uuid=sanction.verification_uuid,
        counterparty_vasp_id=sanction.counterparty_vasp_id,
        direction=sanction.direction.value,
        address=sanction.address,
        status=sanction.status.value,
        ofac_name=found and found.name,
        ofac_description=found and found.description,
        ofac_url=found and found.url,
        created_at=_moment(sanction.created_at),
    )


def show_kyt(*, kyt: Kyt, alerts: Sequence[Alert] = ()) -> KytResult:
    """An assessment as the API has it."""
    return KytResult(
        request_id=kyt.request_id,
        verification_uuid=kyt.verification_uuid,
        counterparty_vasp_id=kyt.counterparty_vasp_id,
        api_type=kyt.api_type.value,
        user_id=kyt.user_id,
        direction=kyt.direction.value,
        network=kyt.network,
        asset=kyt.asset,
        amount=kyt.amount,
        usd_price=kyt.usd_price,
        status=kyt.status.value,
        alert_count=kyt.alert_count,
        alerts=[
            KytAlert(
                alert_id=alert.alert_id,
                alert_level=alert.level,
                entity_category=alert.category,
                service_name=alert.service,
                exposure_type=alert.exposure,
                alert_amount=alert.amount,
            )
            for alert in alerts
        ],
        created_at=_moment(kyt.created_at),
        assessed_at=None if kyt.assessed_at is None else _moment(kyt.assessed_at),
    )


def show_wco(wco: Wco) -> WcoResult:
    """A screening as the API has it."""
    return WcoResult(
        request_id=wco.request_id,
        verification_uuid=wco.verification_uuid,
        counterparty_vasp_id=wco.counterparty_vasp_id,
        direction=wco.direction.value,
        case_system_id=wco.case_system_id,
        status=wco.status.value,
        aggregated_result_summaries=None if wco.summary is None else _MATCHES.decode(wco.summary),
        created_at=_moment(wco.created_at),
        assessed_at=None if wco.assessed_at is None else _moment(wco.assessed_at),
    )


def _known(found: T | None) -> T:
    if found is None:
        raise StrongroomError(Code.RISK_ASSESSMENT_UNKNOWN)
    return found


def _moment(at: datetime) -> str:
    """ISO 8601 in UTC, in milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
