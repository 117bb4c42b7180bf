"""When a screening company may be asked again: not before it said so, and not all at once after it failed."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.vendors.faults import Fault, VendorError

T = TypeVar("T")
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 60.0
_log = structlog.stdlib.get_logger(__name__)


@final
class Pace:
    """One company's calls. A failure pauses all of them, each time for longer; an answer ends that.

    Args:
        company: for the log.
        clock: time.
    """

    def __init__(self, company: str, *, clock: Clock) -> None:
        self._company, self._clock = company, clock
        self._failures = 0
        self._until_s = clock.monotonic_s()

    def paused_s(self) -> float:
        """How long it will not be asked; 0 when it may be asked now."""
        return max(0.0, self._until_s - self._clock.monotonic_s())

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call unless the company is left alone.

        Raises:
            StrongroomError: ``UNAVAILABLE``, after which the same may be asked again; ``RISK_ASSESSMENT_REFUSED``.
        """
        if self.paused_s() > 0:
            raise StrongroomError(Code.UNAVAILABLE, f"{self._company} is left alone for a while.")
        try:
            answer = await call()
        except VendorError as error:
            raise self._failed(error) from error
        self._failures = 0
        return answer

    def _failed(self, error: VendorError) -> StrongroomError:
        if error.fault is Fault.REFUSED:
            _log.error("screening_refused", company=self._company, detail=str(error))
            return StrongroomError(Code.RISK_ASSESSMENT_REFUSED, str(error))
        if self.paused_s() == 0:  # of many calls under way that fail together, the first one counts
            self._failures += 1
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(self._failures - 1, 10), _LONGEST_PAUSE_S)
        if error.retry_after_s is not None:
            pause_s = max(pause_s, float(error.retry_after_s))
        self._until_s = max(self._until_s, self._clock.monotonic_s() + pause_s)
        is_ours = error.fault in {Fault.CREDENTIALS, Fault.CHANGED}  # does not end by itself: somebody has to look
        log = _log.error if is_ours else _log.warning
        log("screening_failed", company=self._company, fault=error.fault.value, pause_s=pause_s, detail=str(error))
        return StrongroomError(Code.UNAVAILABLE, str(error))
