"""The gRPC door of secure_vault: translate, call one operation, translate."""

from typing import Any, final
from uuid import UUID

from grpc.aio import ServicerContext

from strongroom.custody.secure_vault.domain import AccountOrder, Admission, Key, OriginalRequest, VaultAccount, Wallet
from strongroom.custody.secure_vault.operations import keys, vault_accounts, wallets
from strongroom.custody.secure_vault.operations.admit import admit_transaction
from strongroom.custody.secure_vault.operations.assemble import Finished, assemble_transaction
from strongroom.custody.secure_vault.operations.document_sets import apply_document_set
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultServicer as Servicer
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.rpc.call import Call, current_call

_Context = ServicerContext[Any, Any]


@final
class SecureVaultServicer(Servicer):
    """strongroom.secure_vault.v1.SecureVault."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def CreateVaultAccount(self, request: pb.CreateVaultAccountRequest, context: _Context) -> pb.VaultAccount:
        """Opens a vault account inside a signed range."""
        order = AccountOrder(
            name=request.name,
            customer_ref_id=request.customer_ref_id,
            idempotency_key=request.idempotency_key,
            body_hash=request.body_hash,
        )
        account, replayed = await vault_accounts.create_vault_account(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            order=order,
            received=current_call().received,
        )
        return _account(account, replayed=replayed)

    async def GetVaultAccount(self, request: pb.GetVaultAccountRequest, context: _Context) -> pb.VaultAccount:
        """One vault account with its wallets."""
        account = await vault_accounts.get_vault_account(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            number=vault_accounts.parse_account_id(vault_account_id=request.vault_account_id),
        )
        return _account(account)

    async def ListVaultAccounts(
        self, request: pb.ListVaultAccountsRequest, context: _Context
    ) -> pb.ListVaultAccountsResponse:
        """Vault accounts of a tenant, by number."""
        page = await vault_accounts.list_vault_accounts(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            page_size=request.page_size,
            cursor=request.cursor,
            name_prefix=request.name_prefix,
        )
        return pb.ListVaultAccountsResponse(
            accounts=[_account(account) for account in page.items], next_cursor=page.next_cursor or ""
        )

    async def CreateWallet(self, request: pb.CreateWalletRequest, context: _Context) -> pb.Wallet:
        """Opens the wallet of an asset and derives its address."""
        wallet = await wallets.create_wallet(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            number=vault_accounts.parse_account_id(vault_account_id=request.vault_account_id),
            asset_id=request.asset_id,
            received=current_call().received,
        )
        return _wallet(wallet)

    async def ListAddresses(self, request: pb.ListAddressesRequest, context: _Context) -> pb.ListAddressesResponse:
        """Addresses of a wallet."""
        page = await wallets.list_addresses(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            number=vault_accounts.parse_account_id(vault_account_id=request.vault_account_id),
            asset_id=request.asset_id,
            page_size=request.page_size,
            cursor=request.cursor,
        )
        return pb.ListAddressesResponse(
            addresses=[_wallet(wallet) for wallet in page.items], next_cursor=page.next_cursor or ""
        )

    async def FindAddress(self, request: pb.FindAddressRequest, context: _Context) -> pb.FindAddressResponse:
        """Whose address it is."""
        tenant_id, wallet = await wallets.find_address(
            means=self._means, asset_id=request.asset_id, address=request.address
        )
        return pb.FindAddressResponse(tenant_id=tenant_id, vault_account_id=str(wallet.number))

    async def RequestKey(self, request: pb.RequestKeyRequest, context: _Context) -> pb.Key:
        """Starts a key ceremony that the owners asked for."""
        call = current_call()
        key = await keys.request_key(
            means=self._means,
            context=self._acts_for(call, _tenant(request.tenant_id)),
            key_request=request.key_request,
            received=call.received,
        )
        return _key(key)

    async def GetKey(self, request: pb.GetKeyRequest, context: _Context) -> pb.Key:
        """A key and the co-signers' records of it."""
        return _key(await keys.get_key(means=self._means, tenant_id=_tenant(request.tenant_id), key_id=request.key_id))

    async def RecordKey(self, request: pb.RecordKeyRequest, context: _Context) -> pb.RecordKeyResponse:
        """What cosigner_engine reports when a key ceremony ends."""
        await keys.record_key(
            means=self._means,
            tenant_id=_tenant(request.tenant_id),
            key_id=request.key_id,
            key_request_hash=request.key_request_hash,
            records=tuple(request.key_records),
            reason=request.reason,
            received=current_call().received,
        )
        return pb.RecordKeyResponse()

    async def AdmitTransaction(
        self, request: pb.AdmitTransactionRequest, context: _Context
    ) -> pb.AdmitTransactionResponse:
        """Step 8: admits an approved transaction."""
        call = current_call()
        admission = Admission(
            tenant_id=_tenant(request.tenant_id),
            transaction_id=_transaction(request.transaction_id),
            attempt=request.attempt,
            request=OriginalRequest(token=request.request.token, uri=request.request.uri, body=request.request.body),
            intent=request.intent,
            decision=request.decision,
            verdict=request.verdict,
            approvals=tuple(request.approvals),
        )
        acts_for = self._acts_for(call, admission.tenant_id)
        await admit_transaction(means=self._means, admission=admission, context=acts_for, call=call)
        return pb.AdmitTransactionResponse()

    async def AssembleTransaction(
        self, request: pb.AssembleTransactionRequest, context: _Context
    ) -> pb.AssembleTransactionResponse:
        """Step 12: rebuilds the signed transaction and goes on to nodes."""
        call = current_call()
        finished = Finished(
            tenant_id=_tenant(request.tenant_id),
            transaction_id=_transaction(request.transaction_id),
            attempt=request.attempt,
            signature=request.signature,
        )
        tx_hash = await assemble_transaction(
            means=self._means, finished=finished, context=self._acts_for(call, finished.tenant_id), call=call
        )
        return pb.AssembleTransactionResponse(tx_hash=tx_hash)

    async def ApplyDocumentSet(
        self, request: pb.ApplyDocumentSetRequest, context: _Context
    ) -> pb.ApplyDocumentSetResponse:
        """Takes over a published document set."""
        await apply_document_set(means=self._means, document=request.document_set, received=current_call().received)
        return pb.ApplyDocumentSetResponse()

    def _acts_for(self, call: Call, tenant_id: TenantId) -> CallContext:
        """The call's context, or one of our own where the caller acts for itself."""
        return call.given_context or CallContext(
            tenant_id=tenant_id,
            user_id=call.caller,
            environment=self._means.environment,
            session_id=str(call.transaction_id or call.caller),
        )


def _tenant(tenant_id: str) -> TenantId:
    """The request's tenant, which must be the one that the call is made for."""
    given = current_call().given_context
    if not tenant_id or (given is not None and given.tenant_id != tenant_id):
        raise StrongroomError(Code.FORBIDDEN, "The request names another tenant than its call.")
    return TenantId(tenant_id)


def _transaction(text: str) -> TransactionId:
    try:
        return TransactionId(UUID(text))
    except ValueError:
        raise StrongroomError(Code.REQUEST_INVALID, "A transaction id is a UUID.") from None


def _account(account: VaultAccount, *, replayed: bool = False) -> pb.VaultAccount:
    return pb.VaultAccount(
        id=str(account.number),
        name=account.name,
        customer_ref_id=account.customer_ref_id,
        wallets=[_wallet(wallet) for wallet in account.wallets],
        replayed=replayed,
        created_at_ms=int(account.created_at.timestamp() * 1000),
    )


def _wallet(wallet: Wallet) -> pb.Wallet:
    return pb.Wallet(
        asset_id=wallet.asset_id,
        address=wallet.address,
        chain_id=wallet.chain_id,
        decimals=wallet.decimals,
        path=wallet.path,
        vault_account_id=str(wallet.number),
    )


def _key(key: Key) -> pb.Key:
    return pb.Key(
        key_id=key.key_id,
        status=key.status,
        reason=key.reason,
        key_records=key.key_records,
        key_request=key.key_request,
    )
