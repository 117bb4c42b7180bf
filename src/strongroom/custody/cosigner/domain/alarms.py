"""Which refusals are alarms: they go into the journal, the others leave no trace (trust.md 5).

Whoever sends orders can cause alarms at will, so only so many of them are written in an hour: else it could fill the
disk of whom it cannot move. The others are counted.
"""

from collections.abc import Iterable
from typing import Final, final

from strongroom.custody.cosigner.domain.hour import HOUR_S, HourWindow
from strongroom.kernel.errors import Code

ALARMS_PER_HOUR: Final = 200
"""How many alarms are journalled in any hour, some hundred bytes each."""

PATIENCE = frozenset(
    {
        Code.NOT_NOW,
        Code.LIMIT_EXCEEDED,
        Code.SCREENING_UNAVAILABLE,
        Code.APPROVALS_MISSING,
        Code.CALLBACK_UNANSWERED,
        Code.CALLBACK_REJECTED,
        Code.REQUEST_EXPIRED,
        Code.TENANT_UNKNOWN,
        Code.KEY_UNKNOWN,
        Code.TOMBSTONED,
        Code.DIGEST_RELEASED,
        Code.COSIGNER_ABSENT,
        Code.COSIGNER_BANNED,
        Code.CEREMONY_FAILED,
        Code.STATE_DAMAGED,
        Code.INTERNAL,
    }
)
"""What passes by itself, or has an entry of its own; everything else says that somebody is wrong or lies."""


def is_alarm(code: Code) -> bool:
    """Whether a refusal with this reason is to be journalled."""
    return code not in PATIENCE


@final
class AlarmWindow:
    """The alarms of the last hour, and since when further ones are only counted.

    An hour after the first that was not written the count is written, and alarms are again.

    Args:
        times: of the newest alarms in the journal, oldest first; Unix seconds.
        suppressed_since: when the first of those was refused that are counted and not reported yet.
    """

    def __init__(self, times: Iterable[int], *, suppressed_since: int | None) -> None:
        self._hour = HourWindow(times, most=ALARMS_PER_HOUR)
        self._since = suppressed_since

    def has_room(self, now: int) -> bool:
        """Whether an alarm is written now; else it is counted."""
        return self._since is None and self._hour.has_room(now)

    def is_report_due(self, now: int) -> bool:
        """Whether what was counted is to be written."""
        return self._since is not None and now >= self._since + HOUR_S

    def written(self, now: int) -> None:
        """An alarm was journalled."""
        self._hour.written(now)

    def counted(self, now: int) -> None:
        """An alarm was counted instead."""
        self._since = now if self._since is None else self._since

    def reported(self) -> None:
        """What was counted is in the journal."""
        self._since = None
