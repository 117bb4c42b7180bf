"""Nodes: the only way out to a chain.

Decides: nothing. It sends what was assembled, and says what it sees.
RPCs: GetBalance, GetFees, BroadcastTransaction (step 13), WatchSlot; reports step 14 by itself.
Tables: broadcast_attempts and broadcast_outcomes (append-only), watches, slot_watches, observed_blocks.
Must never: send before the attempt and the status are stored; take one node's refusal for proof of anything.
"""
