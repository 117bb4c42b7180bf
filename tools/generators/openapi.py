"""Every route and the shapes that it takes and gives, from the routes themselves.

docs/openapi.json is the gateway's, docs/travel_rule_openapi.json the Travel Rule enclave's.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from strongroom.gateway.routes import make_application
from strongroom.travel_rule.enclave.routes.openapi import describe
from tools.generators import Generator

TARGET = "docs/openapi.json"
ENCLAVE = "docs/travel_rule_openapi.json"


def make(_root: Path) -> Mapping[str, str]:
    """Two documents, with their keys sorted so that a change shows as what it is."""
    documents = {TARGET: make_application(None).openapi_schema.to_schema(), ENCLAVE: describe()}
    return {
        path: json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for path, document in documents.items()
    }


GENERATOR = Generator(name="openapi", owns=(TARGET, ENCLAVE), make=make)
