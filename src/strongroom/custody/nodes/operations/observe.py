"""Step 14: look at every block for what we broadcast, and report its depth until the manager has seen enough."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias, final
from uuid import UUID

import structlog

from strongroom.chains.evm.observed import Block, Head, ObservedTransaction, observed_digest
from strongroom.custody.nodes import store
from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.nodes.domain import (
    LOOK_BACK_BLOCKS,
    REMEMBERED_BLOCKS,
    ChainView,
    SentWatch,
    Sighting,
    Watch,
)
from strongroom.custody.nodes.operations.chains import Chain
from strongroom.custody.nodes.peers import Peers
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database

_log = structlog.stdlib.get_logger(__name__)
_Slot: TypeAlias = tuple[str, int]
_Watches: TypeAlias = Mapping[_Slot, Sequence[Watch]]


@final
class Observer:
    """Watches one chain. What it remembers is only a shortcut: a new one finds everything again from the watches."""

    def __init__(self, *, chain: Chain, database: Database, clock: Clock, peers: Peers, config: NodesConfig) -> None:
        self._chain, self._database, self._clock, self._peers = chain, database, clock, peers
        self._unseen_resend_s, self._stuck_alert_s = config.unseen_resend_s, config.stuck_alert_s
        self._view = ChainView()
        self._sightings: dict[_Slot, Sighting] = {}
        self._reported: dict[UUID, tuple[str, int]] = {}
        self._sent_s: dict[UUID, float] = {}

    async def observe(self) -> None:
        """Step 14 — look at the chain once: take up new blocks, follow reorganisations, report every open broadcast.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE``; the next look goes on from there.
        """
        await self._chain.check_chain_id()
        head = await self._chain.look()
        watches: dict[_Slot, list[Watch]] = defaultdict(list)
        for watch in await store.list_watches(self._database, chain_id=self._chain.chain_id):
            watches[watch.target.sender, watch.target.nonce].append(watch)
        self._forget_all_but(watches)
        self._turn_to(head, watches)
        await self._catch_up(head, watches)
        for slot, several in watches.items():
            for watch in several:
                await self._report(watch, self._sightings.get(slot), head)

    def _forget_all_but(self, watches: _Watches) -> None:
        known = {watch.target.transaction_id for several in watches.values() for watch in several}
        self._sightings = {slot: seen for slot, seen in self._sightings.items() if slot in watches}
        self._reported = {key: seen for key, seen in self._reported.items() if key in known}
        self._sent_s = {key: sent_s for key, sent_s in self._sent_s.items() if key in known}

    def _turn_to(self, head: Head, watches: _Watches) -> None:
        """Settle which block is the next to be looked at."""
        every = [watch for several in watches.values() for watch in several]
        fresh = {key: watch for watch in every if (key := watch.target.transaction_id) not in self._sent_s}
        first = min((watch.since_block for watch in fresh.values()), default=head.number)
        newest = self._view.newest
        if newest is None or (not watches and newest < head.number - REMEMBERED_BLOCKS):
            self._view.begin_at(max(min(first, head.number) - LOOK_BACK_BLOCKS, 0))
        elif fresh and first <= newest:
            self._rewind(first)  # passed over before the watch was known
        self._sent_s.update(dict.fromkeys(fresh, self._clock.monotonic_s()))
        if self._view.contradicts(head):
            self._reorganise(head.number)

    async def _catch_up(self, head: Head, watches: _Watches) -> None:
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

    async def _scan(self, block: Block, watches: _Watches) -> None:
        for transaction in block.transactions:
            several = watches.get((transaction.sender, transaction.nonce))
            if several:
                await self._sight(block, transaction, several)

    async def _sight(self, block: Block, transaction: ObservedTransaction, watches: Sequence[Watch]) -> None:
        receipt = await self._chain.node.receipt(transaction.transaction_hash)
        if receipt is None or receipt.block_hash != block.block_hash:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The node's receipt is not of the block that it showed.")
        seen = Sighting(
            tx_hash=transaction.transaction_hash,
            block_number=block.number,
            block_hash=block.block_hash,
            digest=observed_digest(transaction),
            receipt=receipt,
            revert_reason="" if receipt.succeeded else await self._chain.node.revert_reason(transaction, block.number),
        )
        for watch in watches:
            if isinstance(watch, SentWatch) and not seen.is_of(watch.target):
                _log.error("slot_used_by_another", transaction_id=str(watch.target.transaction_id))
        await self._database.commit(store.insert_block(self._chain.chain_id, block, now=self._clock.now()))
        self._sightings[transaction.sender, transaction.nonce] = seen

    async def _report(self, watch: Watch, sighting: Sighting | None, head: Head) -> None:
        """Report one watch; what the manager or the node refuses of it keeps no other one waiting."""
        try:
            if sighting is not None:
                await self._confirm(watch, sighting, confirmations=head.number - sighting.block_number + 1)
            elif isinstance(watch, SentWatch):
                await self._alert(watch)
                await self._resend(watch)
        except StrongroomError as error:
            transaction_id = str(watch.target.transaction_id)
            _log.warning("report_failed", transaction_id=transaction_id, code=error.code.name, detail=error.detail)

    async def _confirm(self, watch: Watch, sighting: Sighting, *, confirmations: int) -> None:
        """Tell the manager what it does not know yet."""
        key, seen = watch.target.transaction_id, (sighting.block_hash, confirmations)
        if self._reported.get(key) == seen:
            return
        if await self._peers.confirm(watch, sighting, confirmations=confirmations):
            await self._database.commit(store.close_watch(watch.target, now=self._clock.now()))
        else:
            self._reported[key] = seen

    async def _alert(self, watch: SentWatch) -> None:
        """Tell people once, whichever process sees it first, of a transaction that no block takes."""
        now = self._clock.now()
        seconds = int((now - watch.attempted_at).total_seconds())
        if watch.alerted or seconds < self._stuck_alert_s:
            return
        (marked,) = await self._database.commit(store.mark_alerted(watch.target, now=now))
        if marked:
            transaction_id = str(watch.target.transaction_id)
            _log.critical("transaction_stuck_alert", transaction_id=transaction_id, seconds=seconds)

    async def _resend(self, watch: SentWatch) -> None:
        """Send the same bytes again when no block has them for a while: sending twice cannot pay twice.

        Only what was sent before: until then the call to send is still being made, and reports before it sends.
        """
        key, now_s = watch.target.transaction_id, self._clock.monotonic_s()
        if not watch.sent or now_s - self._sent_s[key] < self._unseen_resend_s:
            return
        self._sent_s[key] = now_s
        seconds = int((self._clock.now() - watch.attempted_at).total_seconds())
        _log.warning("transaction_stuck", transaction_id=str(key), seconds=seconds)
        answer = await self._chain.node.send_raw(watch.target.raw_transaction)
        await self._database.commit(store.insert_outcome(watch.target, answer, now=self._clock.now()))
