"""Reads what co-signers sign, as anybody could."""

from typing import TypeVar

from strongroom.custody.cosigner.domain.reports import Refused, Report, Tombstoned
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.consent import Refusal, RefusalKind, Tombstone, open_by_cosigner
from strongroom.kernel.documents.signing import Kind, Signed
from tests.custody.cosigner.world import World

D = TypeVar("D", bound=Document)


def opened(world: World, data: bytes, kind: Kind, shape: type[D]) -> D:
    """The document, its signature checked against the roster."""
    index = int(decode(data, Signed).signatures[0].signer[-1])
    return open_by_cosigner(data=data, kind=kind, shape=shape, index=index, document_set=world.document_set)


def reason_of(world: World, report: Report) -> str:
    """The code of a signed NOT_NOW."""
    assert isinstance(report, Refused), report
    refusal = opened(world, report.document, Kind.REFUSAL, Refusal)
    assert refusal.kind is RefusalKind.NOT_NOW
    return refusal.reason


def tombstone_of(world: World, report: Report) -> Tombstone:
    """The content of a signed tombstone."""
    assert isinstance(report, Tombstoned), report
    return opened(world, report.document, Kind.TOMBSTONE, Tombstone)
