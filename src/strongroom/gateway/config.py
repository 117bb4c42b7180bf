"""Settings of the gateway."""

from strongroom.runtime.config import Settings


class GatewayConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        operator_token: whoever sends it in X-Operator-Token may install tenants and screening lists; empty: nobody.
        max_body_bytes: of any request but an operator's.
        max_operator_body_bytes: of an operator's request, which may carry a screening list.
        requests_per_s: of one API user in the long run, in this process.
        burst: how many more an API user may send at once.
    """

    operator_token: str = ""
    max_body_bytes: int = 2 << 20
    max_operator_body_bytes: int = 96 << 20
    requests_per_s: int = 500
    burst: int = 1000

    def __repr__(self) -> str:
        """No secret of it."""
        return f"GatewayConfig(requests_per_s={self.requests_per_s}, burst={self.burst})"
