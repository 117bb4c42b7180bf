"""The other institution of a Travel Rule exchange, behind one port."""

from dataclasses import dataclass
from typing import Protocol, final

from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import TravelRuleOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How an exchange ended, with whom, and whether that party was simulated."""

    outcome: TravelRuleOutcome
    counterparty: str
    simulated: bool


class Counterparty(Protocol):
    """Exchanges originator and beneficiary data for one intent."""

    async def exchange(self, intent: Intent) -> Exchange:
        """Exchange, and answer how it ended."""
        ...


@final
class SimulatedCounterparty:
    """Accepts everything and says in every record that it is no institution; the enclave takes its place."""

    async def exchange(self, intent: Intent) -> Exchange:
        """Accept."""
        return Exchange(
            outcome=TravelRuleOutcome.EXCHANGED,
            counterparty=f"simulated counterparty of {intent.destination}",
            simulated=True,
        )
