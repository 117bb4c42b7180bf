"""For whom a call is made: travels with every call between services (architecture.md 5)."""

from dataclasses import dataclass

from strongroom.kernel.ids import Environment, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """Minted by the gateway for an authenticated request; services pass it on unchanged.

    Args:
        tenant_id: whose data may be touched; every query filters by it.
        user_id: the roster's user or API user, or the name of the service that acts on a timer.
        environment: must be that of the service called.
        session_id: ties together what one request caused.
        customer_id: the tenant's end customer, where one is concerned.
        idempotency_key: the caller's own key, where it sent one.
    """

    tenant_id: TenantId
    user_id: str
    environment: Environment
    session_id: str
    customer_id: str | None = None
    idempotency_key: str | None = None
