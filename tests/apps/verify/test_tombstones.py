"""A tombstone makes paying again safe, so the auditor checks who signed it: by name, by key, and about what."""

from dataclasses import replace

import pytest

from strongroom.apps.verify.audit import check_books
from strongroom.apps.verify.books import SigningEvent
from tests.apps.verify.journal import document_set, tombstone
from tests.apps.verify.test_checks import BLOCKED, HELD, PAID, Change, first, found_in, others, row

HASH = BLOCKED.request_hash


def entombed(document: bytes) -> Change:
    """What co-signer 1 said of the blocked transaction, as the engine keeps it."""
    event = SigningEvent(
        id=99,
        transaction_id=BLOCKED.id,
        ceremony_id=b"c" * 32,
        cosigner=1,
        kind="TOMBSTONE",
        document=document,
        signature=None,
    )
    return others(events=(*HELD.neighbours.events, event))


FORGED: tuple[Change, ...] = (
    row(2, tombstone=b"\xff"),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, key=1)),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, signatures=[])),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, signatures=[{"signature": b"x"}])),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, kind="refusal")),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, environment="live")),
    row(2, tombstone=tombstone(HASH, BLOCKED.id, signer=3, tenant="other")),
    row(2, tombstone=tombstone(PAID[0].request_hash, BLOCKED.id, signer=3)),
    entombed(tombstone(HASH, BLOCKED.id, signer=1, key=2)),
    entombed(tombstone(HASH, BLOCKED.id, signer=2)),
    others(document_sets=()),
    first("document_sets", tenant_id="other"),
)


@pytest.mark.parametrize("change", FORGED)
def test_a_forged_tombstone_is_found_and_its_transaction_named(change: Change) -> None:
    report = check_books(change(HELD))
    (outcome,) = (one for one in report.outcomes if one.name == "tombstones")
    assert {finding.about for finding in outcome.findings} == {str(BLOCKED.id)}


def test_a_document_set_that_cannot_be_read_is_said() -> None:
    what = found_in(first("document_sets", signed=b"\xff")(HELD))["tombstones"]
    assert what[0].startswith("cannot be read")


def test_a_key_of_an_earlier_document_set_is_the_co_signers_too() -> None:
    later = replace(HELD.neighbours.document_sets[0], version=2, signed=document_set(turned=1))
    assert "tombstones" in found_in(others(document_sets=(later,))(HELD))
    assert found_in(others(document_sets=(*HELD.neighbours.document_sets, later))(HELD)) == {}


def test_what_a_co_signer_said_itself_holds() -> None:
    assert found_in(entombed(tombstone(HASH, BLOCKED.id, signer=1))(HELD)) == {}
