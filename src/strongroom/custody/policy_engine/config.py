"""Settings of the policy engine."""

from strongroom.runtime.config import Settings


class PolicyEngineConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        publish_timeout_s: how long PublishDocumentSet waits until every service has the new version.
    """

    publish_timeout_s: float = 8.0
