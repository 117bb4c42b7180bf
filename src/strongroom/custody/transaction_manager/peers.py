"""Every call to another service; wire types stop here. A refusal is the callee's own ``StrongroomError``."""

from dataclasses import dataclass
from typing import Final, TypeAlias, final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.slots import Fees
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.interfaces.balances.v1 import balances_pb2 as balances_pb
from strongroom.interfaces.balances.v1.balances_pb2_grpc import BalancesStub
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as engine_pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerEngineStub
from strongroom.interfaces.nodes.v1 import nodes_pb2 as nodes_pb
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesStub
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.interfaces.policy_engine.v1.policy_engine_pb2_grpc import PolicyEngineStub
from strongroom.interfaces.screening.v1 import screening_pb2 as screening_pb
from strongroom.interfaces.screening.v1.screening_pb2_grpc import ScreeningStub
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as vault_pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultStub
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.documents.keys import KeyRequest, verify_key_records
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.host import Host
from strongroom.runtime.recent import Recent
from strongroom.runtime.rpc.context import Metadata
from strongroom.runtime.rpc.evidence import HandoffEvent

_CHECK_BALANCE = "balances.v1.Balances/CheckBalance"
_KEPT_KEYS: Final = 1024  # a tenant each
_KEPT_WALLETS: Final = 16384  # some three hundred bytes each
_Wallet: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAnswer:
    """``shortfall`` is empty or the name of a code; ``receipt`` is the row to record for the call."""

    shortfall: str
    balance_units: int
    receipt: HandoffEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningAnswer:
    """``passed`` is True for PASS alone."""

    passed: bool
    provider: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRuleAnswer:
    """``verdict`` is an encoded Signed document, to be verified by whoever uses it.

    ``report_due``: the institution at the other end waits to hear what becomes of the transfer.
    """

    outcome: str
    counterparty: str
    detail: str
    verdict: bytes
    report_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAnswer:
    """``goes_on`` unless it is blocked; ``decision`` is an encoded Signed document; rule 0 is the unwritten last."""

    goes_on: bool
    rule_id: str
    rule_number: int
    decision: bytes


@final
class Peers:
    """The services that the manager calls. Keys and wallets never change once they exist, so answers are kept."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cosigner_engine = host.peer(CosignerEngineStub, "cosigner_engine")
        self._balances = host.peer(BalancesStub, "balances")
        self._nodes = host.peer(NodesStub, "nodes")
        self._policy_engine = host.peer(PolicyEngineStub, "policy_engine")
        self._screening = host.peer(ScreeningStub, "screening")
        self._secure_vault = host.peer(SecureVaultStub, "secure_vault")
        self._keys: Recent[str, PublicKey] = Recent(_KEPT_KEYS)
        self._wallets: Recent[_Wallet, str] = Recent(_KEPT_WALLETS)

    async def get_key(self, *, document_set: DocumentSet, metadata: Metadata) -> PublicKey:
        """The tenant's key as its three co-signers recorded it, verified here.

        Raises:
            StrongroomError: ``VAULT_WALLET_NOT_READY`` before the key ceremony has ended; ``SIGNATURE_INVALID``.
        """
        tenant_id = document_set.tenant
        key = self._keys.find(tenant_id)
        if key is None:
            key = self._keys.keep(tenant_id, await self._ask_key(document_set, metadata))
        return key

    async def check_wallet(
        self, *, tenant_id: str, account: str, asset_id: str, address: str, metadata: Metadata
    ) -> None:
        """Check that the vault account and its wallet are open, and that secure_vault derives the same address.

        Raises:
            StrongroomError: ``VAULT_ACCOUNT_UNKNOWN``, ``VAULT_WALLET_NOT_READY``, ``INTENT_MISMATCH``.
        """
        place = (tenant_id, account, asset_id)
        derived = self._wallets.find(place)
        if derived is None:
            request = vault_pb.GetVaultAccountRequest(tenant_id=tenant_id, vault_account_id=account)
            answer = await self._secure_vault.GetVaultAccount(request, metadata=metadata)
            opened = [wallet.address for wallet in answer.wallets if wallet.asset_id == asset_id]
            if not opened:
                raise StrongroomError(Code.VAULT_WALLET_NOT_READY, f"Vault account {account} has no {asset_id} wallet.")
            derived = self._wallets.keep(place, opened[0])
        if derived != address:
            raise StrongroomError(Code.INTENT_MISMATCH, "secure_vault derives another address for this vault account.")

    async def check_balance(
        self, *, transaction: Transaction, reserved_units: int, metadata: Metadata
    ) -> BalanceAnswer:
        """Step 5a's question."""
        request = balances_pb.CheckBalanceRequest(
            transaction_id=str(transaction.id),
            chain_id=transaction.chain_id,
            address=transaction.sender,
            amount_units=str(transaction.amount_units),
            max_fee_units=str(transaction.max_fee_units),
            reserved_units=str(reserved_units),
        )
        answer = await self._balances.CheckBalance(request, metadata=metadata)
        receipt = self._host.verify_receipt(
            answer.receipt, service="balances", method=_CHECK_BALANCE, transaction_id=transaction.id
        )
        return BalanceAnswer(shortfall=answer.shortfall, balance_units=int(answer.balance_units), receipt=receipt)

    async def screen(self, *, transaction: Transaction, metadata: Metadata) -> ScreeningAnswer:
        """Step 5b's question."""
        request = screening_pb.ScreenTransactionRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            attempt=transaction.attempt,
            intent=transaction.intent,
        )
        answer = await self._screening.ScreenTransaction(request, metadata=metadata)
        return ScreeningAnswer(passed=answer.aml == "PASS", provider=answer.provider, detail=answer.detail)

    async def exchange_travel_rule(self, *, transaction: Transaction, metadata: Metadata) -> TravelRuleAnswer:
        """Step 5c's question."""
        request = screening_pb.ExchangeTravelRuleRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            attempt=transaction.attempt,
            intent=transaction.intent,
        )
        answer = await self._screening.ExchangeTravelRule(request, metadata=metadata)
        return TravelRuleAnswer(
            outcome=answer.outcome,
            counterparty=answer.counterparty,
            detail=answer.detail,
            verdict=answer.verdict,
            report_due=answer.report_due,
        )

    async def report_transfer(self, *, transaction: Transaction, failure: str, metadata: Metadata) -> None:
        """What became of a transfer that data was exchanged for; ``failure`` is empty if it has not failed."""
        request = screening_pb.ReportTransferRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            tx_hash=transaction.tx_hash or "",
            failure=failure,
        )
        await self._screening.ReportTransfer(request, metadata=metadata)

    async def evaluate(self, *, transaction: Transaction, metadata: Metadata) -> PolicyAnswer:
        """Step 6's question."""
        request = policy_pb.EvaluateTransactionRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            attempt=transaction.attempt,
            request=policy_pb.OriginalRequest(
                token=transaction.request.token, uri=transaction.request.uri, body=transaction.request.body
            ),
            intent=transaction.intent,
            verdict=transaction.verdict or b"",
        )
        answer = await self._policy_engine.EvaluateTransaction(request, metadata=metadata)
        return PolicyAnswer(
            goes_on=answer.action in (Action.ALLOW, Action.APPROVE),
            rule_id=answer.rule_id,
            rule_number=answer.rule_number,
            decision=answer.decision,
        )

    async def get_fees(self, *, chain_id: int, transaction_id: UUID, metadata: Metadata) -> Fees:
        """The chain's fee prices now."""
        request = nodes_pb.GetFeesRequest(chain_id=chain_id, transaction_id=str(transaction_id))
        answer = await self._nodes.GetFees(request, metadata=metadata)
        return Fees(
            block_number=answer.block_number,
            base_fee_per_gas=int(answer.base_fee_per_gas),
            priority_fee_per_gas={
                "LOW": int(answer.low_priority_fee_per_gas),
                "MEDIUM": int(answer.medium_priority_fee_per_gas),
                "HIGH": int(answer.high_priority_fee_per_gas),
            },
        )

    async def close_transaction(self, *, transaction: Transaction, cause: str, metadata: Metadata) -> None:
        """The order to close the request; ``cause`` is the name of the code that ends it."""
        request = engine_pb.CloseTransactionRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            request_hash=transaction.request_hash,
            reason=cause,
        )
        await self._cosigner_engine.CloseTransaction(request, metadata=metadata)

    async def close_approval(
        self, *, tenant_id: str, transaction_id: UUID, attempt: int, reason: str, metadata: Metadata
    ) -> None:
        """Nobody is to be asked about it any more."""
        request = policy_pb.CloseApprovalRequest(
            tenant_id=tenant_id, transaction_id=str(transaction_id), attempt=attempt, reason=reason
        )
        await self._policy_engine.CloseApproval(request, metadata=metadata)

    async def watch_slot(
        self, *, transaction: Transaction, nonce: int, digest: bytes, since_block: int, metadata: Metadata
    ) -> None:
        """Have the slot of a released digest watched, from the block on that was the newest when it was taken."""
        request = nodes_pb.WatchSlotRequest(
            tenant_id=transaction.tenant_id,
            transaction_id=str(transaction.id),
            chain_id=transaction.chain_id,
            sender=transaction.sender,
            nonce=nonce,
            digest=digest,
            since_block=since_block,
        )
        await self._nodes.WatchSlot(request, metadata=metadata)

    async def _ask_key(self, document_set: DocumentSet, metadata: Metadata) -> PublicKey:
        request = vault_pb.GetKeyRequest(tenant_id=document_set.tenant)
        try:
            key = await self._secure_vault.GetKey(request, metadata=metadata)
        except StrongroomError as error:
            if error.code is Code.KEY_UNKNOWN:
                raise StrongroomError(Code.VAULT_WALLET_NOT_READY) from None
            raise
        if key.status != "READY":
            raise StrongroomError(Code.VAULT_WALLET_NOT_READY)
        asked = decode(decode(key.key_request, Signed).payload, KeyRequest)
        return verify_key_records(
            records=tuple(key.key_records),
            document_set=document_set,
            key_request_hash=asked.hash(),
            epoch=asked.epoch,
        )
