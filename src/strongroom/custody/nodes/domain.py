"""Types and decisions of the nodes service; pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import final
from uuid import UUID

from strongroom.chains.evm.broadcast import SendOutcome
from strongroom.chains.evm.observed import Block, Head, Receipt
from strongroom.chains.evm.transaction import parse_raw, recover_sender, signing_digest, transaction_hash
from strongroom.kernel.errors import Code, StrongroomError

REMEMBERED_BLOCKS = 128
"""Deeper reorganisations than this are not followed: finality is long before."""
LOOK_BACK_BLOCKS = 8
"""How far behind the first block in question a new process begins, to notice a reorganisation around it."""
SETTLED = frozenset({SendOutcome.ACCEPTED, SendOutcome.ALREADY_KNOWN, SendOutcome.NONCE_TOO_LOW})
"""Answers after which only the chain can tell: sending again would change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A digest that may land in a slot; nothing more is known of one that was released and never came."""

    tenant_id: str
    transaction_id: UUID
    chain_id: int
    sender: str
    nonce: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Target):
    """One signed transaction to be sent and watched."""

    attempt: int
    raw_transaction: bytes

    @property
    def tx_hash(self) -> str:
        """0x and 64 digits."""
        return transaction_hash(self.raw_transaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A digest whose end is still to be seen; looked for from ``since_block`` on."""

    target: Target
    since_block: int
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentWatch(Watch):
    """A watch of what we broadcast. ``sent``: a node has answered; ``alerted``: people were told that it is stuck."""

    target: Broadcast
    attempted_at: datetime
    sent: bool = False
    alerted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The transaction that a block holds at a watched slot; ``digest`` is None for a kind that we never make."""

    tx_hash: str
    block_number: int
    block_hash: str
    digest: bytes | None
    receipt: Receipt
    revert_reason: str = ""

    def is_of(self, target: Target) -> bool:
        """Whether it has that digest, under whichever signature (trust.md 5)."""
        return self.digest == target.digest


def check_broadcast(broadcast: Broadcast) -> None:
    """Check that the raw bytes are what the caller says of them.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, ``SIGNATURE_INVALID``, ``INTENT_MISMATCH``.
    """
    transaction, signature = parse_raw(broadcast.raw_transaction)
    stated = (broadcast.chain_id, broadcast.nonce, broadcast.digest, broadcast.sender)
    found = (
        transaction.chain_id,
        transaction.nonce,
        signing_digest(transaction),
        recover_sender(transaction, signature),
    )
    if stated != found:
        raise StrongroomError(Code.INTENT_MISMATCH, "The raw transaction is not what the caller says it is.")


@final
class ChainView:
    """The newest blocks of one chain as seen so far: enough to notice a reorganisation and to rewind to its root."""

    def __init__(self) -> None:
        self._hashes: dict[int, str] = {}
        self.newest: int | None = None

    @property
    def next_number(self) -> int:
        """The block to look at next."""
        return 0 if self.newest is None else self.newest + 1

    def begin_at(self, number: int) -> None:
        """Forget everything; the next block to look at is ``number``."""
        self._hashes.clear()
        self.newest = number - 1

    def contradicts(self, head: Head) -> bool:
        """Whether the newest block is now another than what was seen at its height, or than what was seen above it."""
        seen_above = self.newest is not None and self.newest > head.number
        return seen_above or self._hashes.get(head.number, head.block_hash) != head.block_hash

    def extends(self, block: Block) -> bool:
        """Whether ``block`` follows what was seen; always so behind a gap in memory."""
        return self._hashes.get(block.number - 1, block.parent_hash) == block.parent_hash

    def add(self, block: Block) -> None:
        """Take ``block`` as the newest."""
        self._hashes[block.number] = block.block_hash
        self._hashes.pop(block.number - REMEMBERED_BLOCKS, None)
        self.newest = block.number

    def rewind(self, number: int) -> None:
        """Forget block ``number`` and everything above it; what is below is remembered, to notice a deeper change."""
        self._hashes = {seen: block_hash for seen, block_hash in self._hashes.items() if seen < number}
        self.newest = max(number, 0) - 1
