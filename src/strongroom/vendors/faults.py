"""How an outside company fails, told apart by what the caller can do about it."""

from enum import Enum
from typing import final


class Fault(Enum):
    """What a caller can do about a failed call."""

    CREDENTIALS = "credentials"
    """401 or 403, whatever the body is: somebody has to look at the keys."""
    RATE_LIMITED = "rate limited"
    """429: wait as long as it says."""
    UNAVAILABLE = "unavailable"
    """5xx, no answer in time, no connection, half an answer: try again later."""
    REFUSED = "refused"
    """Any other 4xx: the same question gets the same refusal."""
    CHANGED = "changed"
    """An answer that is not of the documented shape: nothing may be read from it."""


@final
class VendorError(Exception):
    """A call to an outside company that gave no usable answer.

    The text names the company, the call and the status, and nothing that was sent or received: both may hold personal
    data or a key.

    Args:
        fault: what can be done about it.
        detail: one sentence for people.
        retry_after_s: what a 429 or 503 asked for, at most ``http.LONGEST_WAIT_S``; None if it did not say.
    """

    def __init__(self, fault: Fault, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.fault = fault
        self.retry_after_s = retry_after_s
