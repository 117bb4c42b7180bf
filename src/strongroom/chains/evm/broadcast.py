"""What a node's answer to ``eth_sendRawTransaction`` means. Pure.

JSON-RPC gives these refusals one code (-32000) or none in common, so their words decide: those of geth, reth, Erigon,
Nethermind, Besu and Anvil. One node's refusal proves nothing about the chain (trust.md 5).
"""

import re
from dataclasses import dataclass
from enum import Enum

_REVERTED_CODE = 3  # geth: an execution that reverted


class SendOutcome(Enum):
    """What became of a raw transaction at one node."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    REPLACEMENT_UNDERPRICED = "replacement underpriced"
    UNDERPRICED = "underpriced"
    INSUFFICIENT_FUNDS = "insufficient funds"
    REVERTED = "reverted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """One node's answer; ``message`` is its own words (at most 300 characters), empty when accepted."""

    outcome: SendOutcome
    message: str = ""


_WORDS: tuple[tuple[SendOutcome, re.Pattern[str]], ...] = (
    (
        SendOutcome.ALREADY_KNOWN,
        re.compile(r"already ?known|\bknown transaction|already imported|existing tx with same hash"),
    ),
    (SendOutcome.NONCE_TOO_LOW, re.compile(r"nonce (is )?too low|oldnonce")),
    (SendOutcome.REPLACEMENT_UNDERPRICED, re.compile(r"replacement.*underpriced|could not replace existing tx")),
    (
        SendOutcome.UNDERPRICED,
        re.compile(r"underpriced|less than block base fee|fee ?too ?low|below configured minimum|gas price too low"),
    ),
    (
        SendOutcome.INSUFFICIENT_FUNDS,
        re.compile(r"insufficient ?funds|insufficient balance|exceeds account balance"),
    ),
    (SendOutcome.REVERTED, re.compile(r"execution reverted|transaction reverted|vm execution error")),
)


def classify_send_error(code: int, message: str) -> SendOutcome:
    """The meaning of a JSON-RPC error to ``eth_sendRawTransaction``; UNKNOWN for words never seen."""
    said = message.lower()
    for outcome, words in _WORDS:
        if words.search(said):
            return outcome
    return SendOutcome.REVERTED if code == _REVERTED_CODE else SendOutcome.UNKNOWN
