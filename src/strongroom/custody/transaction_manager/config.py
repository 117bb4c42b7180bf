"""Settings of transaction_manager."""

from strongroom.runtime.config import Settings


class TransactionManagerConfig(Settings, frozen=True):
    """How long callers wait.

    Args:
        fee_wait_ms: when to ask again for a payload while the fee cap is below the base fee or the node is away.
    """

    fee_wait_ms: int = 1000
