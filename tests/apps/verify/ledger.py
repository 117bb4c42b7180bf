"""Books that hold, made by hand: two payments that were completed, one that was blocked, three co-signers' journals."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import cbor2
from eth_account import Account

from strongroom.apps.flow import load_flow
from strongroom.apps.verify.books import (
    Address,
    Admission,
    Assembly,
    Books,
    BroadcastAttempt,
    Callback,
    ChainBook,
    DocumentSetVersion,
    Handoff,
    IdempotencyKey,
    Lane,
    ManagerBook,
    Mark,
    NeighbourBook,
    Seen,
    SigningEvent,
    SigningRequest,
    SpendSlot,
    StatusEvent,
    Step,
    Transaction,
)
from strongroom.apps.verify.checks.evidence import METHODS, REPORTS, ROWS
from strongroom.apps.verify.decode import read_raw, request_hash_of, transaction_id_of
from tests.apps.verify.journal import cbor, chained, document_set, signed_by_nobody, tombstone, tombstone_of

CHAIN: Final = 31337
PAYER: Final = Account.from_key(b"\x01" * 32)
SENDER: Final = str(PAYER.address)
RECEIVER: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
FUNDS, AMOUNT, FEE, MAX_FEE = 10**20, 10**18, 21_000 * 10**9, 10**16
WALK: Final = (
    "SUBMITTED",
    "PENDING_AML_SCREENING",
    "PENDING_AUTHORIZATION",
    "QUEUED",
    "PENDING_SIGNATURE",
    "SIGNED",
    "BROADCASTING",
    "CONFIRMING",
    "COMPLETED",
)
BLOCKED: Final = ("SUBMITTED", "PENDING_AML_SCREENING", "PENDING_AUTHORIZATION", "CANCELLING", "BLOCKED")


def intent_of(transaction_id: UUID, hashed: bytes) -> bytes:
    return cbor(
        {
            "environment": "sandbox",
            "tenant": "acme",
            "transaction_id": transaction_id.bytes,
            "request_hash": hashed,
            "chain_id": CHAIN,
            "sender": SENDER,
            "destination": RECEIVER,
            "amount_units": AMOUNT,
            "max_fee_units": MAX_FEE,
        }
    )


def accepted(number: int) -> Transaction:
    """A transaction that co-signer 3 closed before it had a nonce."""
    token, body = f"header.{number}.signature", b"{}"
    hashed = request_hash_of(token=token, body=body)
    transaction_id = transaction_id_of(environment="sandbox", tenant_id="acme", request_hash=hashed)
    return Transaction(
        id=transaction_id,
        tenant_id="acme",
        environment="sandbox",
        status="BLOCKED",
        sub_status="",
        attempt=0,
        chain_id=CHAIN,
        sender=SENDER,
        destination_address=RECEIVER,
        amount_units=AMOUNT,
        max_fee_units=MAX_FEE,
        external_id=f"invoice-{number}",
        request_token=token,
        request_body=body,
        request_hash=hashed,
        intent=intent_of(transaction_id, hashed),
        payload=None,
        nonce=None,
        raw_payload_cbor=None,
        tx_hash=None,
        fee_units=None,
        ending="BLOCKED",
        tombstone=tombstone(hashed, transaction_id, signer=3),
        freed=False,
    )


def payload_of(one: Transaction, nonce: int) -> bytes:
    """What the manager fixed at step 8."""
    return cbor(
        {
            "intent_hash": sha256(one.intent).digest(),
            "nonce": nonce,
            "gas_limit": 21_000,
            "max_fee_per_gas": 2 * 10**9,
            "max_priority_fee_per_gas": 10**9,
        }
    )


def completed(number: int, **changes: Any) -> Transaction:
    """A transaction that was paid with nonce ``number``; ``changes`` go into what was signed."""
    one = accepted(number)
    payload = payload_of(one, number)
    transfer = {
        "type": 2,
        "chainId": CHAIN,
        "nonce": number,
        "maxPriorityFeePerGas": 10**9,
        "maxFeePerGas": 2 * 10**9,
        "gas": 21_000,
        "to": RECEIVER,
        "value": AMOUNT,
        **changes,
    }
    raw = bytes(PAYER.sign_transaction(transfer).raw_transaction)
    read = read_raw(raw)
    raw_payload = {
        "intent_hash": sha256(one.intent).digest(),
        "payload": payload,
        "signature": read.signature,
        "raw_transaction": raw,
        "digest": read.digest,
    }
    return replace(
        one,
        status="COMPLETED",
        payload=payload,
        nonce=number,
        raw_payload_cbor=cbor(raw_payload),
        tx_hash=read.tx_hash,
        fee_units=FEE,
        ending=None,
        tombstone=None,
    )


def raw_of(one: Transaction) -> dict[str, bytes]:
    return cbor2.loads(one.raw_payload_cbor or b"")


def signed_fields(one: Transaction) -> tuple[bytes, bytes]:
    """Digest and signature of a paid transaction."""
    fields = raw_of(one)
    return fields["digest"], fields["signature"]


def history(one: Transaction, walk: tuple[str, ...]) -> list[StatusEvent]:
    return [StatusEvent(id=place, transaction_id=one.id, status=status) for place, status in enumerate(walk)]


def arrows() -> list[tuple[str, str, str]]:
    """Number, tail and head of every arrow that each transaction has."""
    found: list[tuple[str, str, str]] = []
    for step in load_flow():
        if step.optional:
            continue
        heads = [f"cosigner_{index}" for index in (1, 2, 3)] if step.head == "cosigner" else [step.head]
        found += [(step.number, step.tail, head) for head in heads]
    return found


def steps_of(one: Transaction) -> list[Step]:
    return [
        Step(
            id=place,
            transaction_id=one.id,
            attempt=0,
            step=number,
            from_service=tail,
            to_service=head,
            outcome="OK",
        )
        for place, (number, tail, head) in enumerate(arrows())
    ]


def handoff(one: Transaction, tail: str, head: str, method: str) -> Handoff:
    handoff_id = sha256(f"{one.id}{tail}{head}{method}".encode()).hexdigest()[:32]
    whole = f"{head}.v1.Service/{method}"
    claims = {"from": tail, "to": head, "method": whole, "jti": handoff_id, "transaction": str(one.id)}
    token = "header." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode() + ".signature"
    receipt = head == "balances"
    return Handoff(
        handoff_id=handoff_id,
        transaction_id=one.id,
        from_service=tail,
        to_service=head,
        method=whole,
        direction="receipt" if receipt else "received",
        token=json.dumps({"handoff": token}) if receipt else token,
        cert_chain_hash=b"\x07" * 32,
        cert_chain="certificates",
    )


def handoffs_of(paid: list[Transaction]) -> dict[str, tuple[Handoff, ...]]:
    """By the service that records them."""
    made: dict[str, Handoff] = {}
    for one in paid:
        calls = {(tail, head, METHODS[number]) for number, tail, head in arrows() if number in METHODS}
        calls |= {(reporter, "transaction_manager", method) for reporter, method in REPORTS.values()}
        for call in sorted(calls):
            hop = handoff(one, *call)
            made[hop.handoff_id] = hop
    found: dict[str, tuple[Handoff, ...]] = {}
    for hop in made.values():
        owner = hop.from_service if hop.direction == "receipt" else hop.to_service
        found[owner] = (*found.get(owner, ()), hop)
    return found


def callback_of(one: Transaction, *, answer: str = "APPROVE", request_id: str = "question") -> Callback:
    """What co-signer 3 says that its handler answered."""
    report = {"transaction_id": one.id.bytes, "cosigner": 3, "request_id": request_id, "answer": answer}
    return Callback(
        id=1,
        transaction_id=one.id,
        cosigner=3,
        request_id=request_id,
        answer=answer,
        document=signed_by_nobody(report),
    )


def statements_of(one: Transaction) -> list[SigningEvent]:
    digest, signature = signed_fields(one)
    return [
        SigningEvent(
            id=index,
            transaction_id=one.id,
            ceremony_id=one.id.bytes * 2,
            cosigner=index,
            kind="PARTIAL",
            document=signed_by_nobody({"cosigner": index, "digest": digest}),
            signature=signature,
        )
        for index in (1, 2, 3)
    ]


def promised(one: Transaction) -> list[tuple[str, Mapping[str, object]]]:
    """What a co-signer's journal says of a paid transaction."""
    digest, signature = signed_fields(one)
    about: dict[str, object] = {"request_hash": one.request_hash, "digest": digest}
    return [
        ("consented", {**about, "chain_id": CHAIN, "sender": SENDER, "nonce": one.nonce}),
        ("released", about),
        ("finished", {**about, "signature": signature}),
    ]


def manager_book(paid: list[Transaction], blocked: Transaction) -> ManagerBook:
    everyone = (*paid, blocked)
    return ManagerBook(
        transactions=everyone,
        statuses=tuple(event for one in everyone for event in history(one, BLOCKED if one is blocked else WALK)),
        steps=tuple(step for one in paid for step in steps_of(one)),
        lanes=(Lane(chain_id=CHAIN, sender=SENDER, next_nonce=len(paid), live_transaction=None),),
        slots=tuple(
            SpendSlot(chain_id=CHAIN, sender=SENDER, nonce=number, transaction_id=one.id, state="CONSUMED")
            for number, one in enumerate(paid)
        ),
        keys=tuple(IdempotencyKey(tenant_id="acme", key=str(one.id), transaction_id=one.id) for one in everyone),
    )


def assembly_of(one: Transaction) -> Assembly:
    digest, signature = signed_fields(one)
    return Assembly(
        transaction_id=one.id,
        attempt=0,
        digest=digest,
        signature=signature,
        raw_transaction=raw_of(one)["raw_transaction"],
        tx_hash=str(one.tx_hash),
    )


def attempt_of(one: Transaction) -> BroadcastAttempt:
    return BroadcastAttempt(
        transaction_id=one.id,
        attempt=0,
        chain_id=CHAIN,
        sender=SENDER,
        nonce=one.nonce or 0,
        digest=signed_fields(one)[0],
        raw_transaction=raw_of(one)["raw_transaction"],
        tx_hash=str(one.tx_hash),
    )


def neighbour_book(paid: list[Transaction]) -> NeighbourBook:
    return NeighbourBook(
        addresses=(Address(chain_id=CHAIN, address=SENDER),),
        admissions=tuple(
            Admission(transaction_id=one.id, attempt=0, intent=one.intent, payload=one.payload) for one in paid
        ),
        assemblies=tuple(map(assembly_of, paid)),
        requests=tuple(
            SigningRequest(
                id=UUID(int=number),
                transaction_id=one.id,
                attempt=0,
                intent=one.intent,
                payload=one.payload or b"",
                digest=signed_fields(one)[0],
            )
            for number, one in enumerate(paid)
        ),
        events=tuple(event for one in paid for event in statements_of(one)),
        callbacks=(callback_of(paid[0]),),
        document_sets=(DocumentSetVersion(tenant_id="acme", version=1, signed=document_set()),),
        attempts=tuple(map(attempt_of, paid)),
        marks=dict.fromkeys(ROWS.values(), frozenset(Mark(transaction_id=one.id, attempt=0) for one in paid)),
        handoffs=handoffs_of(paid),
    )


def seen(one: Transaction) -> Seen:
    """A paid transaction as the chain has it."""
    return Seen(
        tx_hash=str(one.tx_hash),
        block_number=2 + (one.nonce or 0),
        sender=SENDER.lower(),
        to=RECEIVER.lower(),
        nonce=one.nonce or 0,
        value_units=AMOUNT,
        fee_units=FEE,
        succeeded=True,
        raw_input="0x",
    )


def funding() -> Seen:
    return Seen(
        tx_hash="0xfa",
        block_number=1,
        sender="0xfaucet",
        to=SENDER.lower(),
        nonce=0,
        value_units=FUNDS,
        fee_units=FEE,
        succeeded=True,
        raw_input="0x",
    )


def chain_book(paid: list[Transaction]) -> ChainBook:
    mined = tuple(seen(one) for one in paid)
    return ChainBook(
        chain_id=CHAIN,
        head=9,
        nonces={SENDER.lower(): len(paid)},
        balances={SENDER.lower(): FUNDS - len(paid) * (AMOUNT + FEE)},
        transfers=(funding(), *mined),
        by_hash={one.tx_hash: one for one in mined},
    )


def made_books() -> Books:
    """Everything holds."""
    paid, blocked = [completed(0), completed(1)], accepted(2)
    manager = manager_book(paid, blocked)
    journal = chained([*(entry for one in paid for entry in promised(one)), tombstone_of(blocked, signer=3)])
    return Books(
        before=manager,
        after=manager,
        neighbours=neighbour_book(paid),
        chains={CHAIN: chain_book(paid)},
        journals=dict.fromkeys((1, 2, 3), journal),
    )
