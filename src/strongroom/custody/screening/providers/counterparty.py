"""The other institution of a Travel Rule exchange, behind one port."""

from typing import Protocol, final
from uuid import UUID

from strongroom.custody.screening.domain.exchanges import Exchange, Question
from strongroom.kernel.documents.verdict import TravelRuleOutcome
from strongroom.kernel.errors import Code, StrongroomError


class Counterparty(Protocol):
    """Exchanges originator and beneficiary data, and hears what became of the transfer.

    Every method raises ``TRAVEL_RULE_PENDING`` when there is no answer: it is then called again.
    """

    @property
    def is_simulated(self) -> bool:
        """Whether it is no institution at all, so that nobody's data is needed."""
        ...

    async def exchange(self, question: Question) -> Exchange:
        """Exchange, and answer how it ended; the same question again gets the same answer."""
        ...

    async def report_sent(self, verification_id: UUID, tx_hash: str) -> None:
        """Tell the hash of the transfer on chain; idempotent."""
        ...

    async def report_failed(self, verification_id: UUID, reason: str) -> None:
        """Tell that the transfer will never be made; idempotent."""
        ...


@final
class SimulatedCounterparty:
    """Accepts everything and says in every record that it is no institution; an enclave takes its place."""

    is_simulated = True

    async def exchange(self, question: Question) -> Exchange:
        """Accept."""
        return Exchange(
            outcome=TravelRuleOutcome.EXCHANGED,
            counterparty=f"simulated counterparty of {question.intent.destination}",
            simulated=True,
        )

    async def report_sent(self, verification_id: UUID, tx_hash: str) -> None:
        """Nobody was asked, so nobody is told."""
        raise StrongroomError(
            Code.STATUS_CONFLICT, f"{verification_id} is not of the simulated counterparty: {tx_hash}"
        )

    async def report_failed(self, verification_id: UUID, reason: str) -> None:
        """The same."""
        raise StrongroomError(Code.STATUS_CONFLICT, f"{verification_id} is not of the simulated counterparty: {reason}")
