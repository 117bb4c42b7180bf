"""Step 11: do the co-signers' statements of one ceremony belong together."""

from uuid import UUID

import structlog

from strongroom.custody.auth_engine.domain import decide_partials
from strongroom.custody.auth_engine.operations.document_sets import DocumentSets
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.db import Database, insert_handoff
from strongroom.runtime.rpc.evidence import HandoffEvent

_log = structlog.stdlib.get_logger(__name__)


async def verify_partials(
    *,
    database: Database,
    document_sets: DocumentSets,
    tenant_id: str,
    transaction_id: UUID,
    digest: bytes,
    partials: tuple[bytes, ...],
    received: HandoffEvent,
) -> bytes:
    """Step 11 — check identities, quorum, digests, results and messages; store nothing but the handoff.

    Returns:
        The hash of (r, s, v) that all three signed, 32 bytes.

    Raises:
        StrongroomError: ``PARTIALS_MISMATCH``: an alarm, after which the same digest is signed again.
    """
    document_set = await document_sets.get(tenant_id)
    await database.commit(insert_handoff(received))
    try:
        return decide_partials(
            document_set=document_set, transaction_id=transaction_id, digest=digest, partials=partials
        )
    except StrongroomError as error:
        _log.error("partials_mismatch", transaction_id=str(transaction_id), reason=error.detail)
        raise
