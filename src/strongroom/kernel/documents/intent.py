"""The intent: what exactly is to happen, fixed at step 5 from the request and the document set (trust.md 3)."""

from uuid import UUID

from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.derivation import derivation_path, derive_public_key, evm_address
from strongroom.kernel.documents.codec import Document
from strongroom.kernel.documents.document_set import Asset, DocumentSet, tenant_of
from strongroom.kernel.documents.request import Claims, TransactionRequest
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, KeyId, TenantId, TransactionId, derive_transaction_id
from strongroom.kernel.money import parse_amount

TRANSACTIONS_URI = "/v1/transactions"
"""Where payments are asked for: a request that was signed for another place is no payment, whatever its body says."""
NATIVE_DECIMALS = 18
"""Fees are paid in the chain's native coin, which has 18 decimals on every EVM chain."""


class PublicKey(Document, frozen=True):
    """What a key record says of a key: enough for anyone to derive its addresses."""

    key_id: str
    public_key: bytes
    chain_code: bytes


class Intent(Document, frozen=True):
    """One transfer. Amounts in base units; ``token_contract`` null for the native coin; times in Unix seconds."""

    environment: Environment
    tenant: str
    transaction_id: bytes
    request_hash: bytes
    initiator: str
    type: str
    chain_id: int
    key_id: str
    path: str
    sender: str
    asset_id: str
    token_contract: str | None
    decimals: int
    amount_units: int
    destination: str
    destination_account: int | None
    max_fee_units: int
    fee_level: str
    not_after: int

    @property
    def id(self) -> TransactionId:
        """The transaction's id."""
        return TransactionId(UUID(bytes=self.transaction_id))

    @property
    def source_account(self) -> str:
        """The vault account that pays: the account level of the path."""
        return self.path.split("/")[3]


def default_key_id(*, environment: Environment, tenant_id: TenantId) -> KeyId:
    """One key set per tenant and environment (trust.md 2)."""
    return KeyId(f"{tenant_id}/{environment}/ecdsa-1")


def derive_intent(
    *, request: TransactionRequest, claims: Claims, request_hash: bytes, document_set: DocumentSet, key: PublicKey
) -> Intent:
    """The only intent that this request can mean under this document set.

    Args:
        request_hash: 32 bytes (``kernel.digest``); ``key`` is the tenant's, and every co-signer uses its own.

    Raises:
        StrongroomError: ``ASSET_UNKNOWN``, ``VAULT_ACCOUNT_UNKNOWN``, ``ADDRESS_INVALID``, ``AMOUNT_*``,
            ``FEE_INVALID``, ``OPERATION_UNSUPPORTED``, ``TOKEN_URI_MISMATCH`` if it was not signed as a payment.
    """
    _check_is_payment(claims)
    asset = document_set.get_asset(request.asset_id)
    account = _vault_account(document_set, request.source_account)
    path = derivation_path(coin_type=asset.coin_type, vault_account=account)
    destination, destination_account = _destination(request, asset, document_set, key)
    return Intent(
        environment=document_set.environment,
        tenant=document_set.tenant,
        transaction_id=derive_transaction_id(
            environment=document_set.environment, tenant_id=tenant_of(document_set), request_hash=request_hash
        ).bytes,
        request_hash=request_hash,
        initiator=claims.sub,
        type="TRANSFER",
        chain_id=asset.chain_id,
        key_id=key.key_id,
        path=path,
        sender=address_at(key, path),
        asset_id=asset.id,
        token_contract=asset.token_contract,
        decimals=asset.decimals,
        amount_units=parse_amount(request.amount_text, decimals=asset.decimals),
        destination=destination,
        destination_account=destination_account,
        max_fee_units=_max_fee(request, asset),
        fee_level=request.fee.level,
        not_after=claims.iat + document_set.request_lifetime_s,
    )


def _check_is_payment(claims: Claims) -> None:
    """An SDK also signs whole transfers to ask what they would cost."""
    if claims.uri.partition("?")[0] != TRANSACTIONS_URI:
        raise StrongroomError(Code.TOKEN_URI_MISMATCH, "The request was not signed as a payment.")


def address_at(key: PublicKey, path: str) -> str:
    """The EVM address of a key at a path."""
    return evm_address(derive_public_key(public_key=key.public_key, chain_code=key.chain_code, path=path))


def _vault_account(document_set: DocumentSet, text: str) -> int:
    canonical = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) <= 10
    if not canonical or not document_set.holds_vault_account(int(text)):
        raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN, f"{text[:64]!r} lies in no signed range of vault accounts.")
    return int(text)


def _destination(
    request: TransactionRequest, asset: Asset, document_set: DocumentSet, key: PublicKey
) -> tuple[str, int | None]:
    if request.destination_type == "VAULT_ACCOUNT":
        account = _vault_account(document_set, request.destination_id)
        return address_at(key, derivation_path(coin_type=asset.coin_type, vault_account=account)), account
    if request.destination_type == "ONE_TIME_ADDRESS":
        return parse_evm_address(request.destination_address), None
    if request.destination_type == "EXTERNAL_WALLET":
        for entry in document_set.addresses:
            if (entry.id, entry.chain_id) == (request.destination_id, asset.chain_id):
                return entry.address, None
        raise StrongroomError(
            Code.ADDRESS_INVALID, f"{request.destination_id[:64]!r} is not in the signed address list."
        )
    raise StrongroomError(
        Code.OPERATION_UNSUPPORTED, "The destination is a VAULT_ACCOUNT, ONE_TIME_ADDRESS or EXTERNAL_WALLET."
    )


def _max_fee(request: TransactionRequest, asset: Asset) -> int:
    if request.fee.max_fee_text is None:
        return asset.max_fee_units
    try:
        wished = parse_amount(request.fee.max_fee_text, decimals=NATIVE_DECIMALS)
    except StrongroomError as error:
        raise StrongroomError(Code.FEE_INVALID, f"maxTotalFee: {error.detail}") from None
    return min(wished, asset.max_fee_units)
