"""What the risk assessments share: leases, patience, and a few tries while the caller waits."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.assessments import Kyt, Lease, Wco
from strongroom.travel_rule.enclave.operations.means import Means

T = TypeVar("T")
_FIRST_PAUSE_S: Final = 0.2
_log = structlog.stdlib.get_logger(__name__)


def switched_on(screen: T | None) -> T:
    """The company, if it may be asked.

    Raises:
        StrongroomError: ``UNSUPPORTED_RISK_ASSESSMENT``.
    """
    if screen is None:
        raise StrongroomError(Code.UNSUPPORTED_RISK_ASSESSMENT, "This risk assessment is not switched on.")
    return screen


def new_lease(means: Means) -> Lease:
    """Of a new row: this process's own if it has room."""
    screens = means.screens
    return Lease(worker_id=screens.worker_id if screens.starter.has_room() else None, at=means.now())


def freed(means: Means) -> Lease:
    """Of a row that was looked at just now and waits."""
    return Lease(worker_id=None, at=means.now())


def is_overdue(*, means: Means, row: Kyt | Wco) -> bool:
    """Whether it waited for its assessment long enough."""
    return means.now() - row.created_at >= timedelta(seconds=means.screens.terms.give_up_s)


async def try_patiently(
    *, means: Means, call: Callable[[], Awaitable[T]], paused_s: Callable[[], float], what: str
) -> T:
    """Make a call that a caller waits for, a few times.

    Args:
        paused_s: how long the company will not be asked.
        what: is logged when it fails for good.

    Raises:
        StrongroomError: what the last try raised.
    """
    terms = means.screens.terms
    attempt = 0
    while True:
        try:
            return await call()
        except StrongroomError as error:
            pause_s, attempt = max(_FIRST_PAUSE_S * 2**attempt, paused_s()), attempt + 1
            if attempt >= terms.tries or not error.retryable or pause_s > terms.wait_s:
                _log.warning("assessment_failed", what=what, code=error.code.name)
                raise
            await means.clock.sleep(pause_s)
