"""Which service is at the other end of a TLS connection."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.pki import parse_service_uri

_NAMES: Final = "x509_subject_alternative_name"


def peer_service(auth_context: Mapping[str, Any], environment: Environment) -> str:
    """The service that the peer's TLS certificate names.

    Args:
        auth_context: ``context.auth_context()`` of a call; gRPC has verified the certificate's path.

    Raises:
        StrongroomError: ``CALLER_NOT_ALLOWED`` unless it names exactly one service of this environment.
    """
    names: Iterable[bytes] = auth_context.get(_NAMES, ())
    services = [parse_service_uri(name.decode("utf-8", "replace"), environment) for name in names]
    named = [service for service in services if service is not None]
    if len(named) != 1:
        raise StrongroomError(Code.CALLER_NOT_ALLOWED, "the peer's certificate names no service of this environment")
    return named[0]
