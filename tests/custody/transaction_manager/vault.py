"""As much of secure_vault as the manager asks: the tenant's key with its three records, and open vault accounts."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import (
    SecureVaultServicer,
    add_SecureVaultServicer_to_server,
)
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.service import Service
from tests.fixtures.tenant import ASSET, MadeTenant, made_key


@dataclass
class FakeVault(SecureVaultServicer):
    """Vault accounts 0 to 89 are open; ``ready`` is the key's state."""

    tenant: MadeTenant
    ready: bool = True
    closed: set[str] = field(default_factory=set[str])
    without_wallet: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])

    async def GetKey(self, request: pb.GetKeyRequest, context: Any) -> pb.Key:
        self.asked.append("GetKey")
        key = made_key()
        if not self.ready:
            return pb.Key(key_id=key.key_id, status="PENDING")
        wish = KeyRequest(
            key_id=key.key_id,
            epoch=1,
            threshold=3,
            parties=(1, 2, 3),
            document_set_hash=self.tenant.document_set.hash(),
            nonce=bytes(32),
            not_after=1_900_000_000,
        ).encode()
        return pb.Key(
            key_id=key.key_id,
            status="READY",
            key_records=[self._record(index, sha256(wish)) for index in (1, 2, 3)],
            key_request=self._unsigned(wish),
        )

    async def GetVaultAccount(self, request: pb.GetVaultAccountRequest, context: Any) -> pb.VaultAccount:
        self.asked.append(f"GetVaultAccount {request.vault_account_id}")
        number = request.vault_account_id
        if int(number) > 89 or number in self.closed:
            raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)
        wallets = [] if number in self.without_wallet else [self._wallet(number)]
        return pb.VaultAccount(id=number, name="treasury", wallets=wallets)

    def service(self) -> Service:
        return Service(name="secure_vault", grpc=(lambda server: add_SecureVaultServicer_to_server(self, server),))

    def _wallet(self, number: str) -> pb.Wallet:
        path = derivation_path(coin_type=60, vault_account=int(number))
        return pb.Wallet(
            asset_id=ASSET, address=address_at(made_key(), path), chain_id=31337, decimals=18, vault_account_id=number
        )

    def _record(self, index: int, key_request_hash: bytes) -> bytes:
        key = made_key()
        record = KeyRecord(
            key_id=key.key_id,
            epoch=1,
            threshold=3,
            parties=(1, 2, 3),
            public_key=key.public_key,
            chain_code=key.chain_code,
            document_set_hash=self.tenant.document_set.hash(),
            key_request_hash=key_request_hash,
            transcript_hash=bytes(32),
            cosigner=index,
        )
        signing = self.tenant.cosigners[index - 1].signing
        return self.tenant.sign(Kind.KEY_RECORD, record.encode(), key=signing, signer=f"cosigner-{index}").encode()

    def _unsigned(self, payload: bytes) -> bytes:
        document_set = self.tenant.document_set
        return Signed(
            kind=Kind.KEY_REQUEST,
            environment=document_set.environment,
            tenant=document_set.tenant,
            payload=payload,
            signatures=(),
        ).encode()
