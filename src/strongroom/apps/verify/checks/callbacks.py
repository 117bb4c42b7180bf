"""Step 10a: what the customer's callback handler was asked, and that nothing was signed against its word."""

from collections import defaultdict
from uuid import UUID

from strongroom.apps.verify.books import Books, Entry
from strongroom.apps.verify.decode import UnreadableError, get_bytes, get_integer, get_text, read_map, read_signed
from strongroom.apps.verify.findings import Notes

_STEP = "10a"
_APPROVE = "APPROVE"
_REJECT = "REJECT"
_LEFT_OUT = "No co-signer's home was given."


def check_reports(books: Books, notes: Notes) -> None:
    """Each row says what the co-signer signed; a step 10a has its row, and a rejected transaction was not signed."""
    answers: defaultdict[UUID, set[str]] = defaultdict(set)
    for row in books.neighbours.callbacks:
        answers[row.transaction_id].add(row.answer)
        try:
            fields = read_signed(row.document)
            said = (get_bytes(fields, "transaction_id"), get_integer(fields, "cosigner"))
            said = (*said, get_text(fields, "request_id"), get_text(fields, "answer"))
        except UnreadableError as error:
            notes.find(about=row.transaction_id, what=f"a callback report cannot be read: {error}")
            continue
        stored = (row.transaction_id.bytes, row.cosigner, row.request_id, row.answer)
        what = f"a callback report says {said[1:]}, its row {stored[1:]}"
        notes.expect(holds=said == stored, about=row.transaction_id, what=what)
    for step in books.before.steps:
        if step.step == _STEP:
            known = bool(answers[step.transaction_id] & {_APPROVE, _REJECT})
            notes.expect(holds=known, about=step.transaction_id, what="step 10a has no report of an answer")
    for one in books.before.transactions:
        signed = one.raw_payload_cbor is not None and _REJECT in answers[one.id]
        notes.expect(holds=not signed, about=one.id, what="was signed although the callback handler rejected it")


def check_journals(books: Books, notes: Notes) -> None:
    """In every journal a digest is asked about under one id, is answered once, and after a REJECT has no consent."""
    if not books.journals:
        notes.leave_out(_LEFT_OUT)
    for index, entries in sorted(books.journals.items()):
        try:
            _check_journal(index, entries, notes)
        except UnreadableError as error:
            notes.find(about=f"co-signer {index}", what=f"an entry cannot be read: {error}")


def _check_journal(index: int, entries: tuple[Entry, ...], notes: Notes) -> None:
    answers: dict[tuple[bytes, bytes], str] = {}
    for entry in entries:
        if entry.kind not in {"callback-asked", "callback-answered", "consented"}:
            continue
        fields = read_map(entry.payload)
        place = (get_bytes(fields, "request_hash"), get_bytes(fields, "digest"))
        about = f"co-signer {index} entry {entry.sequence}"
        if entry.kind == "callback-asked":
            notes.expect(holds=place not in answers, about=about, what="is asked under a second id")
            answers[place] = ""  # a consent may follow unanswered, where the operator has taken the handler away
        elif entry.kind == "callback-answered":
            open_question = answers.get(place) == ""
            notes.expect(holds=open_question, about=about, what="answers what was not asked, or for the second time")
            answers[place] = get_text(fields, "answer")
        else:
            allowed = answers.get(place) != _REJECT
            notes.expect(holds=allowed, about=about, what="consents to what the callback handler rejected")
