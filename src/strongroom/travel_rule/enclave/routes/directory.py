"""/v1/vasps."""

from datetime import UTC, datetime
from typing import Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.read import is_healthy, list_vasps
from strongroom.travel_rule.enclave.routes.route import Call, Route

_PARAMETERS: Final = ("protocol", "includesAll")


async def list_all(means: Means, call: Call) -> shapes.Vasps:
    """Providers that can be reached. There is one protocol, so ``protocol`` and ``includesAll`` change nothing."""
    if call.query.get("protocol", "all") not in {"all", "strongroom"}:
        raise StrongroomError(Code.INVALID_FORMAT, "protocol is all or strongroom.")
    return shapes.Vasps(
        vasps=[
            shapes.Vasp(
                health=entry.health.value,
                vasp_id=entry.record.vasp_id,
                vasp_name=entry.record.name,
                legal_name=entry.record.legal_name,
                country=entry.record.country,
                vasp_status=entry.record.status.value,
                created_at=_moment(entry.created_at),
                updated_at=_moment(entry.updated_at),
            )
            for entry in await list_vasps(means=means)
        ]
    )


async def get_own(means: Means, _call: Call) -> shapes.OwnVasp:
    """The VASP id that this enclave speaks for."""
    return shapes.OwnVasp(vasp_id=means.own_vasp_id)


async def get_health(means: Means, _call: Call) -> shapes.Health:
    """Whether the enclave and its database can work; open to everybody."""
    if not await is_healthy(means=means):
        raise StrongroomError(Code.UNAVAILABLE, "The database does not answer.")
    return shapes.Health(status="UP")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


HEALTH: Final = Route(method="GET", path="/v1/health", handle=get_health, answers=shapes.Health)
ROUTES: Final = (
    Route(method="GET", path="/v1/vasps", handle=list_all, answers=shapes.Vasps, query=_PARAMETERS),
    Route(method="GET", path="/v1/vasps/own", handle=get_own, answers=shapes.OwnVasp),
)
