"""Settings of the screening service."""

import msgspec


class ScreeningConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an operator sets.

    Args:
        travel_rule_thresholds: by asset id, decimal integers of base units; at or above it data must be exchanged. An
            asset that is not named has the threshold 0: always (Regulation (EU) 2023/1113, Art. 14).
    """

    travel_rule_thresholds: dict[str, int] = {}
