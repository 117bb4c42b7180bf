"""Step 7 where a rule asks people: their answers, how far they are, and the ends without enough of them."""

from typing import final
from uuid import UUID

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import (
    ENGINE,
    Accepted,
    Approved,
    Case,
    Count,
    End,
    Event,
    Reply,
    State,
    StepTimes,
    accept_approval,
    count_approvals,
    explain,
)
from strongroom.custody.policy_engine.operations.admit import ADMIT, get_case
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.custody.policy_engine.peers import Peers
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.paging import Page, check_page_size, encode_cursor, parse_cursor
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import Work, WorkItem

REPORT = "report_evaluation"
END = "end"
EXPIRE = "expire"
_TRIES = 8
_SWEPT_AT_ONCE = 200


@final
class Approvals:
    """Collects what people answer. Every row is written by whoever has seen all rows before it, or not at all.

    Args:
        database: the policy engine's own.
        work: its durable calls.
        clock: for when an attempt's time is over.
        document_sets: which version is current.
        peers: to whom an end is reported.
    """

    def __init__(
        self, *, database: Database, work: Work, clock: Clock, document_sets: DocumentSets, peers: Peers
    ) -> None:
        self._database, self._work, self._clock = database, work, clock
        self._document_sets, self._peers = document_sets, peers

    async def submit(self, *, tenant_id: str, transaction_id: UUID, approval: bytes, call: Call) -> State:
        """Step 7 — takes one person's answer: enough of them go on, one rejection ends it. Idempotent.

        Raises:
            StrongroomError: ``TRANSACTION_UNKNOWN``; ``STATUS_CONFLICT`` when nobody is asked, or no longer;
                ``APPROVAL_INVALID``, ``DOCUMENT_*``; ``ATTEMPT_OUTDATED`` while it is decided again. Nothing is stored.
        """
        for _ in range(_TRIES):
            case = await self._get(tenant_id, transaction_id)
            document_set = await self._document_sets.get(tenant_id)
            if document_set.version < case.request.document_set_version:  # published by another process
                document_set, _ = await self._document_sets.read(tenant_id)
            try:
                return await self._submit_once(case, approval, document_set=document_set, call=call)
            except StrongroomError as error:
                if error.code is Code.CLAIM_LOST:
                    await self._document_sets.read(tenant_id)
                elif violated_constraint(error) != store.IN_TURN:
                    raise
        raise StrongroomError(Code.CLAIM_LOST)

    async def _submit_once(self, case: Case, approval: bytes, *, document_set: DocumentSet, call: Call) -> State:
        state = case.state(self._clock.now())
        mine = [event for event in case.events if event.attempt == case.request.question.attempt]
        if approval in [event.document for event in mine]:
            await self._database.commit(insert_handoff(call.received))
            return state
        await self._check_open(case, state, document_set=document_set)
        now_s = int(self._clock.now().timestamp())
        accepted = accept_approval(approval, case=case, document_set=document_set, now_s=now_s)
        if accepted.again:
            await self._database.commit(insert_handoff(call.received))
            return state
        await self._store(case, accepted, call=call)
        return accepted.event.state

    async def _check_open(self, case: Case, state: State, *, document_set: DocumentSet) -> None:
        if state is State.WAITING and case.request.document_set_version < document_set.version:
            await self.outdate(case)  # the sweep after the publication may have come before this request
            state = State.OUTDATED
        if state is State.OUTDATED:
            raise StrongroomError(Code.ATTEMPT_OUTDATED)
        if state is not State.WAITING:
            because = f": {case.closed_because}" if state is State.CLOSED else "."
            raise StrongroomError(Code.STATUS_CONFLICT, f"The approvals of this transaction are {state}{because}")

    async def _store(self, case: Case, accepted: Accepted, *, call: Call) -> None:
        event, now = accepted.event, self._clock.now()
        times = case.times(now, parents=call.parents)
        await self._work.commit(
            store.insert_event(event, request=case.request, now=now, newest=True),
            insert_handoff(call.received),
            then=[item for item in (self.follow_up(case, accepted.count, times=times),) if item],
        )

    def follow_up(self, case: Case, count: Count, *, times: StepTimes) -> WorkItem | None:
        """The call that a count makes due: the admission, the end, or none while it waits."""
        question = case.request.question
        key, attempt = str(question.transaction_id), question.attempt
        if count.state is State.APPROVED:
            carried = Approved(
                question=question, answer=case.request.answer, approvals=count.approvals, people=count.people
            )
            return self._work.new(key, ADMIT, times.encode(), attempt=attempt, carried=carried)
        if count.state is State.REJECTED:
            end = End(times=times, outcome=Code.APPROVAL_REJECTED.name, reason=f"{count.rejected_by} rejected it.")
            return self._work.new(key, END, end.encode(), attempt=attempt)
        return None

    async def get(self, *, tenant_id: str, transaction_id: UUID) -> tuple[Case, State, tuple[bytes, ...]]:
        """A transaction's newest attempt, where it is, and the approvals that count.

        Raises:
            StrongroomError: ``TRANSACTION_UNKNOWN``.
        """
        return await self._show(await self._get(tenant_id, transaction_id))

    async def list(self, *, tenant_id: str, page_size: int, cursor: str) -> Page[tuple[Case, State, tuple[bytes, ...]]]:
        """A page of what waits for people, oldest first.

        Raises:
            StrongroomError: ``PAGE_INVALID``.
        """
        size = check_page_size(page_size)
        after = _parse_place(cursor) if cursor else 0
        places = await store.list_waiting(
            self._database, tenant_id=tenant_id, now=self._clock.now(), after=after, limit=size + 1
        )
        ids = [transaction_id for _, transaction_id in places[:size]]
        cases = await store.list_cases(self._database, tenant_id=tenant_id, transaction_ids=ids) if ids else []
        shown = tuple([await self._show(case) for case in cases])
        return Page(items=shown, next_cursor=encode_cursor(str(places[size - 1][0])) if len(places) > size else None)

    async def report(self, item: WorkItem) -> None:
        """Report step 6: people are asked. Made again until the manager has answered."""
        times = decode(item.payload, StepTimes)
        case = await get_case(self._database, tenant_id=times.tenant_id, item=item)
        request = case.request
        await self._peers.record_evaluation(
            request.question.which, times=times, explanation=explain(request.evaluation)
        )
        await self._work.commit(done=item)

    async def end(self, item: WorkItem) -> None:
        """Report how step 7 ended. Made again until the manager has answered."""
        end = decode(item.payload, End)
        case = await get_case(self._database, tenant_id=end.times.tenant_id, item=item)
        which, explanation = case.request.question.which, explain(case.request.evaluation)
        if await self._peers.record_evaluation(which, times=end.times, explanation=explanation):
            await self._peers.record_end(which, end)
        await self._work.commit(done=item)

    async def expire(self, item: WorkItem) -> None:
        """End an attempt whose time is over, if it still waits; made due by the commit that asked."""
        times = decode(item.payload, StepTimes)
        case = await get_case(self._database, tenant_id=times.tenant_id, item=item)
        if case.state(self._clock.now()) is not State.EXPIRED or case.events[-1].state is State.EXPIRED:
            await self._work.commit(done=item)
            return
        await self._end_without(case, Reply.TIMED_OUT, Code.APPROVAL_TIMED_OUT, done=item)

    async def sweep(self, item: WorkItem) -> None:
        """Have everything that waits decided again, once a version is with every service (trust.md 1)."""
        tenant_id, version, after = item.key, item.attempt, 0
        while True:
            places = await store.list_waiting(
                self._database, tenant_id=tenant_id, now=self._clock.now(), after=after, limit=_SWEPT_AT_ONCE
            )
            if not places:
                break
            after = places[-1][0]
            ids = [transaction_id for _, transaction_id in places]
            for case in await store.list_cases(self._database, tenant_id=tenant_id, transaction_ids=ids):
                if case.request.document_set_version < version:
                    await self.outdate(case)
        await self._work.commit(done=item)

    async def outdate(self, case: Case) -> None:
        """End an attempt that waits: it is to be decided again, once."""
        question = case.request.question
        for _ in range(_TRIES):
            try:
                await self._end_without(case, Reply.OUTDATED, Code.ATTEMPT_OUTDATED)
            except StrongroomError as error:
                if violated_constraint(error) != store.IN_TURN:
                    raise
            else:
                return
            case = await self._get(question.tenant_id, question.transaction_id)
            if case.request.question.attempt != question.attempt or case.state(self._clock.now()) is not State.WAITING:
                return
        raise StrongroomError(Code.CLAIM_LOST)

    async def _end_without(self, case: Case, reply: Reply, code: Code, *, done: WorkItem | None = None) -> None:
        question, now = case.request.question, self._clock.now()
        event = Event(
            number=len(case.events),
            attempt=question.attempt,
            approver=ENGINE,
            answer=reply,
            state=State.EXPIRED if reply is Reply.TIMED_OUT else State.OUTDATED,
        )
        end = End(times=case.times(now), outcome=code.name, reason=code.meaning.text)
        following = self._work.new(str(question.transaction_id), END, end.encode(), attempt=question.attempt)
        await self._work.commit(store.insert_event(event, request=case.request, now=now), done=done, then=[following])

    async def _get(self, tenant_id: str, transaction_id: UUID) -> Case:
        case = await store.find_case(self._database, tenant_id=tenant_id, transaction_id=transaction_id)
        if case is None:
            raise StrongroomError(Code.TRANSACTION_UNKNOWN)
        return case

    async def _show(self, case: Case) -> tuple[Case, State, tuple[bytes, ...]]:
        now, request = self._clock.now(), case.request
        state = case.state(now)
        if state is State.NOT_ASKED:
            return case, state, ()
        document_set = await self._document_sets.get_version(request.question.tenant_id, request.document_set_version)
        count = count_approvals(case.documents, request=request, document_set=document_set, now_s=int(now.timestamp()))
        return case, state, count.approvals


def _parse_place(cursor: str) -> int:
    (place,) = parse_cursor(cursor, parts=1)
    if not (place.isascii() and place.isdecimal()) or len(place) > 18:
        raise StrongroomError(Code.PAGE_INVALID)
    return int(place)
