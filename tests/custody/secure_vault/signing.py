"""A whole secp256k1 key in the hands of the test: what three co-signers would sign together, it signs alone."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from coincurve import PrivateKey

from strongroom.chains.evm.transaction import Eip1559Transaction, signing_digest
from strongroom.kernel.derivation import parse_path
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent, PublicKey, default_key_id
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.ids import Environment
from tests.fixtures.tenant import TENANT, MadeTenant

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class WholeKey:
    secret: bytes = b"\x11" * 32
    chain_code: bytes = b"\x22" * 32

    @property
    def public(self) -> PublicKey:
        return PublicKey(
            key_id=default_key_id(environment=Environment.SANDBOX, tenant_id=TENANT),
            public_key=PrivateKey(self.secret).public_key.format(),
            chain_code=self.chain_code,
        )

    def sign(self, *, path: str, digest: bytes) -> bytes:
        """r, s and recovery id of the child key at ``path`` (BIP-32, private parent to private child)."""
        secret, code = self.secret, self.chain_code
        for index in parse_path(path):
            data = PrivateKey(secret).public_key.format() + index.to_bytes(4, "big")
            mac = hmac.digest(code, data, hashlib.sha512)
            number = (int.from_bytes(mac[:32], "big") + int.from_bytes(secret, "big")) % _ORDER
            secret, code = number.to_bytes(32, "big"), mac[32:]
        return cast("Any", PrivateKey(secret)).sign_recoverable(digest, hasher=None)

    def sign_transfer(self, intent: Intent, payload: Payload) -> bytes:
        return self.sign(path=intent.path, digest=signing_digest(transfer(intent, payload)))

    def records(self, tenant: MadeTenant, key_request: Signed, **changes: Any) -> tuple[bytes, ...]:
        """What the three co-signers record of this key."""
        asked = decode(key_request.payload, KeyRequest)
        return tuple(
            tenant.sign(
                Kind.KEY_RECORD,
                msgspec.structs.replace(self._record(asked, cosigner.index), **changes).encode(),
                key=cosigner.signing,
                signer=f"cosigner-{cosigner.index}",
            ).encode()
            for cosigner in tenant.cosigners
        )

    def _record(self, asked: KeyRequest, index: int) -> KeyRecord:
        return KeyRecord(
            key_id=asked.key_id,
            epoch=asked.epoch,
            threshold=3,
            parties=(1, 2, 3),
            public_key=self.public.public_key,
            chain_code=self.public.chain_code,
            document_set_hash=asked.document_set_hash,
            key_request_hash=asked.hash(),
            transcript_hash=b"\x07" * 32,
            cosigner=index,
        )


def transfer(intent: Intent, payload: Payload) -> Eip1559Transaction:
    return Eip1559Transaction(
        chain_id=intent.chain_id,
        nonce=payload.nonce,
        max_priority_fee_per_gas=payload.max_priority_fee_per_gas,
        max_fee_per_gas=payload.max_fee_per_gas,
        gas_limit=payload.gas_limit,
        to=intent.destination,
        value_units=intent.amount_units,
    )


def payload_of(intent: Intent, *, nonce: int = 0) -> Payload:
    return Payload(
        intent_hash=intent.hash(),
        nonce=nonce,
        gas_limit=21_000,
        max_fee_per_gas=3 * 10**9,
        max_priority_fee_per_gas=10**9,
    )
