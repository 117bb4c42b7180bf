"""The JSON of the three risk assessments and of their callbacks (travel_rule.md 1.2, 1.3).

The network's own fields are not published; these are the columns of the requirement's tables, in its spelling.
"""

from typing import Annotated, Literal

import msgspec

from strongroom.travel_rule.enclave.domain.assessments import Matches
from strongroom.travel_rule.enclave.domain.shapes import Asked, Shape, Uuid

UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class AskedSanction(Asked, frozen=True):
    """POST /v1/risk-assessment/chainalysis-sanction: is the counterparty's address sanctioned."""

    verification_uuid: Uuid | None = None


class AskedKyt(Asked, frozen=True, kw_only=True):
    """POST /v1/risk-assessment/chainalysis-kyt; ``userId`` is the provider's pseudonym of its own customer."""

    verification_uuid: Uuid | None = None
    user_id: UserId


class AskedWco(Asked, frozen=True):
    """POST /v1/risk-assessment/refinitiv-wco; without ``target`` the counterparty's customer is screened."""

    verification_uuid: Uuid | None = None
    target: Literal["ORIGINATOR", "BENEFICIARY"] | None = None


class SanctionResult(Shape, frozen=True):
    """``status`` is NOHIT, SANCTION or ERROR; only NOHIT says that the address is on no list."""

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    direction: str
    address: str
    status: str
    ofac_name: str | None
    ofac_description: str | None
    ofac_url: str | None
    created_at: str


class KytAlert(Shape, frozen=True):
    """One alert; ``alertAmount`` in US dollars."""

    alert_id: str
    alert_level: str
    entity_category: str | None
    service_name: str | None
    exposure_type: str
    alert_amount: str


class KytResult(Shape, frozen=True):
    """``status`` is REGISTERED, CHECKING, PROCESSED or ERROR; ``alertCount`` is null until it is PROCESSED.

    ``apiType`` is ATTEMPT or TRANSFER. Data of a CHAINALYSIS_KYT_RESULT callback too.
    """

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    api_type: str
    user_id: str
    direction: str
    network: str
    asset: str
    amount: str
    usd_price: str | None
    status: str
    alert_count: int | None
    alerts: list[KytAlert]
    created_at: str
    assessed_at: str | None


class WcoResult(Shape, frozen=True):
    """``status`` as of KYT; ``aggregatedResultSummaries`` is null until it is PROCESSED.

    Data of a REFINITIV_WCO_RESULT callback too.
    """

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    direction: str
    case_system_id: str
    status: str
    aggregated_result_summaries: Matches | None
    created_at: str
    assessed_at: str | None


class WcoResults(Shape, frozen=True):
    """One screening for each person of the side: a company and its representative are two."""

    verification_uuid: str
    target: str
    results: list[WcoResult]
