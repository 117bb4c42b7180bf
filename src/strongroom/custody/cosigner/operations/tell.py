"""What a co-signer can say of itself without an engine: its identity, and addresses from its own record."""

from strongroom.custody.cosigner.operations.context import Context, public_key_of
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.documents.intent import address_at
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
