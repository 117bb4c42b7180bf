"""Settings of the nodes service."""

from strongroom.runtime.config import Settings


class NodesConfig(Settings, frozen=True):
    """Which chains there are, and how they are watched.

    Args:
        chains: JSON-RPC URL by chain id.
        poll_s: how often each chain's head is looked at.
        timeout_s: for one question to a node.
        refused_retry_s: how long to wait before a transaction that a node refused is sent again; twice as long after
            every further refusal, up to ``unseen_resend_s``.
        unseen_resend_s: how long a sent transaction may stay out of every block before it is sent again.
        stuck_alert_s: after how long out of every block a transaction is reported to people, once.
    """

    chains: dict[str, str]
    poll_s: float = 0.2
    timeout_s: float = 5.0
    refused_retry_s: float = 2.0
    unseen_resend_s: float = 30.0
    stuck_alert_s: float = 600.0
