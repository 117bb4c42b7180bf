"""What co-signers say to a close order, and what follows from it (trust.md 5)."""

from collections.abc import Sequence
from typing import Final

from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import cosigner_name, open_tombstone
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError

CUSTOMER: Final = 3
"""The co-signer whose word makes it safe to pay again."""
_INDEX_BY_NAME: Final = {cosigner_name(index): index for index in (1, 2, 3)}


def check_tombstone(*, data: bytes, transaction: Transaction, document_sets: Sequence[DocumentSet]) -> int:
    """The index of the co-signer that closed this transaction's request, by one of these rosters.

    Raises:
        StrongroomError: ``DOCUMENT_*``; ``INTENT_MISMATCH`` for a tombstone of another request.
    """
    signers = [one.signer for one in decode(data, Signed).signatures]
    index = _INDEX_BY_NAME.get(signers[0]) if len(signers) == 1 else None
    if index is None:
        raise StrongroomError(Code.DOCUMENT_SIGNATURE_INVALID, "A tombstone is signed by one co-signer.")
    for place, document_set in enumerate(document_sets, start=1):
        try:
            tombstone = open_tombstone(
                data=data, index=index, request_hash=transaction.request_hash, document_set=document_set
            )
        except StrongroomError as error:
            if error.code is Code.INTENT_MISMATCH or place == len(document_sets):
                raise
        else:
            if tombstone.transaction_id != transaction.id.bytes:
                raise StrongroomError(Code.INTENT_MISMATCH, "The tombstone is about another transaction.")
            return index
    raise StrongroomError(Code.DOCUMENT_SIGNATURE_INVALID)


def decide_close(*, transaction: Transaction, customers: bytes | None) -> Change | None:
    """What the tombstones change; None for nothing.

    With co-signer 3's the transaction ends as it was to end. Without it, it has released its share: the slot goes on,
    and whatever consumes the nonce decides.

    Args:
        transaction: as it is.
        customers: the tombstone of co-signer 3, verified.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for a transaction that nobody was ordered to close.
    """
    if transaction.ended:
        return None
    if not transaction.closing or transaction.ending is None:
        raise StrongroomError(Code.STATUS_CONFLICT, f"A transaction that is {transaction.status} is not to be closed.")
    if customers is not None:
        return Change(
            moves=(transaction.ending,),
            sub_status=transaction.sub_status,
            reason=transaction.reason,
            tombstone=customers,
        )
    return Change(freed=True) if transaction.frees_slot else None
