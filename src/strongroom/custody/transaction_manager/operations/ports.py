"""What every operation of the manager uses."""

from dataclasses import dataclass

from strongroom.custody.transaction_manager.peers import Peers
from strongroom.custody.transaction_manager.store.documents import DocumentSets
from strongroom.custody.transaction_manager.store.live import LiveTransactions
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Database, durable calls, peers and time; the verified document sets; what is remembered of live transactions."""

    environment: Environment
    database: Database
    work: Work
    clock: Clock
    peers: Peers
    documents: DocumentSets
    live: LiveTransactions
    fee_wait_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The call that is being answered: who made it, its handoff, the handoff's hash, and for whom it was made."""

    caller: str
    handoff: HandoffEvent
    parents: tuple[str, ...]
    context: CallContext | None
