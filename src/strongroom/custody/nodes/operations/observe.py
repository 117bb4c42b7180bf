"""Step 14: look at every block for what we broadcast, and report its depth until the manager has seen enough."""

from typing import final

import structlog

from strongroom.chains.evm.observed import Block, Head, ObservedTransaction
from strongroom.custody.nodes import store
from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.nodes.domain import LOOK_BACK_BLOCKS, REMEMBERED_BLOCKS, ChainView, Sighting, Watch, is_ours
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
        self._reported: dict[_Slot, tuple[str, int]] = {}
        self._sent_s: dict[_Slot, float] = {}

    async def observe(self) -> None:
        """Step 14 — look at the chain once: take up new blocks, follow reorganisations, report every open broadcast.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE``; the next look goes on from there.
        """
        await self._chain.check_chain_id()
        head = await self._chain.look()
        watches = {
            (watch.broadcast.sender, watch.broadcast.nonce): watch
            for watch in await store.list_watches(self._database, chain_id=self._chain.chain_id)
        }
        self._forget_all_but(watches)
        self._turn_to(head, watches)
        await self._catch_up(head, watches)
        for slot, watch in watches.items():
            await self._report(slot, watch, head)

    def _forget_all_but(self, watches: dict[_Slot, Watch]) -> None:
        self._sightings = {slot: seen for slot, seen in self._sightings.items() if slot in watches}
        self._reported = {slot: seen for slot, seen in self._reported.items() if slot in watches}
        self._sent_s = {slot: sent_s for slot, sent_s in self._sent_s.items() if slot in watches}

    def _turn_to(self, head: Head, watches: dict[_Slot, Watch]) -> None:
        """Settle which block is the next to be looked at."""
        fresh = {slot: watch for slot, watch in watches.items() if slot not in self._sent_s}
        first = min((watch.since_block for watch in fresh.values()), default=head.number)
        newest = self._view.newest
        if newest is None or (not watches and newest < head.number - REMEMBERED_BLOCKS):
            self._view.begin_at(max(min(first, head.number) - LOOK_BACK_BLOCKS, 0))
        elif fresh and first <= newest:
            self._rewind(first)  # passed over before the watch was known
        self._sent_s.update(dict.fromkeys(fresh, self._clock.monotonic_s()))
        if self._view.contradicts(head):
            self._reorganise(head.number)

    async def _catch_up(self, head: Head, watches: dict[_Slot, Watch]) -> None:
        rewound = 0
        while (number := self._view.next_number) <= head.number:
            block = await self._chain.node.block(number)
            if block is None:
                return  # the node has changed its mind meanwhile; the next look sees
            if self._view.extends(block):
                await self._scan(block, watches)
                self._view.add(block)
                continue
            self._reorganise(number - 1)
            rewound += 1
            if rewound > REMEMBERED_BLOCKS:
                raise StrongroomError(Code.NODE_UNAVAILABLE, "The node rewrites more blocks than any chain should.")

    def _reorganise(self, number: int) -> None:
        _log.warning("chain_reorganised", chain_id=self._chain.chain_id, block_number=number)
        self._rewind(number)

    def _rewind(self, number: int) -> None:
        """Go back behind block ``number``: what was seen from there on has to be seen again."""
        self._view.rewind(number)
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

    async def _report(self, slot: _Slot, watch: Watch, head: Head) -> None:
        """Report one broadcast; what the manager or the node refuses of it keeps no other one waiting."""
        try:
            sighting = self._sightings.get(slot)
            if sighting is None:
                await self._resend(slot, watch)
            else:
                await self._confirm(slot, watch, sighting, confirmations=head.number - sighting.block_number + 1)
        except StrongroomError as error:
            transaction_id = str(watch.broadcast.transaction_id)
            _log.warning("report_failed", transaction_id=transaction_id, code=error.code.name, detail=error.detail)

    async def _confirm(self, slot: _Slot, watch: Watch, sighting: Sighting, *, confirmations: int) -> None:
        """Tell the manager what it does not know yet."""
        seen = (sighting.block_hash, confirmations)
        if self._reported.get(slot) == seen:
            return
        if await self._peers.confirm(watch, sighting, confirmations=confirmations):
            await self._database.commit(store.close_watch(watch.broadcast, now=self._clock.now()))
        else:
            self._reported[slot] = seen

    async def _resend(self, slot: _Slot, watch: Watch) -> None:
        """Send the same bytes again when no block has them for a while: sending twice cannot pay twice.

        Only what was sent before: until then the call to send is still being made, and reports before it sends.
        """
        now_s = self._clock.monotonic_s()
        if not watch.sent or now_s - self._sent_s[slot] < self._unseen_resend_s:
            return
        self._sent_s[slot] = now_s
        _log.warning("transaction_stuck", transaction_id=str(watch.broadcast.transaction_id))
        answer = await self._chain.node.send_raw(watch.broadcast.raw_transaction)
        await self._database.commit(store.insert_outcome(watch.broadcast, answer, now=self._clock.now()))
