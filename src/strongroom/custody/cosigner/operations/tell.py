"""What a co-signer can say of itself without an engine: its identity, and addresses from its own record."""

from strongroom.custody.cosigner.operations.context import Context, public_key_of
from strongroom.custody.cosigner.store import has_backup
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.keys import KeyRecord, key_fingerprint
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId


def tell_identity(*, context: Context, operator: str) -> dict[str, str | int]:
    """What the owners put into the roster: public keys in hex."""
    return {
        "index": context.index,
        "operator": operator,
        "environment": str(context.environment),
        "signing_key": context.signer.public_key.hex(),
        "encryption_key": context.encryption_key.public_key().public_bytes_raw().hex(),
    }


def tell_key(*, context: Context, tenant_id: TenantId) -> dict[str, str | int]:
    """What people compare of the tenant's key: every co-signer, and whoever made it, has the same fingerprint.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``, ``KEY_UNKNOWN``.
    """
    document_set = context.get_document_set(tenant_id)
    key = context.get_key(document_set)
    record = decode(decode(key.record, Signed).payload, KeyRecord)
    waiting = [waiting.epoch for waiting in context.list_pending_keys(document_set)]
    return {
        "key": key.key_id,
        "epoch": key.epoch,
        "waiting epoch": max(waiting, default=0),
        "fingerprint": key_fingerprint(environment=context.environment, tenant=tenant_id, record=record),
        "public key": key.public_key.hex(),
        "backed up": "yes" if has_backup(context.journal.db, key=key) else "no",
        "restored": "yes: refresh the key before it signs" if key.restored else "no",
    }


def tell_address(*, context: Context, tenant_id: TenantId, account: int, coin_type: int) -> tuple[str, str]:
    """Address and path of a vault account, from the key that this co-signer generated itself.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``, ``KEY_UNKNOWN``; ``VAULT_ACCOUNT_UNKNOWN`` outside the signed ranges.
    """
    document_set = context.get_document_set(tenant_id)
    if not document_set.holds_vault_account(account):
        raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN, f"Account {account} lies in no signed range.")
    path = derivation_path(coin_type=coin_type, vault_account=account)
    return address_at(public_key_of(context.get_key(document_set)), path), path
