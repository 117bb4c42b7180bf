"""Every call of the gateway to another service; wire types stop here."""

import asyncio
from dataclasses import dataclass
from typing import Final, final
from uuid import UUID

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.accounts import Account, Holding, Wallet
from strongroom.gateway.domain.caller import ApiUser, Arrival, Caller
from strongroom.gateway.domain.views import encode_text, public_status
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2, auth_engine_pb2_grpc
from strongroom.interfaces.balances.v1 import balances_pb2, balances_pb2_grpc
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2, cosigner_engine_pb2_grpc
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2, policy_engine_pb2_grpc
from strongroom.interfaces.screening.v1 import screening_pb2, screening_pb2_grpc
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2, secure_vault_pb2_grpc
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2, transaction_manager_pb2_grpc
from strongroom.kernel.digest import sha256
from strongroom.kernel.money import format_amount
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.context import Metadata, acting

_BALANCES_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactions of the tenant; times in Unix milliseconds, 0 and empty texts for no bound."""

    status: str
    before_ms: int
    after_ms: int
    source_account: str
    page_size: int
    cursor: str


@final
class Peers:
    """The services that the gateway calls."""

    def __init__(self, host: Host) -> None:
        self._auth = host.peer(auth_engine_pb2_grpc.AuthEngineStub, "auth_engine")
        self._manager = host.peer(transaction_manager_pb2_grpc.TransactionManagerStub, "transaction_manager")
        self._vault = host.peer(secure_vault_pb2_grpc.SecureVaultStub, "secure_vault")
        self._policy = host.peer(policy_engine_pb2_grpc.PolicyEngineStub, "policy_engine")
        self._balances = host.peer(balances_pb2_grpc.BalancesStub, "balances")
        self._screening = host.peer(screening_pb2_grpc.ScreeningStub, "screening")
        self._engine = host.peer(cosigner_engine_pb2_grpc.CosignerEngineStub, "cosigner_engine")

    async def authenticate(self, arrival: Arrival) -> ApiUser:
        """Steps 2 to 4: who sent the request."""
        request = auth_engine_pb2.AuthenticateRequest(
            token=arrival.token,
            api_key=arrival.api_key,
            uri=arrival.uri,
            body=arrival.body,
            method=arrival.method,
        )
        reply = await self._auth.Authenticate(request)
        return ApiUser(
            tenant_id=reply.tenant_id,
            api_user_id=reply.api_user_id,
            access_token_id=reply.access_token_id,
            step_us=tuple(reply.step_us),
        )

    async def create_transaction(self, caller: Caller) -> tuple[shapes.Created, bool]:
        """Step 5: the manager takes the request; answers whether it answers an earlier one again."""
        arrival, user = caller.arrival, caller.api_user
        request = transaction_manager_pb2.CreateTransactionRequest(
            tenant_id=user.tenant_id,
            token=arrival.token,
            uri=arrival.uri,
            body=arrival.body,
            idempotency_key=arrival.idempotency_key,
            received_at_us=arrival.received_at_us,
            step_us=(caller.step_1_us, *user.step_us),
            access_token_id=user.access_token_id,
        )
        reply = await self._manager.CreateTransaction(request, metadata=acting(context=caller.context))
        return shapes.Created(id=reply.transaction_id, status=public_status(reply.status)), reply.replayed

    async def get_transaction(
        self, caller: Caller, *, transaction_id: str = "", external_id: str = ""
    ) -> tuple[shapes.Transaction, shapes.Steps]:
        """One transaction, by either id."""
        request = transaction_manager_pb2.GetTransactionRequest(
            tenant_id=caller.tenant_id, transaction_id=transaction_id, external_id=external_id
        )
        reply = await self._manager.GetTransaction(request, metadata=acting(context=caller.context))
        return _transaction(reply), _steps(reply)

    async def list_transactions(
        self, caller: Caller, wanted: TransactionFilter
    ) -> tuple[list[shapes.Transaction], str]:
        """A page, newest first, and the cursor of the next."""
        request = transaction_manager_pb2.ListTransactionsRequest(
            tenant_id=caller.tenant_id,
            status=wanted.status,
            before_ms=wanted.before_ms,
            after_ms=wanted.after_ms,
            page_size=wanted.page_size,
            cursor=wanted.cursor,
            source_account=wanted.source_account,
        )
        reply = await self._manager.ListTransactions(request, metadata=acting(context=caller.context))
        return [_transaction(item) for item in reply.transactions], reply.next_cursor

    async def get_detail(self, caller: Caller, transaction_id: str) -> shapes.Detail:
        """What a client needs to judge a transaction itself."""
        request = transaction_manager_pb2.GetTransactionRequest(
            tenant_id=caller.tenant_id, transaction_id=transaction_id
        )
        return _detail(await self._manager.GetTransaction(request, metadata=acting(context=caller.context)))

    async def cancel_transaction(self, caller: Caller, transaction_id: str) -> None:
        """Have a transaction closed that is not signed yet."""
        request = transaction_manager_pb2.CancelTransactionRequest(
            tenant_id=caller.tenant_id, transaction_id=transaction_id, cancelled_by=caller.api_user.api_user_id
        )
        await self._manager.CancelTransaction(request, metadata=_for_transaction(caller, transaction_id))

    async def submit_approval(self, caller: Caller, *, transaction_id: str, approval: bytes) -> shapes.TakenApproval:
        """Hand in one person's signed answer."""
        request = policy_engine_pb2.SubmitApprovalRequest(
            tenant_id=caller.tenant_id, transaction_id=transaction_id, approval=approval
        )
        reply = await self._policy.SubmitApproval(request, metadata=_for_transaction(caller, transaction_id))
        return shapes.TakenApproval(state=reply.state)

    async def get_approval(self, caller: Caller, transaction_id: str) -> shapes.ApprovalState:
        """What an approver has to see, and how far it is."""
        request = policy_engine_pb2.GetApprovalRequest(tenant_id=caller.tenant_id, transaction_id=transaction_id)
        return _approval(await self._policy.GetApproval(request, metadata=acting(context=caller.context)))

    async def list_approvals(self, caller: Caller, *, page_size: int, cursor: str) -> shapes.ApprovalStates:
        """A page of those that wait, oldest first."""
        request = policy_engine_pb2.ListApprovalsRequest(tenant_id=caller.tenant_id, page_size=page_size, cursor=cursor)
        reply = await self._policy.ListApprovals(request, metadata=acting(context=caller.context))
        return shapes.ApprovalStates(
            approvals=[_approval(item) for item in reply.approvals], paging=shapes.Paging(after=reply.next_cursor)
        )

    async def create_vault_account(self, caller: Caller, *, name: str, customer_ref_id: str) -> Account:
        """A new vault account."""
        request = secure_vault_pb2.CreateVaultAccountRequest(
            tenant_id=caller.tenant_id,
            name=name,
            customer_ref_id=customer_ref_id,
            idempotency_key=caller.arrival.idempotency_key,
            body_hash=sha256(caller.arrival.body),
        )
        return _account(await self._vault.CreateVaultAccount(request, metadata=acting(context=caller.context)))

    async def get_vault_account(self, caller: Caller, vault_account_id: str) -> Account:
        """One vault account."""
        request = secure_vault_pb2.GetVaultAccountRequest(tenant_id=caller.tenant_id, vault_account_id=vault_account_id)
        return _account(await self._vault.GetVaultAccount(request, metadata=acting(context=caller.context)))

    async def list_vault_accounts(
        self, caller: Caller, *, name_prefix: str, page_size: int, cursor: str
    ) -> tuple[list[Account], str]:
        """A page of vault accounts, by number."""
        request = secure_vault_pb2.ListVaultAccountsRequest(
            tenant_id=caller.tenant_id, page_size=page_size, cursor=cursor, name_prefix=name_prefix
        )
        reply = await self._vault.ListVaultAccounts(request, metadata=acting(context=caller.context))
        return [_account(item) for item in reply.accounts], reply.next_cursor

    async def create_wallet(self, caller: Caller, *, vault_account_id: str, asset_id: str) -> Wallet:
        """The wallet of an asset."""
        request = secure_vault_pb2.CreateWalletRequest(
            tenant_id=caller.tenant_id, vault_account_id=vault_account_id, asset_id=asset_id
        )
        return _wallet(await self._vault.CreateWallet(request, metadata=acting(context=caller.context)))

    async def list_addresses(
        self, caller: Caller, *, vault_account_id: str, asset_id: str, page_size: int, cursor: str
    ) -> tuple[list[Wallet], str]:
        """A page of addresses of a wallet."""
        request = secure_vault_pb2.ListAddressesRequest(
            tenant_id=caller.tenant_id,
            vault_account_id=vault_account_id,
            asset_id=asset_id,
            page_size=page_size,
            cursor=cursor,
        )
        reply = await self._vault.ListAddresses(request, metadata=acting(context=caller.context))
        return [_wallet(item) for item in reply.addresses], reply.next_cursor

    async def list_holdings(self, caller: Caller, wallets: tuple[Wallet, ...]) -> tuple[Holding, ...]:
        """What is at the addresses of wallets, in their order."""
        room = asyncio.Semaphore(_BALANCES_AT_ONCE)

        async def ask(wallet: Wallet) -> Holding:
            async with room:
                reply = await self._balances.GetBalance(
                    balances_pb2.GetBalanceRequest(chain_id=wallet.chain_id, address=wallet.address),
                    metadata=acting(context=caller.context),
                )
            return Holding(wallet=wallet, units=int(reply.balance_units), block_number=reply.block_number)

        return tuple(await asyncio.gather(*(ask(wallet) for wallet in wallets)))

    async def publish_document_set(self, document_set: bytes) -> shapes.PublishedDocumentSet:
        """Publish a version; its owners' signatures decide."""
        reply = await self._policy.PublishDocumentSet(
            policy_engine_pb2.PublishDocumentSetRequest(document_set=document_set)
        )
        return shapes.PublishedDocumentSet(tenant_id=reply.tenant_id, version=reply.version, hash=reply.hash.hex())

    async def get_document_set(self, caller: Caller) -> bytes:
        """The tenant's current version, an encoded ``Signed``."""
        request = policy_engine_pb2.GetDocumentSetRequest(tenant_id=caller.tenant_id)
        reply = await self._policy.GetDocumentSet(request, metadata=acting(context=caller.context))
        return reply.document_set

    async def request_key(self, caller: Caller, key_request: bytes) -> shapes.Key:
        """Start the key ceremony that the owners asked for."""
        request = secure_vault_pb2.RequestKeyRequest(tenant_id=caller.tenant_id, key_request=key_request)
        return _key(await self._vault.RequestKey(request, metadata=acting(context=caller.context)))

    async def get_key(self, caller: Caller) -> shapes.Key:
        """The tenant's key."""
        request = secure_vault_pb2.GetKeyRequest(tenant_id=caller.tenant_id)
        return _key(await self._vault.GetKey(request, metadata=acting(context=caller.context)))

    async def import_list(self, *, name: str, content: bytes) -> shapes.ScreeningList:
        """Put a list in place of the one of that name."""
        reply = await self._screening.ImportList(screening_pb2.ImportListRequest(name=name, content=content))
        return shapes.ScreeningList(name=name, addresses=reply.addresses)

    async def list_lists(self, *, page_size: int, cursor: str) -> shapes.ScreeningLists:
        """A page of imported lists."""
        reply = await self._screening.ListLists(screening_pb2.ListListsRequest(page_size=page_size, cursor=cursor))
        lists = [
            shapes.ScreeningList(name=item.name, addresses=item.addresses, imported_at=item.imported_at_ms)
            for item in reply.lists
        ]
        return shapes.ScreeningLists(lists=lists, paging=shapes.Paging(after=reply.next_cursor))

    async def import_parties(self, *, content: bytes) -> shapes.Parties:
        """Put parties in place of all that their tenant had."""
        reply = await self._screening.ImportParties(screening_pb2.ImportPartiesRequest(content=content))
        return shapes.Parties(tenant_id=reply.tenant_id, originators=reply.originators, destinations=reply.destinations)

    async def list_parties(self, *, page_size: int, cursor: str) -> shapes.PartyList:
        """A page of parties."""
        reply = await self._screening.ListParties(screening_pb2.ListPartiesRequest(page_size=page_size, cursor=cursor))
        parties = [
            shapes.Party(item.tenant_id, item.kind, item.place, item.jurisdiction, item.standing, item.imported_at_ms)
            for item in reply.parties
        ]
        return shapes.PartyList(parties=parties, paging=shapes.Paging(after=reply.next_cursor))

    async def list_cosigners(self) -> shapes.Cosigners:
        """Which co-signers are connected."""
        reply = await self._engine.ListCosigners(cosigner_engine_pb2.ListCosignersRequest())
        return shapes.Cosigners(
            cosigners=[
                shapes.Cosigner(index=item.index, connected=item.connected, seen_at=item.seen_at_ms)
                for item in reply.cosigners
            ]
        )


def _for_transaction(caller: Caller, transaction_id: str) -> Metadata:
    """The call acts for a transaction, so the callee records its handoff."""
    return acting(transaction_id=UUID(transaction_id), context=caller.context)


def _detail(item: transaction_manager_pb2.Transaction) -> shapes.Detail:
    return shapes.Detail(
        id=item.transaction_id,
        status=public_status(item.status),
        attempt=item.attempt,
        ending=item.ending,
        reason=item.reason,
        intent=encode_text(item.intent),
        decision=encode_text(item.decision),
        tombstone=encode_text(item.tombstone),
        token=item.request_token,
    )


def _approval(item: policy_engine_pb2.ApprovalState) -> shapes.ApprovalState:
    return shapes.ApprovalState(
        id=item.transaction_id,
        attempt=item.attempt,
        state=item.state,
        intent=encode_text(item.intent),
        decision=encode_text(item.decision),
        approvals=[encode_text(approval) for approval in item.approvals],
        requested_at=item.requested_at_ms,
        expires_at=item.expires_at_ms,
        reason=item.reason,
    )


def _transaction(item: transaction_manager_pb2.Transaction) -> shapes.Transaction:
    units, decimals = int(item.amount_units), item.decimals
    amount, exact = format_amount(units, decimals=decimals), shapes.number(units, decimals=decimals)
    # transfers are of a chain's native coin, so the fee counts in the same units
    fee_units = int(item.fee_units) if item.fee_units else None
    fee = None if fee_units is None else shapes.number(fee_units, decimals=decimals)
    fee_text = "" if fee_units is None else format_amount(fee_units, decimals=decimals)
    return shapes.Transaction(
        id=item.transaction_id,
        status=public_status(item.status),
        sub_status=item.sub_status,
        operation="TRANSFER",
        asset_id=item.asset_id,
        source=shapes.Peer(type="VAULT_ACCOUNT", id=item.source_account),
        source_address=item.source_address,
        destination=shapes.Peer(type=item.destination_type, id=item.destination_id),
        destination_address=item.destination_address,
        amount_info=shapes.AmountInfo(amount=amount, requested_amount=amount, net_amount=amount),
        fee_info=shapes.FeeInfo(network_fee=fee_text),
        fee_currency=item.asset_id,
        amount=exact,
        requested_amount=exact,
        net_amount=exact,
        created_at=item.created_at_ms,
        last_updated=item.updated_at_ms,
        created_by=item.created_by,
        num_of_confirmations=item.confirmations,
        fee=fee,
        network_fee=fee,
        tx_hash=item.tx_hash,
        block_info=_block(item),
        external_tx_id=item.external_id,
        note=item.note,
        error_description=item.reason,
    )


def _block(item: transaction_manager_pb2.Transaction) -> shapes.BlockInfo | None:
    if not item.block_hash:
        return None
    return shapes.BlockInfo(block_height=str(item.block_number), block_hash=item.block_hash)


def _steps(item: transaction_manager_pb2.Transaction) -> shapes.Steps:
    return shapes.Steps(
        id=item.transaction_id,
        status=public_status(item.status),
        reason=item.reason,
        steps=[
            shapes.Step(
                step=step.step,
                attempt=step.attempt,
                from_service=step.from_service,
                to_service=step.to_service,
                operation=step.operation,
                outcome=step.outcome,
                detail=step.detail,
                started_at_us=step.started_at_us,
                duration_us=step.duration_us,
            )
            for step in item.steps
        ],
        intent=encode_text(item.intent),
        decision=encode_text(item.decision),
    )


def _account(item: secure_vault_pb2.VaultAccount) -> Account:
    return Account(
        id=item.id,
        name=item.name,
        customer_ref_id=item.customer_ref_id,
        wallets=tuple(_wallet(wallet) for wallet in item.wallets),
        replayed=item.replayed,
    )


def _wallet(item: secure_vault_pb2.Wallet) -> Wallet:
    return Wallet(
        asset_id=item.asset_id,
        address=item.address,
        chain_id=item.chain_id,
        decimals=item.decimals,
        path=item.path,
    )


def _key(item: secure_vault_pb2.Key) -> shapes.Key:
    return shapes.Key(
        key_id=item.key_id,
        status=item.status,
        reason=item.reason,
        key_records=[encode_text(record) for record in item.key_records],
        key_request=encode_text(item.key_request),
    )
