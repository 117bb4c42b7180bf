"""Who sends a request, and whether it may send one now."""

import hmac
from dataclasses import replace
from typing import final

from strongroom.gateway.domain.caller import Arrival, Caller
from strongroom.gateway.peers import Peers
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.rate import Allowance, TokenBuckets


@final
class Authentication:
    """Lets requests in.

    Args:
        peers: auth_engine answers for API users.
        clock: for durations and rates.
        environment: that the gateway serves.
        operator_token: of the operator; empty: nobody is.
        buckets: how often each API user may ask.
    """

    def __init__(
        self, *, peers: Peers, clock: Clock, environment: Environment, operator_token: str, buckets: TokenBuckets
    ) -> None:
        self._peers, self._clock, self._environment = peers, clock, environment
        self._operator_token, self._buckets = operator_token.encode(), buckets

    def is_operator(self, token: str | None) -> bool:
        """Whether a request with this X-Operator-Token is the operator's; None for a request without one.

        Raises:
            StrongroomError: ``OPERATOR_TOKEN_INVALID``.
        """
        if token is None:
            return False
        if not self._operator_token or not hmac.compare_digest(token.encode(), self._operator_token):
            raise StrongroomError(Code.OPERATOR_TOKEN_INVALID)
        return True

    async def authenticate(self, *, arrival: Arrival, began_s: float) -> tuple[Caller, Allowance | None]:
        """The caller of a request, and what it may still send; None for the operator.

        Args:
            began_s: ``Clock.monotonic_s`` when the request's head had arrived.

        Raises:
            StrongroomError: ``REQUEST_UNSIGNED``, ``OPERATOR_TOKEN_INVALID``, ``RATE_LIMITED``, and whatever
                auth_engine refuses with.
        """
        caller = Caller(
            arrival=arrival,
            environment=self._environment,
            user=None,
            is_operator=self.is_operator(arrival.operator_token),
            step_1_us=round((self._clock.monotonic_s() - began_s) * 1_000_000),
        )
        if caller.is_operator and not arrival.api_key and not arrival.token:
            return caller, None
        if not arrival.api_key or not arrival.token:
            raise StrongroomError(Code.REQUEST_UNSIGNED)
        self._check_rate(arrival.api_key)
        user = await self._peers.authenticate(arrival)
        allowance = self._buckets.take(user.api_user_id, now_s=self._clock.monotonic_s())
        return replace(caller, user=user), allowance

    def look(self, api_key: str) -> Allowance:
        """What an API user may still send."""
        return self._buckets.look(api_key, now_s=self._clock.monotonic_s())

    def _check_rate(self, api_key: str) -> None:
        """Before anyone is asked: a flood costs a look. Only accepted requests count, so nobody uses up another's."""
        if self.look(api_key).retry_after_s:
            raise StrongroomError(Code.RATE_LIMITED)
