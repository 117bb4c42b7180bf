"""One transaction, one intent, one payload, one digest: at the manager, and at everybody who was handed them."""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from strongroom.apps.verify.books import Books, Transaction
from strongroom.apps.verify.decode import (
    RawTransfer,
    UnreadableError,
    get_bytes,
    get_integer,
    get_text,
    read_map,
    read_raw,
)
from strongroom.apps.verify.findings import Notes
from strongroom.apps.verify.statuses import SIGNED


def check_intents(books: Books, notes: Notes) -> None:
    """Amount, receiver, sender, chain, maximum fee and request of every row are those of its intent."""
    for one in books.after.transactions:
        try:
            intent = read_map(one.intent)
            said = (
                ("transaction id", UUID(bytes=get_bytes(intent, "transaction_id")), one.id),
                ("tenant", get_text(intent, "tenant"), one.tenant_id),
                ("environment", get_text(intent, "environment"), one.environment),
                ("request", get_bytes(intent, "request_hash"), one.request_hash),
                ("chain", get_integer(intent, "chain_id"), one.chain_id),
                ("sender", get_text(intent, "sender").lower(), one.sender.lower()),
                ("destination", get_text(intent, "destination").lower(), one.destination_address.lower()),
                ("amount", get_integer(intent, "amount_units"), one.amount_units),
                ("maximum fee", get_integer(intent, "max_fee_units"), one.max_fee_units),
            )
        except (UnreadableError, ValueError) as error:
            notes.find(about=one.id, what=f"intent: {error}")
            continue
        for name, intended, stored in said:
            notes.expect(holds=intended == stored, about=one.id, what=f"{name} is {stored}, the intent says {intended}")


def check_payloads(books: Books, notes: Notes) -> None:
    """Nonce and payload come together, belong to the intent, and the raw transaction says exactly the same."""
    for one in books.after.transactions:
        paired = (one.payload is None) == (one.nonce is None)
        notes.expect(holds=paired, about=one.id, what="has a nonce without a payload, or a payload without a nonce")
        signed = one.raw_payload_cbor is not None
        needed = one.status in SIGNED and not one.freed  # a closed one that landed was never assembled here
        notes.expect(holds=signed or not needed, about=one.id, what=f"is {one.status} without raw_payload_cbor")
        try:
            if one.payload is not None:
                _check_payload(one, one.payload, notes)
            if one.raw_payload_cbor is not None:
                _check_raw_payload(one, one.raw_payload_cbor, notes)
        except UnreadableError as error:
            notes.find(about=one.id, what=str(error))


def check_neighbours(books: Books, notes: Notes) -> None:
    """What vault, engine and nodes were handed is the manager's; over all attempts there is one signed digest."""
    known = {one.id: one for one in books.after.transactions}
    _check_handed_on(books, known, notes)
    digests: defaultdict[UUID, set[bytes]] = defaultdict(set)
    for one in (*books.neighbours.assemblies, *books.neighbours.attempts):
        digests[one.transaction_id].add(one.digest)
        manager = known.get(one.transaction_id)
        raw = _raw_of(manager)
        about = f"{one.transaction_id} attempt {one.attempt}"
        notes.expect(
            holds=raw is None or raw == one.raw_transaction, about=about, what="other raw bytes than the manager's"
        )
        try:
            read = read_raw(one.raw_transaction)
        except UnreadableError as error:
            notes.find(about=about, what=f"raw transaction: {error}")
            continue
        told = (one.digest, one.tx_hash)
        notes.expect(holds=(read.digest, read.tx_hash) == told, about=about, what="digest or hash is another's")
    for attempt in books.neighbours.attempts:
        signed = _raw_of(known.get(attempt.transaction_id)) is not None
        notes.expect(holds=signed, about=attempt.transaction_id, what="was broadcast, but the manager never had it")
    for transaction_id, found in digests.items():
        notes.expect(holds=len(found) == 1, about=transaction_id, what=f"has {len(found)} signed digests")


def _check_handed_on(books: Books, known: dict[UUID, Transaction], notes: Notes) -> None:
    for one in (*books.neighbours.admissions, *books.neighbours.requests):
        about, manager = f"{one.transaction_id} attempt {one.attempt}", known.get(one.transaction_id)
        if manager is None:
            notes.find(about=about, what="is not the manager's")
            continue
        notes.expect(holds=one.intent == manager.intent, about=about, what="has another intent than the manager's row")
        same = one.payload is None or one.payload == manager.payload  # in every attempt
        notes.expect(holds=same, about=about, what="has another payload than the manager's row")


def _check_payload(one: Transaction, payload: bytes, notes: Notes) -> None:
    fields = read_map(payload)
    nonce = get_integer(fields, "nonce")
    notes.expect(holds=nonce == one.nonce, about=one.id, what=f"nonce is {one.nonce}, the payload says {nonce}")
    ours = get_bytes(fields, "intent_hash") == sha256(one.intent).digest()
    notes.expect(holds=ours, about=one.id, what="its payload is for another intent")
    most = get_integer(fields, "gas_limit") * get_integer(fields, "max_fee_per_gas")
    notes.expect(holds=most <= one.max_fee_units, about=one.id, what=f"may cost {most}, allowed {one.max_fee_units}")


def _check_raw_payload(one: Transaction, raw_payload: bytes, notes: Notes) -> None:
    fields = read_map(raw_payload)
    payload = read_map(get_bytes(fields, "payload"))
    raw = read_raw(get_bytes(fields, "raw_transaction"))
    said = (
        ("intent", get_bytes(fields, "intent_hash"), sha256(one.intent).digest()),
        ("payload", get_bytes(fields, "payload"), one.payload),
        ("digest", get_bytes(fields, "digest"), raw.digest),
        ("signature", get_bytes(fields, "signature"), raw.signature),
        ("chain", raw.chain_id, one.chain_id),
        ("nonce", raw.nonce, one.nonce),
        ("destination", raw.to, one.destination_address.lower()),
        ("amount", raw.value_units, one.amount_units),
        ("data", raw.data, b""),
        *_fees(raw, payload),
    )
    for name, found, wanted in said:
        notes.expect(holds=found == wanted, about=one.id, what=f"raw transaction: {name} is {found!r}, not {wanted!r}")


def _fees(raw: RawTransfer, payload: Mapping[str, object]) -> tuple[tuple[str, int, int], ...]:
    return (
        ("gas limit", raw.gas_limit, get_integer(payload, "gas_limit")),
        ("fee cap", raw.max_fee_per_gas, get_integer(payload, "max_fee_per_gas")),
        ("priority fee", raw.max_priority_fee_per_gas, get_integer(payload, "max_priority_fee_per_gas")),
    )


def _raw_of(one: Transaction | None) -> bytes | None:
    """The raw transaction in a row; None without one, or where ``check_payloads`` says that it cannot be read."""
    if one is None or one.raw_payload_cbor is None:
        return None
    try:
        return get_bytes(read_map(one.raw_payload_cbor), "raw_transaction")
    except UnreadableError:
        return b""
