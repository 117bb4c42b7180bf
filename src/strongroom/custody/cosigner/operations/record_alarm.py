"""Alarms into the journal, as many as an hour has room for; how many more there were, in one entry later."""

from strongroom.custody.cosigner.domain.alarms import is_alarm
from strongroom.custody.cosigner.domain.entries import AlarmsSuppressed, Refused
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import (
    find_document_set,
    find_suppressed_since,
    is_refusal_known,
    list_suppressed,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import StrongroomError
from strongroom.kernel.ids import TenantId

TEXT_MAX = 200
"""Characters of a text that somebody else may have chosen."""
HASH_BYTES = 32


def record_refusal(*, context: Context, tenant_id: TenantId, request_hash: bytes, error: StrongroomError) -> None:
    """Journal an alarm of a tenant that is known here, once for each request and reason, or count it.

    Args:
        request_hash: of the request, or SHA-256 of the document that is refused. Of what is called one and has another
            length, SHA-256 is written: whoever sends it must not choose how long the entry is.
    """
    db, reason = context.journal.db, error.code.name
    hashed = request_hash if len(request_hash) == HASH_BYTES else sha256(request_hash)
    if not is_alarm(error.code) or is_refusal_known(db, request_hash=hashed, reason=reason):
        return
    if find_document_set(db, tenant=tenant_id) is None:
        return
    report_suppressed(context=context)
    now, alarms = context.now_s(), context.get_alarms()
    if not alarms.has_room(now):
        context.journal.count_alarm(tenant=tenant_id, reason=reason, at=now)
        alarms.counted(now)
        return
    detail = error.detail[:TEXT_MAX]
    context.journal.append(Refused(tenant=tenant_id, request_hash=hashed, reason=reason, detail=detail, at=now))
    alarms.written(now)


def report_suppressed(*, context: Context) -> None:
    """Write how many alarms were counted, an hour after the first of them."""
    now, alarms = context.now_s(), context.get_alarms()
    if not alarms.is_report_due(now):
        return
    since, counted = find_suppressed_since(context.journal.db), list_suppressed(context.journal.db)
    if since is not None:  # else another process has written it
        context.journal.append(AlarmsSuppressed(alarms=counted, since=since, at=now))
    alarms.reported()
