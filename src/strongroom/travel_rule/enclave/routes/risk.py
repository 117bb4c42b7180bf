"""/v1/risk-assessment."""

from typing import Final

from strongroom.travel_rule.enclave.domain import assessment_shapes as shapes
from strongroom.travel_rule.enclave.domain.assessments import Target
from strongroom.travel_rule.enclave.domain.requests import parse_body, parse_uuid
from strongroom.travel_rule.enclave.operations.assess_kyt import request_kyt
from strongroom.travel_rule.enclave.operations.assess_sanction import assess_sanction
from strongroom.travel_rule.enclave.operations.assess_wco import request_wco
from strongroom.travel_rule.enclave.operations.assessment_results import read_kyt, read_sanction, read_wco
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.routes.route import Call, Route

PATH: Final = "/v1/risk-assessment"


async def assess_address(means: Means, call: Call) -> shapes.SanctionResult:
    """Compare the counterparty's address with Chainalysis' sanctions lists; needs a completed verification."""
    asked = parse_body(call.body, shapes.AskedSanction)
    return await assess_sanction(means=means, uuid=parse_uuid(asked))


async def get_sanction(means: Means, call: Call) -> shapes.SanctionResult:
    """An earlier sanctions screening, by its ``requestId``."""
    return await read_sanction(means=means, request_id=call.uuid)


async def assess_transfer(means: Means, call: Call) -> shapes.KytResult:
    """Have Chainalysis KYT assess the attempt to pay, or once it is reported the transfer; the result comes later."""
    asked = parse_body(call.body, shapes.AskedKyt)
    return await request_kyt(means=means, uuid=parse_uuid(asked), user_id=asked.user_id)


async def get_kyt(means: Means, call: Call) -> shapes.KytResult:
    """How far a KYT assessment is, by its ``requestId``."""
    return await read_kyt(means=means, request_id=call.uuid)


async def assess_name(means: Means, call: Call) -> shapes.WcoResults:
    """Have World-Check One screen one side's persons, the counterparty's unless said otherwise; results come later."""
    asked = parse_body(call.body, shapes.AskedWco)
    target = None if asked.target is None else Target(asked.target)
    return await request_wco(means=means, uuid=parse_uuid(asked), target=target)


async def get_wco(means: Means, call: Call) -> shapes.WcoResult:
    """How far a World-Check One screening is, by its ``requestId``."""
    return await read_wco(means=means, request_id=call.uuid)


_SANCTION, _KYT, _WCO = f"{PATH}/chainalysis-sanction", f"{PATH}/chainalysis-kyt", f"{PATH}/refinitiv-wco"
ROUTES: Final = (
    Route(
        method="POST",
        path=_SANCTION,
        handle=assess_address,
        asks=shapes.AskedSanction,
        answers=shapes.SanctionResult,
    ),
    Route(method="GET", path=f"{_SANCTION}/{{uuid}}", handle=get_sanction, answers=shapes.SanctionResult),
    Route(method="POST", path=_KYT, handle=assess_transfer, asks=shapes.AskedKyt, answers=shapes.KytResult),
    Route(method="GET", path=f"{_KYT}/{{uuid}}", handle=get_kyt, answers=shapes.KytResult),
    Route(method="POST", path=_WCO, handle=assess_name, asks=shapes.AskedWco, answers=shapes.WcoResults),
    Route(method="GET", path=f"{_WCO}/{{uuid}}", handle=get_wco, answers=shapes.WcoResult),
)
