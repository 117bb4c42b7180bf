"""A secure vault that holds what the test sets, and keeps what it is asked to admit, assemble and record."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import (
    SecureVaultServicer,
    add_SecureVaultServicer_to_server,
)
from strongroom.kernel.digest import keccak256
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service


@dataclass
class FakeSecureVault(SecureVaultServicer):
    """``failures`` are raised one after the other by the next calls, whatever they are."""

    keys: dict[str, pb.Key] = field(default_factory=dict[str, pb.Key])
    accounts: dict[str, pb.VaultAccount] = field(default_factory=dict[str, pb.VaultAccount])
    holders: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict[tuple[str, str], tuple[str, str]])
    admitted: list[pb.AdmitTransactionRequest] = field(default_factory=list[pb.AdmitTransactionRequest])
    assembled: list[pb.AssembleTransactionRequest] = field(default_factory=list[pb.AssembleTransactionRequest])
    recorded: list[pb.RecordKeyRequest] = field(default_factory=list[pb.RecordKeyRequest])
    document_sets: list[bytes] = field(default_factory=list[bytes])
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])
    calls: list[Call] = field(default_factory=list[Call])

    async def GetKey(self, request: pb.GetKeyRequest, context: Any) -> pb.Key:
        self._note()
        if request.tenant_id not in self.keys:
            raise StrongroomError(Code.KEY_UNKNOWN)
        return self.keys[request.tenant_id]

    async def GetVaultAccount(self, request: pb.GetVaultAccountRequest, context: Any) -> pb.VaultAccount:
        self._note()
        if request.vault_account_id not in self.accounts:
            raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)
        return self.accounts[request.vault_account_id]

    async def FindAddress(self, request: pb.FindAddressRequest, context: Any) -> pb.FindAddressResponse:
        """``holders``: tenant and vault account by asset and address."""
        self._note()
        if (request.asset_id, request.address) not in self.holders:
            raise StrongroomError(Code.NOT_FOUND)
        tenant_id, account = self.holders[request.asset_id, request.address]
        return pb.FindAddressResponse(tenant_id=tenant_id, vault_account_id=account)

    async def AdmitTransaction(self, request: pb.AdmitTransactionRequest, context: Any) -> pb.AdmitTransactionResponse:
        self._note()
        self.admitted.append(request)
        return pb.AdmitTransactionResponse()

    async def AssembleTransaction(
        self, request: pb.AssembleTransactionRequest, context: Any
    ) -> pb.AssembleTransactionResponse:
        self._note()
        self.assembled.append(request)
        return pb.AssembleTransactionResponse(tx_hash="0x" + keccak256(request.signature).hex())

    async def RecordKey(self, request: pb.RecordKeyRequest, context: Any) -> pb.RecordKeyResponse:
        self._note()
        self.recorded.append(request)
        return pb.RecordKeyResponse()

    async def ApplyDocumentSet(self, request: pb.ApplyDocumentSetRequest, context: Any) -> pb.ApplyDocumentSetResponse:
        self._note()
        self.document_sets.append(request.document_set)
        return pb.ApplyDocumentSetResponse()

    def service(self) -> Service:
        return Service(name="secure_vault", grpc=(lambda server: add_SecureVaultServicer_to_server(self, server),))

    def _note(self) -> None:
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
