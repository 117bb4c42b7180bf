"""docs/openapi.json: every route of the gateway and the shapes it takes and gives, from the routes themselves."""

import json
from collections.abc import Mapping
from pathlib import Path

from strongroom.gateway.routes import make_application
from tools.generators import Generator

TARGET = "docs/openapi.json"


def make(_root: Path) -> Mapping[str, str]:
    """One document, with its keys sorted so that a change shows as what it is."""
    schema = make_application(None).openapi_schema.to_schema()
    return {TARGET: json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"}


GENERATOR = Generator(name="openapi", owns=(TARGET,), make=make)
