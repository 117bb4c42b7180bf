"""Settings of the policy engine."""

import msgspec


class PolicyEngineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an operator sets.

    Args:
        publish_timeout_s: how long PublishDocumentSet waits until every service has the new version.
    """

    publish_timeout_s: float = 8.0
