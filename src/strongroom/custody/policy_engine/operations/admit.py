"""What follows an approval: report it, then hand the transaction to the vault."""

from uuid import UUID

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import Allowed, StepTimes, explain
from strongroom.custody.policy_engine.peers import Peers
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work, WorkItem


async def admit(*, database: Database, work: Work, peers: Peers, item: WorkItem) -> None:
    """Report steps 6 and 7 to the manager, then admit: the arrow of step 8. Made again until both have answered."""
    times = decode(item.payload, StepTimes)
    allowed = item.carried if isinstance(item.carried, Allowed) else await _read(database, times, item)
    question, answer = allowed
    evaluation = decode(decode(answer.decision, Signed).payload, Decision).evaluation
    if await peers.record_decision(question, answer, times=times, explanation=explain(evaluation)):
        await peers.admit(question, answer, parents=times.parents)
    await work.commit(done=item)


async def _read(database: Database, times: StepTimes, item: WorkItem) -> Allowed:
    stored = await store.find_answer(
        database, tenant_id=times.tenant_id, transaction_id=UUID(item.key), attempt=item.attempt
    )
    if stored is None:
        raise StrongroomError(Code.STATE_DAMAGED, "An approval without its request.")
    return Allowed(*stored)
