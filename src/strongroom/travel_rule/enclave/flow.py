"""Which operation a command calls for."""

from collections.abc import Awaitable, Mapping
from typing import Final, Protocol

from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.operations.callbacks import run_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import run_report
from strongroom.travel_rule.enclave.operations.trp_answer import run_trp_answer
from strongroom.travel_rule.enclave.operations.verify import retry_verify, run_verify


class Run(Protocol):
    """Does what a command says and ends its row: finished, postponed or given up."""

    def __call__(self, *, means: Means, command: Command, carried: object = None) -> Awaitable[None]:
        """``carried`` spares a read of the row that the command is about."""
        ...


class Retry(Protocol):
    """Says what becomes of a command whose run failed with an exception."""

    def __call__(self, *, means: Means, command: Command) -> Awaitable[None]:
        """Postponed, or ended."""
        ...


RUNS: Final[Mapping[str, Run]] = {
    CommandKind.VERIFY: run_verify,
    CommandKind.CALLBACK: run_callback,
    CommandKind.REPORT: run_report,
    CommandKind.TRP_ANSWER: run_trp_answer,
}
RETRIES: Final[Mapping[str, Retry]] = {CommandKind.VERIFY: retry_verify}
"""All other kinds are tried a number of times, and are dead letters then."""
