"""The record of who called whom, and what three co-signers said."""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from strongroom.apps.flow import load_flow
from strongroom.apps.verify.books import Books, Handoff, Mark, SigningEvent, Transaction
from strongroom.apps.verify.decode import UnreadableError, get_bytes, get_integer, read_map, read_signed
from strongroom.apps.verify.findings import Notes
from strongroom.apps.verify.statuses import COMPLETED

MANAGER = "transaction_manager"
_OK = "OK"
_NONE = "None"
_COSIGNERS = (1, 2, 3)
_FLOW = {step.number: step for step in load_flow()}
METHODS: Mapping[str, str] = {
    "2": "Authenticate",
    "3": "Authenticate",
    "4": "Authenticate",
    "5": "CreateTransaction",
    "5a": "CheckBalance",
    "5b": "ScreenTransaction",
    "5c": "ExchangeTravelRule",
    "6": "EvaluateTransaction",
    "8": "AdmitTransaction",
    "9": "OpenCeremony",
    "11": "VerifyPartials",
    "12": "AssembleTransaction",
    "13": "BroadcastTransaction",
}
"""By step, the call that its arrow is; 1, 7, 10 and 14 are no call between services."""
REPORTS: Mapping[str, tuple[str, str]] = {
    "6": ("policy_engine", "RecordStep"),
    "7": ("policy_engine", "RecordStep"),
    "8": ("secure_vault", "RecordStep"),
    "9": ("cosigner_engine", "RecordStep"),
    "10": ("cosigner_engine", "RecordStep"),
    "11": ("cosigner_engine", "RecordStep"),
    "12": ("secure_vault", "RecordStep"),
    "13": ("nodes", "RecordStep"),
    "14": ("nodes", "ConfirmTransaction"),
}
"""By step, who told the manager of it, and how."""
ROWS: Mapping[str, str] = {
    "5b": "screening.aml_screening_results",
    "5c": "screening.travel_rule_records",
    "6": "policy_engine.approval_requests",
    "7": "policy_engine.approval_decisions",
    "9": "cosigner_engine.signing_requests",
    "13": "nodes.broadcast_attempts",
}


def check_steps(books: Books, notes: Notes) -> None:
    """Of a COMPLETED transaction every arrow was recorded, with the tail and head that the flow names."""
    walked: defaultdict[UUID, set[tuple[str, str, str]]] = defaultdict(set)
    for step in books.after.steps:
        if step.outcome == _OK:
            walked[step.transaction_id].add((step.step, step.from_service, step.to_service))
    for one in books.after.transactions:
        if one.status == COMPLETED and not one.freed:
            missing = sorted(_arrows() - walked[one.id])
            notes.expect(holds=not missing, about=one.id, what=f"is COMPLETED without the arrows {missing}")


def check_handoffs(books: Books, notes: Notes) -> None:
    """The callee of each recorded arrow has recorded the call, once for each attempt; so has the manager the report."""
    calls: Counter[tuple[UUID | None, str, str, str]] = Counter()
    for owner, rows in books.neighbours.handoffs.items():
        for row in rows:
            if owner == _recorder(row):
                calls[row.transaction_id, row.from_service, row.to_service, row.method.rpartition("/")[2]] += 1
    needed: defaultdict[tuple[UUID | None, str, str, str], set[int]] = defaultdict(set)
    for step in books.before.steps:
        if step.outcome != _OK:
            continue
        if step.step in METHODS:
            needed[step.transaction_id, step.from_service, step.to_service, METHODS[step.step]].add(step.attempt)
        if step.step in REPORTS:
            reporter, method = REPORTS[step.step]
            needed[step.transaction_id, reporter, MANAGER, method].add(step.attempt)
    for call, attempts in needed.items():
        transaction_id, tail, head, method = call
        what = f"{tail} -> {head} {method}: {calls[call]} handoffs recorded of {len(attempts)}"
        notes.expect(holds=calls[call] >= len(attempts), about=transaction_id, what=what)


def check_tokens(books: Books, notes: Notes) -> None:
    """A handoff stands where it belongs, its token repeats its row, and its certificates are kept."""
    seen: Counter[str] = Counter()
    for owner, rows in books.neighbours.handoffs.items():
        kept = {row.cert_chain_hash for row in rows if row.cert_chain is not None}
        for row in rows:
            about = f"{owner} {row.handoff_id}"
            seen[row.handoff_id] += 1
            notes.expect(holds=owner == _recorder(row), about=about, what=f"was recorded by {owner}")
            notes.expect(holds=row.cert_chain_hash in kept, about=about, what="its certificates were not kept")
            said, stored = _claims(row), _columns(row)
            if said[-1:] == (_NONE,):  # the request made the transaction: only its callee knew the id
                stored = (*stored[:-1], _NONE)
            notes.expect(holds=said == stored, about=about, what=f"the token says {said}, the row {stored}")
    for handoff_id, count in seen.items():
        notes.expect(holds=count == 1, about=handoff_id, what=f"was recorded {count} times")


def check_rows(books: Books, notes: Notes) -> None:
    """The table that the flow names for a step has its row, in the step's attempt."""
    for step in books.before.steps:
        table = ROWS.get(step.step)
        if table is None or step.outcome != _OK:
            continue
        mark = Mark(transaction_id=step.transaction_id, attempt=step.attempt)
        what = f"step {step.step} of attempt {step.attempt} has no row in {table}"
        notes.expect(holds=mark in books.neighbours.marks[table], about=step.transaction_id, what=what)


def check_statements(books: Books, notes: Notes) -> None:
    """For each signed transaction all three co-signers stated, in one ceremony, that exact signature."""
    events: defaultdict[UUID, list[SigningEvent]] = defaultdict(list)
    for event in books.neighbours.events:
        if event.signature is not None:
            events[event.transaction_id].append(event)
    for one in books.before.transactions:
        if one.raw_payload_cbor is not None:
            _check_stated(one, one.raw_payload_cbor, events[one.id], notes)


def _check_stated(one: Transaction, raw_payload: bytes, events: list[SigningEvent], notes: Notes) -> None:
    try:
        fields = read_map(raw_payload)
        signature, digest = get_bytes(fields, "signature"), get_bytes(fields, "digest")
        said: defaultdict[bytes, set[int]] = defaultdict(set)
        for event in events:
            document = read_signed(event.document)
            own = get_integer(document, "cosigner") == event.cosigner and get_bytes(document, "digest") == digest
            what = f"the statement of co-signer {event.cosigner} is about something else"
            notes.expect(holds=own, about=one.id, what=what)
            if event.signature == signature:
                said[event.ceremony_id].add(event.cosigner)
    except UnreadableError as error:
        notes.find(about=one.id, what=f"a statement cannot be read: {error}")
        return
    whole = set(_COSIGNERS) in said.values()
    notes.expect(holds=whole, about=one.id, what=f"signed, but the statements are of {list(said.values())}")


def _arrows() -> set[tuple[str, str, str]]:
    heads = {
        step.number: [f"cosigner_{index}" for index in _COSIGNERS] if step.head == "cosigner" else [step.head]
        for step in _FLOW.values()
        if not step.optional
    }
    return {(number, _FLOW[number].tail, head) for number in heads for head in heads[number]}


def _recorder(row: Handoff) -> str:
    """Who records a call: its callee, or its caller if the callee has no database and gave a receipt."""
    return row.from_service if row.direction == "receipt" else row.to_service


def _columns(row: Handoff) -> tuple[str, ...]:
    return (row.from_service, row.to_service, row.method, row.handoff_id, str(row.transaction_id))


def _claims(row: Handoff) -> tuple[str, ...]:
    """What the token says, in the order of ``_columns``; empty if it cannot be read."""
    try:
        token = str(json.loads(row.token)["handoff"]) if row.direction == "receipt" else row.token
        body = token.split(".")[1]
        claims = cast("dict[str, Any]", json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        return tuple(str(claims[name]) for name in ("from", "to", "method", "jti", "transaction"))
    except (ValueError, KeyError, IndexError, TypeError):
        return ()
