"""Step 14: look at every block for what we broadcast, and report its depth until the manager has seen enough."""

from typing import final

import structlog

from strongroom.chains.evm.observed import Block, ObservedTransaction
from strongroom.custody.nodes import store
from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.nodes.domain import REMEMBERED_BLOCKS, ChainView, Sighting, Watch, is_ours
from strongroom.custody.nodes.operations.chains import Chain
from strongroom.custody.nodes.peers import Peers
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database

_log = structlog.stdlib.get_logger(__name__)
_Slot = tuple[str, int]


@final
class Observer:
    """Watches one chain. What it remembers is only a shortcut: a new one finds everything again from the watches."""

    def __init__(self, *, chain: Chain, database: Database, clock: Clock, peers: Peers, config: NodesConfig) -> None:
        self._chain, self._database, self._clock, self._peers = chain, database, clock, peers
        self._unseen_resend_s = config.unseen_resend_s
        self._view = ChainView()
        self._sightings: dict[_Slot, Sighting] = {}
        self._sent_s: dict[_Slot, float] = {}

    async def observe(self) -> None:
        """Step 14 — look at the chain once: take up new blocks, follow reorganisations, report every open broadcast.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE``, or what the manager answers; the next look goes on from there.
        """
        await self._chain.check_chain_id()
        head = (await self._chain.node.head()).number
        self._chain.head_number = head
        watches = {
            (watch.broadcast.sender, watch.broadcast.nonce): watch
            for watch in await store.list_watches(self._database, chain_id=self._chain.chain_id)
        }
        if not watches:
            self._view.begin_at(head + 1)
            self._sightings.clear()
            return
        await self._catch_up(head, watches)
        for slot, watch in watches.items():
            await self._report(slot, watch, head)

    async def _catch_up(self, head: int, watches: dict[_Slot, Watch]) -> None:
        unseen = [watch.since_block for slot, watch in watches.items() if slot not in self._sightings]
        first = min(unseen, default=head)
        if self._view.newest is None or (unseen and first > self._view.newest + 1) or self._is_new(watches, first):
            self._view.begin_at(max(first - 1, 0))
        if self._view.newest is not None and head < self._view.newest:
            await self._rewind(head + 1)
        while self._view.newest is not None and self._view.newest < head:
            block = await self._chain.node.block(self._view.newest + 1)
            if block is None:
                return  # the node has changed its mind meanwhile; the next look sees
            if not self._view.extends(block):
                await self._rewind(block.number - 1)
                continue
            await self._scan(block, watches)
            self._view.add(block)

    def _is_new(self, watches: dict[_Slot, Watch], first: int) -> bool:
        """Whether a watch began in blocks that were passed over before it was known."""
        fresh = [slot for slot in watches if slot not in self._sent_s]
        now_s = self._clock.monotonic_s()
        self._sent_s.update(dict.fromkeys(fresh, now_s))
        return bool(fresh) and self._view.newest is not None and first <= self._view.newest

    async def _rewind(self, number: int) -> None:
        """Go back behind block ``number``, which is no longer what was seen; sightings from there on are void."""
        if self._chain.head_number is not None and number < self._chain.head_number - REMEMBERED_BLOCKS:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The node rewrites more blocks than any chain should.")
        _log.warning("chain_reorganised", chain_id=self._chain.chain_id, block_number=number)
        self._view.rewind(max(number, 0))
        self._sightings = {slot: seen for slot, seen in self._sightings.items() if seen.block_number < number}

    async def _scan(self, block: Block, watches: dict[_Slot, Watch]) -> None:
        for transaction in block.transactions:
            watch = watches.get((transaction.sender, transaction.nonce))
            if watch is not None:
                await self._sight(block, transaction, watch)

    async def _sight(self, block: Block, transaction: ObservedTransaction, watch: Watch) -> None:
        receipt = await self._chain.node.receipt(transaction.transaction_hash)
        if receipt is None or receipt.block_hash != block.block_hash:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The node's receipt is not of the block that it showed.")
        ours = is_ours(transaction, watch.broadcast)
        if not ours:
            _log.error("slot_used_by_another", transaction_id=str(watch.broadcast.transaction_id))
        await self._database.commit(store.insert_block(self._chain.chain_id, block, now=self._clock.now()))
        self._sightings[transaction.sender, transaction.nonce] = Sighting(
            tx_hash=transaction.transaction_hash,
            block_number=block.number,
            block_hash=block.block_hash,
            ours=ours,
            receipt=receipt,
        )

    async def _report(self, slot: _Slot, watch: Watch, head: int) -> None:
        sighting = self._sightings.get(slot)
        if sighting is None:
            await self._resend(slot, watch)
            return
        if await self._peers.confirm(watch, sighting, confirmations=head - sighting.block_number + 1):
            await self._database.commit(store.close_watch(watch.broadcast, now=self._clock.now()))
            self._sightings.pop(slot, None)
            self._sent_s.pop(slot, None)

    async def _resend(self, slot: _Slot, watch: Watch) -> None:
        """Send the same bytes again when no block has them for a while: sending twice cannot pay twice."""
        now_s = self._clock.monotonic_s()
        if now_s - self._sent_s.setdefault(slot, now_s) < self._unseen_resend_s:
            return
        self._sent_s[slot] = now_s
        _log.warning("transaction_stuck", transaction_id=str(watch.broadcast.transaction_id))
        answer = await self._chain.node.send_raw(watch.broadcast.raw_transaction)
        await self._database.commit(store.insert_outcome(watch.broadcast, answer, now=self._clock.now()))
