"""Step 5c."""

from dataclasses import replace

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import OK
from strongroom.custody.transaction_manager.domain.transaction import Change
from strongroom.custody.transaction_manager.operations.ask import ask
from strongroom.custody.transaction_manager.operations.open_errand import Opened, open_errand
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code
from strongroom.runtime.work import WorkItem


async def exchange_travel_rule(*, item: WorkItem, ports: Ports) -> None:
    """Step 5c — has the Travel Rule obligation met and keeps screening's signed verdict over both parts.

    Raises:
        StrongroomError: ``TRAVEL_RULE_PENDING`` and other passing refusals; ``DOCUMENT_*`` or ``INTENT_MISMATCH`` for
            a verdict that does not verify: nothing moves until a good one comes.
    """
    opened = await open_errand(item=item, after="5b", ports=ports)
    if opened is None:
        return
    asking = ports.peers.exchange_travel_rule(transaction=opened.transaction, metadata=opened.metadata)
    answer = await ask(asking, step="5c", opened=opened, item=item, ports=ports)
    if answer is None:
        return
    refused = answer.outcome == "REFUSED"
    outcome = Code.TRAVEL_RULE_REFUSED.name if refused else OK
    if refused:
        change = replace(
            decide_ending(outcome=outcome, reason=answer.detail, step="5c"), verdict=answer.verdict or None
        )
    else:
        await _check_verdict(opened, answer.verdict, ports)
        change = Change(
            moves=(Status.PENDING_AUTHORIZATION,),
            step="5c",
            verdict=answer.verdict,
            report_due=answer.report_due or None,
        )
    detail = ": ".join(part for part in (answer.outcome, answer.counterparty, answer.detail) if part)
    await store_step(
        ports=ports,
        transaction=opened.transaction,
        change=change,
        errand=opened.errand,
        steps=[opened.step("5c", ports=ports, outcome=outcome, detail=detail)],
        done=item,
        then=[] if refused else [opened.next_call("evaluate", ports=ports)],
    )


async def _check_verdict(opened: Opened, verdict: bytes, ports: Ports) -> None:
    transaction = opened.transaction
    document_set = await ports.documents.get(tenant_id=transaction.tenant_id, version=transaction.current_version)
    open_verdict(
        data=verdict,
        document_set=document_set,
        intent_hash=sha256(transaction.intent),
        now_s=int(opened.started_at.timestamp()),
    )
