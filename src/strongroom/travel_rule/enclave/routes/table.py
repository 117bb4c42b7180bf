"""Every route of the API, and how one is found."""

import re
from collections.abc import Mapping
from typing import Final

from strongroom.travel_rule.enclave.routes import directory, risk, trisa, trp, verifications
from strongroom.travel_rule.enclave.routes.route import Route

ROUTES: Final[tuple[Route, ...]] = (
    *directory.ROUTES,
    *verifications.ROUTES,
    *risk.ROUTES,
    *trp.ROUTES,
    *trisa.ROUTES,
    directory.HEALTH,
)
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
"""What a row can be named by: anything else is the name of nothing, and is not asked of a database."""
_EXACT: Final[Mapping[tuple[str, str], Route]] = {
    (route.method, route.path): route for route in ROUTES if not route.path.endswith("}")
}
_NAMED: Final[Mapping[tuple[str, str], Route]] = {
    (route.method, route.path.rpartition("/")[0]): route for route in ROUTES if route.path.endswith("/{uuid}")
}


def find_route(method: str, path: str) -> tuple[Route | None, str]:
    """The route and what stands for its ``{uuid}``; None if there is none."""
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact, ""
    parent, _, uuid = path.rpartition("/")
    return _NAMED.get((method, parent)) if _IDENTIFIER.fullmatch(uuid) else None, uuid
