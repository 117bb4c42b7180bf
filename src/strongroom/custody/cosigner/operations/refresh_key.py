"""Complete refresh: new shares of the same key, in two phases, so that no moment leaves the key without three shares.

Phase one is a ceremony like that of key generation (``generate_key``): at its end a co-signer has a share of the next
epoch that waits, and goes on using the old one. Phase two (``activate_key``) begins with the records of all three.

One epoch must never have two complete sets of records: shown different ones, two co-signers would go different ways
and the key were lost. So each says in round 0 what it holds of the epoch, whichever request it came from; what all
three hold is recorded again and nothing new is made. What one of them does not hold can never become complete: it has
forgotten the ceremony. Nothing that waits is thrown away before an epoch is active.
"""

from strongroom.custody.cosigner.domain.ceremony import REFRESH, Terms
from strongroom.custody.cosigner.domain.key_entries import KeyRefreshed
from strongroom.custody.cosigner.domain.orders import StartKeyCeremony
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.exchange import Exchange
from strongroom.custody.cosigner.operations.generate_key import NONCE_BYTES, KeyCeremony, Making, making_key
from strongroom.custody.cosigner.store import find_key_by_request
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.keys import FIRST_EPOCH, KeyRequest, verify_key_request
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import KeyShare, Session


def open_key_ceremony(*, context: Context, order: StartKeyCeremony) -> KeyCeremony:
    """Our part in making the key, or the shares of its next epoch, that the owners asked for.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``, ``DOCUMENT_*``, ``REQUEST_EXPIRED``, ``REQUEST_INVALID``; ``KEY_EXISTS``
            for a key from another request, or another epoch than the next; ``KEY_UNKNOWN`` for a refresh without a
            share; ``COSIGNER_BANNED``, ``CEREMONY_FAILED`` for a new key.
    """
    if len(order.ceremony_id) != NONCE_BYTES:
        raise StrongroomError(Code.REQUEST_INVALID, "A ceremony id is 32 bytes.")
    document_set = context.get_document_set(order.tenant_id)
    request = decode(decode(order.key_request, Signed).payload, KeyRequest)
    request_hash = request.hash()

    def verify() -> None:
        verify_key_request(data=order.key_request, document_set=document_set, now_s=context.now_s())

    # What we recorded for a request is told again even when the request has expired: only a new ceremony needs its
    # word.
    is_known = find_key_by_request(context.journal.db, nonce=request.nonce) == request_hash
    if not is_known:
        verify()
    if request.epoch == FIRST_EPOCH:
        making = making_key(context=context, document_set=document_set, request=request, request_hash=request_hash)
    else:
        making = making_refresh(context=context, document_set=document_set, request=request)
    terms = Terms(protocol=making.protocol, ceremony_id=order.ceremony_id, key_id=request.key_id, epoch=request.epoch)
    return KeyCeremony(
        context=context,
        document_set=document_set,
        request=request,
        request_hash=request_hash,
        verify_request=verify,
        making=making,
        exchange=Exchange(context=context, document_set=document_set, terms=terms),
    )


def making_refresh(*, context: Context, document_set: DocumentSet, request: KeyRequest) -> Making:
    """Shares of the next epoch of our key.

    Bans and frozen quorums do not stand against it: the owners asked, and no secret of the old shares is used but the
    share itself (fresh oblivious transfers). A restored or rolled-back co-signer takes part: this is what ends its
    freeze.

    Raises:
        StrongroomError: ``KEY_UNKNOWN``; ``KEY_EXISTS`` for another epoch than the next, or a nonce of another request.
    """
    current = context.get_key(document_set)
    if find_key_by_request(context.journal.db, nonce=request.nonce) not in {None, request.hash()}:
        raise StrongroomError(Code.KEY_EXISTS, "The nonce was used by another request.")
    is_active = current.epoch == request.epoch and current.request_hash == request.hash()
    if not is_active and request.epoch != current.epoch + 1:
        raise StrongroomError(Code.KEY_EXISTS, f"The key is of epoch {current.epoch} here: ask for the next one.")
    held = (current,) if is_active else tuple(context.list_pending_keys(document_set))

    def check_startable() -> None:
        if is_active:
            raise StrongroomError(Code.KEY_EXISTS, "The epoch is active, and a peer says that it does not have it.")

    def begin(identity: bytes) -> Session[KeyShare]:
        return context.get_root_share(current).refresh(epoch=request.epoch, refresh_id=identity)

    def check_share(share: KeyShare) -> None:
        if (share.public_key, share.chain_code) != (current.public_key, current.chain_code):
            raise StrongroomError(Code.CEREMONY_FAILED, "The refresh changed the key.")

    return Making(
        protocol=REFRESH,
        held=held,
        check_startable=check_startable,
        begin=begin,
        check_share=check_share,
        entry=KeyRefreshed,
    )
