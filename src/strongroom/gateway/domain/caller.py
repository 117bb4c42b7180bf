"""A request and who sent it."""

from dataclasses import dataclass
from typing import Final

from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId

MAX_IDEMPOTENCY_KEY: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it reached the gateway, to the byte.

    Args:
        method: ``GET`` or ``POST``.
        uri: path with query string.
        api_key: X-API-Key; empty for none.
        token: the compact JWT of the Authorization header; empty for none.
        operator_token: X-Operator-Token; None for none.
        idempotency_key: empty for none.
        body: the raw body.
        received_at_us: when its head had arrived, Unix microseconds.
        request_id: the X-Request-ID of the answer.
    """

    method: str
    uri: str
    api_key: str
    token: str
    operator_token: str | None
    idempotency_key: str
    body: bytes
    received_at_us: int
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUser:
    """Who auth_engine says it is; ``step_us`` are the microseconds of steps 2, 3 and 4."""

    tenant_id: str
    api_user_id: str
    access_token_id: str
    step_us: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated request: of an API user, of the operator, or of both at once.

    Args:
        step_1_us: microseconds from its arrival to the first question to auth_engine.
    """

    arrival: Arrival
    environment: Environment
    user: ApiUser | None
    is_operator: bool
    step_1_us: int

    @property
    def api_user(self) -> ApiUser:
        """The API user; ``REQUEST_UNSIGNED`` when it is the operator alone."""
        if self.user is None:
            raise StrongroomError(Code.REQUEST_UNSIGNED, "This needs an API user, not the operator.")
        return self.user

    @property
    def tenant_id(self) -> str:
        """The API user's tenant."""
        return self.api_user.tenant_id

    @property
    def context(self) -> CallContext:
        """For whom the services are called: minted here, never taken from the request's headers."""
        return CallContext(
            tenant_id=TenantId(self.api_user.tenant_id),
            user_id=self.api_user.api_user_id,
            environment=self.environment,
            session_id=self.arrival.request_id,
            idempotency_key=self.arrival.idempotency_key or None,
        )

    def check_operator(self) -> None:
        """Check that it is the operator; ``OPERATOR_TOKEN_INVALID``."""
        if not self.is_operator:
            raise StrongroomError(Code.OPERATOR_TOKEN_INVALID)


def parse_idempotency_key(text: str, *, method: str) -> str:
    """The Idempotency-Key of a request; a reading request has none (custody_api.md 6.2).

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if method != "POST" or not text:
        return ""
    if len(text) > MAX_IDEMPOTENCY_KEY or not text.isascii() or not text.isprintable() or text != text.strip():
        raise StrongroomError(
            Code.REQUEST_INVALID, f"An Idempotency-Key has at most {MAX_IDEMPOTENCY_KEY} printable characters."
        )
    return text
