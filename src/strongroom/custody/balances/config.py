"""Settings of balances."""

from strongroom.runtime.config import Settings


class BalancesConfig(Settings, frozen=True):
    """Nothing can be set yet."""
