"""What a route of the API is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from strongroom.travel_rule.enclave.domain.shapes import Asked, Shape
from strongroom.travel_rule.enclave.operations.means import Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: its body, its query, and what stands for ``{uuid}`` in its path."""

    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    uuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Args:
        path: may end in ``/{uuid}``.
        handle: translates, calls one operation, translates; its docstring describes the route.
        asks: the body's shape; None without a body.
        answers: the answer's.
        query: names of the query's parameters.
    """

    method: str
    path: str
    handle: Callable[[Means, Call], Awaitable[Shape]]
    asks: type[Asked] | None = None
    answers: type[Shape]
    query: tuple[str, ...] = ()
