"""Runs ceremonies with a tampering engine or a cheating peer, and sorts what comes out."""

from collections.abc import Sequence

from strongroom.custody.cosigner.domain.ceremony import Envelope
from strongroom.custody.cosigner.domain.digest import transaction_digest
from strongroom.custody.cosigner.domain.orders import (
    CloseRequest,
    OfferSignature,
    PeerMessage,
)
from strongroom.custody.cosigner.domain.reports import (
    Failed,
    Finished,
    Report,
    Signed,
)
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.signing import Signed as SignedDocument
from tests.custody.cosigner.world import TENANT, Transfer, World
from tests.fakes.memory_engine import MemoryEngine, Tamper, unchanged


def header(message: PeerMessage) -> Envelope:
    return decode(decode(message.envelope, SignedDocument).payload, Envelope)


def flip(data: bytes, place: int) -> bytes:
    return data[: place // 8] + bytes([data[place // 8] ^ (1 << place % 8)]) + data[place // 8 + 1 :]


def signatures(reports: Sequence[Report]) -> list[bytes]:
    return [report.signature for report in reports if isinstance(report, Signed | Finished)]


def faults(reports: Sequence[Report]) -> list[Failed]:
    return [report for report in reports if isinstance(report, Failed)]


def sign_with(world: World, engine: MemoryEngine, tamper: Tamper) -> tuple[Transfer, list[Report]]:
    transfer = world.transfer()
    engine.tamper = tamper
    reports = engine.sign(transfer.order())
    engine.tamper = unchanged
    return transfer, reports


def close(world: World, transfer: Transfer) -> dict[int, Report]:
    intent = transfer.intent
    order = CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=transfer.request_hash,
        transaction_id=intent.transaction_id,
        reason="CANCELLED",
    )
    return {index: core.handle(order)[0] for index, core in world.cores.items()}


def offer(world: World, transfer: Transfer, signature: bytes) -> dict[int, Report]:
    order = OfferSignature(
        ceremony_id=b"", tenant_id=TENANT, digest=transaction_digest_of(transfer), signature=signature
    )
    return {index: core.handle(order)[0] for index, core in world.cores.items()}


def transaction_digest_of(transfer: Transfer) -> bytes:
    return transaction_digest(intent=transfer.intent, payload=transfer.payload)


def other_lane(world: World, account: int = 1) -> Transfer:
    """A transfer of another vault account, which has slots of its own."""
    source = f'"VAULT_ACCOUNT", "id": "{account}"'.encode()
    return world.transfer_of(world.transfer().body.replace(b'"VAULT_ACCOUNT", "id": "0"', source))
