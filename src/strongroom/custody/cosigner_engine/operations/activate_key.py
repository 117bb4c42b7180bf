"""The second phase of a refresh: ordered until all three co-signers use the new share (trust.md 6)."""

import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.decisions import pause_s
from strongroom.custody.cosigner_engine.domain.reports import MEMBERS, Answers, Faulted, KeyActivated
from strongroom.custody.cosigner_engine.domain.requests import KeyErrand
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.ids import TenantId
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def activate_key(*, means: Means, item: WorkItem) -> None:
    """Show the three records to every co-signer, again and again: shares of two epochs sign nothing together."""
    errand = decode(item.payload, KeyErrand)
    ceremony = await store.find_key_ceremony(
        means.database,
        tenant_id=TenantId(errand.tenant_id),
        key_id=errand.key_id,
        key_request_hash=errand.key_request_hash,
    )
    assert ceremony is not None, "the work row was written in the commit of its records"
    with means.links.ceremony(means.entropy.token(32), under=orders.Under(transaction_id=None, parents=())) as running:
        await running.order(orders.activate_key(ceremony))
        answers = await running.collect(idle_s=means.config.key_round_timeout_s, patient=True)
    waiting = _waiting(answers)
    if waiting:
        _log.warning("key_activation_repeated", key_id=errand.key_id, waiting=waiting)
        delay_s = pause_s(tries=item.tries, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
        await means.work.postpone(item, delay_s, waiting)
        return
    report = means.work.new(item.key, "report_key", errand.encode())
    await means.work.commit(done=item, then=[report])


def _waiting(answers: Answers) -> str:
    """Who does not use the new share yet, and why; empty when all do."""
    late = {index: answers.get(index) for index in MEMBERS if not isinstance(answers.get(index), KeyActivated)}
    said = {index: f"{one.code.name}: {one.detail}" for index, one in late.items() if isinstance(one, Faulted)}
    return "; ".join(f"co-signer {index}: {said.get(index, 'something else')}" for index in late)
