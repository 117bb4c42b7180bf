"""Steps 6 and 7: evaluate the policy, approve at once what a rule allows without asking anyone, or ask."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import final

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import (
    APPROVAL_TIMEOUT_S,
    ENGINE,
    Answer,
    ApprovalRequest,
    Approved,
    Case,
    Event,
    Question,
    Reply,
    State,
    StepTimes,
    count_approvals,
    decide,
)
from strongroom.custody.policy_engine.operations.admit import ADMIT
from strongroom.custody.policy_engine.operations.approvals import EXPIRE, REPORT, Approvals
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import Work

_TRIES = 8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """Steps 6 and 7. The ports are the service's; ``sign`` signs a decision of one tenant."""

    database: Database
    work: Work
    clock: Clock
    document_sets: DocumentSets
    approvals: Approvals

    async def evaluate(self, *, question: Question, sign: Callable[[bytes], Signed], call: Call) -> Answer:
        """Step 6 — evaluate the policy, sign the decision and store it once; step 7 at once for what is allowed.

        The same question gets the same answer for ever, also when the verdict has lapsed or the policy is another one
        by then: what was allowed may be on its way.

        Raises:
            StrongroomError: as ``domain.decide``, ``STATUS_CONFLICT`` once the transaction has ended; nothing is stored
                then.
        """
        document_set = await self.document_sets.get(question.tenant_id)
        for _ in range(_TRIES):
            try:
                return await self._evaluate(question=question, sign=sign, document_set=document_set, call=call)
            except StrongroomError as error:
                if error.code is not Code.CLAIM_LOST and violated_constraint(error) != store.IN_TURN:
                    return await self._repeat(question=question, call=call, refusal=error)
            events = await store.list_events(self.database, transaction_id=question.transaction_id)
            if any(event.state is State.CLOSED for event in events):
                closed = StrongroomError(Code.STATUS_CONFLICT, "The transaction has ended before it was decided.")
                return await self._repeat(question=question, call=call, refusal=closed)
            # a newer version was published, or a person has answered an earlier attempt meanwhile
            document_set, _ = await self.document_sets.read(question.tenant_id)
        raise StrongroomError(Code.CLAIM_LOST)

    async def _evaluate(
        self, *, question: Question, sign: Callable[[bytes], Signed], document_set: DocumentSet, call: Call
    ) -> Answer:
        began_s = self.clock.monotonic_s()
        now = self.clock.now()
        decision = decide(question=question, document_set=document_set, now_s=int(now.timestamp()))
        evaluation = decision.evaluation
        answer = Answer(
            action=evaluation.action.value,
            rule_id=evaluation.rule_id,
            rule_number=evaluation.rule_number,
            decision=sign(decision.encode()).encode(),
        )
        asks = evaluation.action is Action.APPROVE
        request = ApprovalRequest(
            question=question,
            answer=answer,
            document_set_version=document_set.version,
            evaluate_us=round((self.clock.monotonic_s() - began_s) * 1_000_000),
            parents=call.parents,
            requested_at=now,
            expires_at=now + timedelta(seconds=APPROVAL_TIMEOUT_S) if asks else None,
        )
        stored = (store.insert_request(request), insert_handoff(call.received))
        if asks:
            await self._ask(request, *stored, document_set=document_set)
        elif evaluation.action is Action.ALLOW:
            await self._allow(request, *stored, call=call)
        else:
            await self.work.commit(*stored)
        return answer

    async def _allow(self, request: ApprovalRequest, *stored: Statement, call: Call) -> None:
        """Step 7 — auto-approve in the commit of step 6."""
        question, key = request.question, str(request.question.transaction_id)
        times = StepTimes(
            tenant_id=question.tenant_id,
            began_us=round(call.occurred_at.timestamp() * 1_000_000),
            evaluate_us=request.evaluate_us,
            approve_us=0,
            parents=call.parents,
        )
        carried = Approved(question=question, answer=request.answer)
        item = self.work.new(key, ADMIT, times.encode(), attempt=question.attempt, carried=carried)
        approval = store.insert_auto_approval(question, now=request.requested_at)
        await self.work.commit(*stored, approval, then=[item])

    async def _ask(self, request: ApprovalRequest, *stored: Statement, document_set: DocumentSet) -> None:
        """Step 7 — ask people in the commit of step 6; what they said to an earlier attempt counts where it holds."""
        question, now = request.question, request.requested_at
        transaction_id = question.transaction_id
        earlier = await store.list_events(self.database, transaction_id=transaction_id) if question.attempt else ()
        case = Case(request=request, events=earlier)
        count = count_approvals(case.documents, request=request, document_set=document_set, now_s=int(now.timestamp()))
        asked = Event(
            number=len(earlier), attempt=question.attempt, approver=ENGINE, answer=Reply.ASKED, state=count.state
        )
        times = case.times(now)
        following = [self.approvals.follow_up(case, count, times=times)]
        if count.state is State.WAITING:
            key, attempt, payload = str(transaction_id), question.attempt, times.encode()
            following = [
                self.work.new(key, REPORT, payload, attempt=attempt),
                self.work.new(key, EXPIRE, payload, attempt=attempt, due_in_s=APPROVAL_TIMEOUT_S),
            ]
        event = store.insert_event(asked, request=request, now=now)
        await self.work.commit(*stored, event, then=[item for item in following if item])

    async def _repeat(self, *, question: Question, call: Call, refusal: StrongroomError) -> Answer:
        """The answer that was given before, if it was: the refusal then is only that it cannot be given twice."""
        which = question.which
        case = await store.find_case(
            self.database,
            tenant_id=which.tenant_id,
            transaction_id=which.transaction_id,
            attempt=which.attempt,
        )
        if case is not None and case.request.question == question:
            await self.database.commit(insert_handoff(call.received))
            return case.request.answer
        if case is not None or violated_constraint(refusal) == store.ASKED_ONCE:
            raise StrongroomError(Code.INTENT_MISMATCH, "This attempt was evaluated for another question.") from refusal
        raise refusal
