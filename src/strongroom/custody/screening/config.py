"""Settings of the screening service."""

import msgspec

from strongroom.runtime.config import Settings


class ScreeningConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        travel_rule_thresholds: by asset id, decimal integers of base units; at or above it data must be exchanged. An
            asset that is not named has the threshold 0: always (Regulation (EU) 2023/1113, Art. 14).
    """

    travel_rule_thresholds: dict[str, int] = msgspec.field(default_factory=dict[str, int])
