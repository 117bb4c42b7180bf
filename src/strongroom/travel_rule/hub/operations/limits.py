"""How much each member may send, so that none takes up the hub."""

from typing import final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.rate import TokenBuckets


@final
class Limits:
    """Of every member, by VASP id.

    Args:
        requests: of each; counted when one is let in.
        sizes: bytes of each; counted when they are known, so that the next request waits for them.
        clock: time.
    """

    def __init__(self, *, requests: TokenBuckets, sizes: TokenBuckets, clock: Clock) -> None:
        self._requests, self._sizes, self._clock = requests, sizes, clock

    def admit(self, vasp_id: str) -> None:
        """Count a request; one that is refused counts nothing, and nothing of it is read.

        Raises:
            StrongroomError: ``RATE_LIMITED``.
        """
        if self.retry_after_s(vasp_id):
            raise StrongroomError(Code.RATE_LIMITED)
        self._requests.take(vasp_id, now_s=self._clock.monotonic_s())

    def count_bytes(self, vasp_id: str, size: int) -> None:
        """Count the bytes of a message, or of a directory."""
        self._sizes.take(vasp_id, now_s=self._clock.monotonic_s(), amount=size)

    def retry_after_s(self, vasp_id: str) -> int:
        """How long that member has to wait; 0 when it may send."""
        now_s = self._clock.monotonic_s()
        return max(buckets.look(vasp_id, now_s=now_s).retry_after_s for buckets in (self._requests, self._sizes))
