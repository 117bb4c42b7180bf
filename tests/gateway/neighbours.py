"""What the gateway sees of the services behind it: each keeps what it was asked and answers plainly."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from strongroom.interfaces.balances.v1 import balances_pb2, balances_pb2_grpc
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2, secure_vault_pb2_grpc
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2, transaction_manager_pb2_grpc
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.request import parse_transaction_request
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import parse_amount
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service
from tests.fakes.policy_engine import FakePolicyEngine
from tests.fixtures.tenant import ASSET, CHAIN_ID, FRIEND, made_key

tm = transaction_manager_pb2
sv = secure_vault_pb2
pe = policy_engine_pb2


@dataclass
class Manager(transaction_manager_pb2_grpc.TransactionManagerServicer):
    """Keeps transactions in memory; the same Idempotency-Key or externalTxId is answered again."""

    created: list[tm.CreateTransactionRequest] = field(default_factory=list[tm.CreateTransactionRequest])
    lists: list[tm.ListTransactionsRequest] = field(default_factory=list[tm.ListTransactionsRequest])
    transactions: dict[str, tm.Transaction] = field(default_factory=dict[str, tm.Transaction])
    by_key: dict[str, str] = field(default_factory=dict[str, str])
    cancelled: list[tm.CancelTransactionRequest] = field(default_factory=list[tm.CancelTransactionRequest])
    calls: list[Call] = field(default_factory=list[Call])
    failure: Exception | None = None

    async def CreateTransaction(
        self, request: tm.CreateTransactionRequest, context: Any
    ) -> tm.CreateTransactionResponse:
        self.calls.append(current_call())
        if self.failure:
            raise self.failure
        wish = parse_transaction_request(request.body)
        known = self.by_key.get(request.idempotency_key) if request.idempotency_key else None
        if known:
            return tm.CreateTransactionResponse(transaction_id=known, status="SUBMITTED", replayed=True)
        self.created.append(request)
        name = str(uuid5(NAMESPACE_OID, str(len(self.created))))
        self.by_key[request.idempotency_key] = name
        self.transactions[name] = tm.Transaction(
            transaction_id=name,
            status="SUBMITTED",
            asset_id=wish.asset_id,
            source_account=wish.source_account,
            source_address=FRIEND,
            destination_type=wish.destination_type,
            destination_id=wish.destination_id,
            destination_address=wish.destination_address,
            amount_units=str(parse_amount(wish.amount_text, decimals=18)),
            decimals=18,
            external_id=wish.external_id or "",
            note=wish.note,
            created_by=current_call().context.user_id,
            created_at_ms=1_800_000_000_000,
            updated_at_ms=1_800_000_000_500,
        )
        return tm.CreateTransactionResponse(transaction_id=name, status="SUBMITTED")

    async def GetTransaction(self, request: tm.GetTransactionRequest, context: Any) -> tm.Transaction:
        for item in self.transactions.values():
            if item.transaction_id == request.transaction_id or (
                request.external_id and item.external_id == request.external_id
            ):
                return item
        raise StrongroomError(Code.TRANSACTION_UNKNOWN)

    async def ListTransactions(self, request: tm.ListTransactionsRequest, context: Any) -> tm.ListTransactionsResponse:
        self.lists.append(request)
        found = [item for item in self.transactions.values() if request.status in ("", item.status)]
        start = int(request.cursor or "0")
        page = found[start : start + request.page_size]
        more = start + len(page) < len(found)
        return tm.ListTransactionsResponse(transactions=page, next_cursor=str(start + len(page)) if more else "")

    async def CancelTransaction(
        self, request: tm.CancelTransactionRequest, context: Any
    ) -> tm.CancelTransactionResponse:
        self.calls.append(current_call())
        if self.failure:
            raise self.failure
        found = self.transactions.get(request.transaction_id)
        if found is None:
            raise StrongroomError(Code.TRANSACTION_UNKNOWN)
        self.cancelled.append(request)
        found.status, found.ending = "CANCELLING", "CANCELLED"
        return tm.CancelTransactionResponse(status=found.status)

    def service(self) -> Service:
        register = transaction_manager_pb2_grpc.add_TransactionManagerServicer_to_server
        return Service(name="transaction_manager", grpc=(lambda server: register(self, server),))


@dataclass
class Policy(FakePolicyEngine):
    """Knows the approvals that a test puts in; takes every answer."""

    states: dict[str, pe.ApprovalState] = field(default_factory=dict[str, pe.ApprovalState])
    submitted: list[pe.SubmitApprovalRequest] = field(default_factory=list[pe.SubmitApprovalRequest])

    async def SubmitApproval(self, request: pe.SubmitApprovalRequest, context: Any) -> pe.SubmitApprovalResponse:
        self.calls.append(current_call())
        self._find(request.tenant_id, request.transaction_id).approvals.append(request.approval)
        self.submitted.append(request)
        return pe.SubmitApprovalResponse(state="WAITING")

    async def GetApproval(self, request: pe.GetApprovalRequest, context: Any) -> pe.ApprovalState:
        return self._find(request.tenant_id, request.transaction_id)

    async def ListApprovals(self, request: pe.ListApprovalsRequest, context: Any) -> pe.ListApprovalsResponse:
        found, start = list(self.states.values()), int(request.cursor or "0")
        page = found[start : start + request.page_size]
        more = start + len(page) < len(found)
        return pe.ListApprovalsResponse(approvals=page, next_cursor=str(start + len(page)) if more else "")

    def _find(self, tenant_id: str, transaction_id: str) -> pe.ApprovalState:
        if tenant_id != self.tenant.document_set.tenant or transaction_id not in self.states:
            raise StrongroomError(Code.TRANSACTION_UNKNOWN)
        return self.states[transaction_id]


@dataclass
class Vault(secure_vault_pb2_grpc.SecureVaultServicer):
    """Opens accounts in order and derives real addresses of a made key."""

    accounts: list[sv.VaultAccount] = field(default_factory=list[sv.VaultAccount])
    by_key: dict[str, sv.VaultAccount] = field(default_factory=dict[str, sv.VaultAccount])
    key_requests: list[bytes] = field(default_factory=list[bytes])

    async def CreateVaultAccount(self, request: sv.CreateVaultAccountRequest, context: Any) -> sv.VaultAccount:
        known = self.by_key.get(request.idempotency_key) if request.idempotency_key else None
        if known:
            return sv.VaultAccount(id=known.id, name=known.name, replayed=True)
        account = sv.VaultAccount(
            id=str(len(self.accounts)), name=request.name, customer_ref_id=request.customer_ref_id
        )
        self.accounts.append(account)
        self.by_key[request.idempotency_key] = account
        return account

    async def GetVaultAccount(self, request: sv.GetVaultAccountRequest, context: Any) -> sv.VaultAccount:
        return self._find(request.vault_account_id)

    async def ListVaultAccounts(
        self, request: sv.ListVaultAccountsRequest, context: Any
    ) -> sv.ListVaultAccountsResponse:
        found = [account for account in self.accounts if account.name.startswith(request.name_prefix)]
        start = int(request.cursor or "0")
        page = found[start : start + request.page_size]
        more = start + len(page) < len(found)
        return sv.ListVaultAccountsResponse(accounts=page, next_cursor=str(start + len(page)) if more else "")

    async def CreateWallet(self, request: sv.CreateWalletRequest, context: Any) -> sv.Wallet:
        account = self._find(request.vault_account_id)
        if request.asset_id != ASSET:
            raise StrongroomError(Code.ASSET_UNKNOWN)
        path = derivation_path(coin_type=60, vault_account=int(account.id))
        wallet = sv.Wallet(
            asset_id=ASSET,
            address=address_at(made_key(), path),
            chain_id=CHAIN_ID,
            decimals=18,
            path=path,
            vault_account_id=account.id,
        )
        account.wallets.append(wallet)
        return wallet

    async def ListAddresses(self, request: sv.ListAddressesRequest, context: Any) -> sv.ListAddressesResponse:
        wallets = self._find(request.vault_account_id).wallets
        return sv.ListAddressesResponse(addresses=[item for item in wallets if item.asset_id == request.asset_id])

    async def RequestKey(self, request: sv.RequestKeyRequest, context: Any) -> sv.Key:
        self.key_requests.append(request.key_request)
        return sv.Key(key_id="k", status="PENDING", key_request=request.key_request)

    async def GetKey(self, request: sv.GetKeyRequest, context: Any) -> sv.Key:
        if not self.key_requests:
            raise StrongroomError(Code.KEY_UNKNOWN)
        return sv.Key(key_id="k", status="READY", key_records=[b"1", b"2"], key_request=self.key_requests[0])

    def service(self) -> Service:
        register = secure_vault_pb2_grpc.add_SecureVaultServicer_to_server
        return Service(name="secure_vault", grpc=(lambda server: register(self, server),))

    def _find(self, account_id: str) -> sv.VaultAccount:
        if not account_id.isdecimal() or int(account_id) >= len(self.accounts):
            raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)
        return self.accounts[int(account_id)]


@dataclass
class Balances(balances_pb2_grpc.BalancesServicer):
    """Every address holds the same, unless the node is down."""

    units: int = 1_500_000_000_000_000_001
    failure: StrongroomError | None = None

    async def GetBalance(
        self, request: balances_pb2.GetBalanceRequest, context: Any
    ) -> balances_pb2.GetBalanceResponse:
        if self.failure:
            raise self.failure
        return balances_pb2.GetBalanceResponse(balance_units=str(self.units), block_number=12)

    def service(self) -> Service:
        register = balances_pb2_grpc.add_BalancesServicer_to_server
        return Service(name="balances", grpc=(lambda server: register(self, server),))
