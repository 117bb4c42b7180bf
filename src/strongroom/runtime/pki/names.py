"""How a service is named in certificates and on the network."""

import re
from hashlib import sha256
from typing import Final, TypeAlias

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment

Chain: TypeAlias = tuple[bytes, bytes]
"""Leaf and intermediate certificate, DER."""
_TRUST_DOMAIN: Final = "spiffe://strongroom"
_SERVICE: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


def environment_uri(environment: Environment) -> str:
    """``spiffe://strongroom/<environment>``: the name of the intermediate that signs this environment's leafs."""
    return f"{_TRUST_DOMAIN}/{environment}"


def service_uri(environment: Environment, service: str) -> str:
    """``spiffe://strongroom/<environment>/<service>``; ``CONFIG_INVALID`` for a name that is not a service's."""
    if not _SERVICE.fullmatch(service):
        raise StrongroomError(Code.CONFIG_INVALID, "a service name is lower-case words joined by - or _")
    return f"{_TRUST_DOMAIN}/{environment}/{service}"


def parse_service_uri(uri: str, environment: Environment) -> str | None:
    """The service that a certificate's URI names, or None when it names none of this environment."""
    service = uri.removeprefix(f"{_TRUST_DOMAIN}/{environment}/")
    return service if service != uri and _SERVICE.fullmatch(service) else None


def tls_host_name(environment: Environment, service: str) -> str:
    """The DNS name in a service's TLS certificate; its peers ask for it instead of for an address."""
    return f"{service.replace('_', '-')}.{environment}.strongroom.internal"


def hash_chain(chain: Chain) -> bytes:
    """SHA-256 of the leaf's DER followed by the intermediate's, 32 bytes."""
    return sha256(chain[0] + chain[1]).digest()
