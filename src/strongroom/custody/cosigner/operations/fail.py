"""What a failed ceremony leaves behind: a ban for ever, a count, or nothing (threshold signing 7.8).

A count above which the quorum is frozen says nothing more: no further failure of it is written, so that a peer that
fails one refresh after the other, which a frozen quorum may still try, fills no disk.
"""

from strongroom.custody.cosigner.domain.ceremony import Terms
from strongroom.custody.cosigner.domain.entries import Banned, CeremonyFailed
from strongroom.custody.cosigner.domain.reports import Failed
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.exchange import UnopenedError
from strongroom.custody.cosigner.operations.peers_allowed import UNATTRIBUTED_FAILURES_MAX
from strongroom.custody.cosigner.store import get_failure_count, is_failure_known
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import ThresholdError

_TEXT_MAX = 200


def record_failure(
    *,
    context: Context,
    document_set: DocumentSet,
    terms: Terms,
    round_number: int,
    error: ThresholdError | UnopenedError | StrongroomError,
) -> Failed:
    """What to report of an error that ended a ceremony; a ban or a count is in the journal before it leaves.

    A ban comes only from the threshold library, and it only sees messages that a peer signed and that opened. An error
    of our own (``usage``) counts against nobody.
    """
    code, culprit, ban = Code.CEREMONY_FAILED, 0, False
    if isinstance(error, ThresholdError):
        culprit, ban = error.culprit or 0, error.ban and bool(error.culprit)
        if ban:
            _ban(context, document_set, terms, round_number, culprit, str(error))
        elif not culprit and error.kind != "usage":
            _count(context, terms, round_number, str(error))
    elif isinstance(error, UnopenedError):
        code, culprit = Code.MESSAGE_INVALID, error.culprit
    else:
        code = error.code
    return Failed(
        ceremony_id=terms.ceremony_id,
        code=code,
        detail=str(error)[:_TEXT_MAX],
        culprit=culprit,
        round=round_number,
        ban=ban,
    )


def _ban(
    context: Context, document_set: DocumentSet, terms: Terms, round_number: int, culprit: int, detail: str
) -> None:
    context.journal.append(
        Banned(
            tenant=document_set.tenant,
            key_id=terms.key_id,
            peer=culprit,
            peer_key=document_set.get_cosigner(culprit).signing_key,
            ceremony_id=terms.ceremony_id,
            round=round_number,
            detail=detail[:_TEXT_MAX],
            at=context.now_s(),
        )
    )


def _count(context: Context, terms: Terms, round_number: int, detail: str) -> None:
    db = context.journal.db
    if is_failure_known(db, ceremony_id=terms.ceremony_id):
        return
    if get_failure_count(db, quorum_hash=terms.quorum_hash) > UNATTRIBUTED_FAILURES_MAX:
        return
    context.journal.append(
        CeremonyFailed(
            quorum_hash=terms.quorum_hash,
            ceremony_id=terms.ceremony_id,
            round=round_number,
            detail=detail[:_TEXT_MAX],
            at=context.now_s(),
        )
    )
