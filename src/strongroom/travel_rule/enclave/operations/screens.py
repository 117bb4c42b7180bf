"""The screening companies that are switched on, and who works in this process on what they are asked."""

from dataclasses import dataclass
from typing import Protocol

from strongroom.travel_rule.enclave.domain.assessments import Kyt, Wco
from strongroom.travel_rule.enclave.providers.chainalysis import KytScreen, SanctionScreen
from strongroom.travel_rule.enclave.providers.refinitiv import WcoScreen


class AssessmentStarter(Protocol):
    """Runs assessments in this process."""

    def has_room(self) -> bool:
        """Whether an assessment that is made now may be leased to this process at once."""
        ...

    def begin(self, row: Kyt | Wco) -> None:
        """Run one whose row is committed; one that is not leased to this process waits for whoever takes it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things take.

    Args:
        lease_s: after which another process takes a row whose worker is gone; longer than any step of the work.
        poll_s: between two looks at what is being assessed.
        give_up_s: from the request; what is not assessed by then never will be.
        tries: of a call that a caller waits for.
        wait_s: that such a caller waits at most between two tries.
    """

    lease_s: float
    poll_s: float
    give_up_s: float
    tries: int = 3
    wait_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screens:
    """The companies, None for one that is switched off; ``worker_id`` is no other process's, at any time."""

    sanctions: SanctionScreen | None
    kyt: KytScreen | None
    wco: WcoScreen | None
    terms: Terms
    worker_id: str
    starter: AssessmentStarter

    async def close(self) -> None:
        """Close every connection."""
        for screen in (self.sanctions, self.kyt, self.wco):
            if screen is not None:
                await screen.close()
