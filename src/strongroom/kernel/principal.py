"""Who acts: an API user, a person of the roster, an owner, or a service."""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.kernel.ids import Environment, TenantId


class PrincipalKind(StrEnum):
    """What sort of actor a principal is."""

    API_USER = "api_user"
    USER = "user"
    OWNER = "owner"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated actor of one tenant in one environment."""

    kind: PrincipalKind
    principal_id: str
    tenant_id: TenantId
    environment: Environment
