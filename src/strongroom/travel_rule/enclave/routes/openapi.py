"""The API as an OpenAPI 3.1 document, from its own routes and shapes."""

from typing import Any, Final

import msgspec

from strongroom.travel_rule.enclave.domain.shapes import Refusal
from strongroom.travel_rule.enclave.routes.directory import HEALTH
from strongroom.travel_rule.enclave.routes.route import Route
from strongroom.travel_rule.enclave.routes.table import ROUTES

_REFERENCE: Final = "#/components/schemas/{name}"


def describe() -> dict[str, Any]:
    """The document, as JSON's values."""
    shown = [route for route in ROUTES if not route.path.endswith("/")]
    kinds = {kind for route in shown for kind in (route.asks, route.answers) if kind is not None} | {Refusal}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    shapes, schemas = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    by_kind = dict(zip(ordered, shapes, strict=True))
    paths: dict[str, Any] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom Travel Rule enclave",
            "version": "1",
            "description": "The API of an enclave for its own provider. A refusal is {code, message}: "
            "docs/errors.md lists the codes, written with hyphens here.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(route: Route, shapes: dict[Any, Any]) -> dict[str, Any]:
    in_path = [{"name": "uuid", "in": "path", "required": True, "schema": {"type": "string"}}]
    in_query = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query]
    parameters = [*(in_path if "{uuid}" in route.path else ()), *in_query]
    operation: dict[str, Any] = {
        "summary": (route.handle.__doc__ or "").strip(),
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": shapes[route.answers]}}},
            "default": {"description": "Refused.", "content": {"application/json": {"schema": shapes[Refusal]}}},
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if route.asks is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": shapes[route.asks]}},
        }
    if route is HEALTH:
        operation["security"] = []
    return operation
