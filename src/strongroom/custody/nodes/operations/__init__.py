"""The use cases of the nodes service, one file a verb."""

from strongroom.custody.nodes.operations.broadcast import broadcast_transaction
from strongroom.custody.nodes.operations.chains import Chain, Chains
from strongroom.custody.nodes.operations.observe import Observer
from strongroom.custody.nodes.operations.record_hop import record_hop
from strongroom.custody.nodes.operations.send import send
from strongroom.custody.nodes.operations.watch_slot import watch_slot

__all__ = ["Chain", "Chains", "Observer", "broadcast_transaction", "record_hop", "send", "watch_slot"]
