"""What the customer's callback handler is asked, written from the verified intent alone (trust.md 5).

The names are those of Fireblocks' co-signer (custody_api.md 5), so that a handler written for one serves the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import msgspec

from strongroom.chains.evm.transaction import unsigned_bytes
from strongroom.custody.cosigner.domain.digest import transaction_of
from strongroom.kernel.documents.consent import CallbackAnswer, cosigner_name
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import NATIVE_DECIMALS, Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.money import format_amount

CUSTOMER = 3
"""The co-signer that may have a handler: the customer's (requirement 1, step 10a)."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; it is the same whenever it is asked again. ``claims`` is JSON, hashes have 32 bytes."""

    tenant: str
    request_hash: bytes
    transaction_id: bytes
    intent_hash: bytes
    digest: bytes
    request_id: str
    claims: bytes

    @property
    def about(self) -> bytes:
        """What it is about, 64 bytes: two requests, of one tenant or two, may mean the same digest."""
        return self.request_hash + self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking once; ``token`` is the handler's signed word, and ``detail`` says why there is none."""

    answer: CallbackAnswer
    token: bytes = b""
    detail: str = ""
    asked_at_us: int = 0
    duration_us: int = 0

    @property
    def counts(self) -> bool:
        """Whether it decides: APPROVE and REJECT do, everything else is no answer."""
        return self.answer in (CallbackAnswer.APPROVE, CallbackAnswer.REJECT)


class Handler(Protocol):
    """Whoever is asked."""

    @property
    def retry_s(self) -> float:
        """How long to wait after no answer before the same question is asked again."""
        ...

    def ask(self, question: Question, *, answered: Callable[[Answer], None]) -> None:
        """Ask without waiting; ``answered`` is called once, later, in the event loop."""
        ...


def write_claims(
    *,
    intent: Intent,
    payload: Payload,
    digest: bytes,
    document_set: DocumentSet,
    external_id: str | None,
    request_id: str,
) -> bytes:
    """The question as JSON: amounts as decimal text, and as exact JSON numbers where the protocol has numbers too.

    ``rawTx`` is what will be signed, so that the handler can decode it and compare; ``fee`` is the most it can cost.
    """
    to = _destination(intent, document_set)
    amount = format_amount(intent.amount_units, decimals=intent.decimals)
    number = Decimal(amount)
    claims: dict[str, object] = {
        "txId": str(intent.id),
        "operation": intent.type,
        "sourceType": "VAULT",
        "sourceId": intent.source_account,
        "destType": to.kind,
        "destId": to.place,
        "asset": intent.asset_id,
        "amount": number,
        "amountStr": amount,
        "requestedAmount": number,
        "requestedAmountStr": amount,
        "fee": format_amount(payload.gas_limit * payload.max_fee_per_gas, decimals=NATIVE_DECIMALS),
        "destAddressType": to.listed,
        "destAddress": intent.destination,
        "destinations": [_destination_claims(intent, to, amount)],
        "rawTx": [_raw_claims(intent, payload, digest)],
        "players": [cosigner_name(one.index) for one in document_set.roster.cosigners],
        "signerId": cosigner_name(CUSTOMER),
        "requestId": request_id,
    }
    return _ENCODER.encode(claims if external_id is None else {**claims, "externalTxId": external_id})


def _raw_claims(intent: Intent, payload: Payload, digest: bytes) -> dict[str, object]:
    return {
        "keyDerivationPath": f"[ {', '.join(intent.path.split('/')[1:])} ]",
        "rawTx": unsigned_bytes(transaction_of(intent=intent, payload=payload)).hex(),
        "payload": digest.hex(),
    }


@dataclass(frozen=True, slots=True)
class _Destination:
    """In the protocol's words: its type, its id and name in the owners' documents, and whether it is listed there."""

    kind: str
    place: str
    name: str
    listed: str


def _destination(intent: Intent, document_set: DocumentSet) -> _Destination:
    if intent.destination_account is not None:
        return _Destination("VAULT", str(intent.destination_account), "", "WHITELISTED")
    for entry in document_set.addresses:
        if (entry.chain_id, entry.address) == (intent.chain_id, intent.destination):
            return _Destination("UNMANAGED", entry.id, entry.name, "WHITELISTED")
    return _Destination("UNMANAGED", "", "", "ONE_TIME")


def _destination_claims(intent: Intent, to: _Destination, amount: str) -> dict[str, object]:
    return {
        "amountNative": Decimal(amount),
        "amountNativeStr": amount,
        "dstAddressType": to.listed,
        "dstId": to.place,
        "dstWalletId": "",
        "dstName": to.name,
        "dstSubType": "",
        "dstType": to.kind,
        "displayDstAddress": intent.destination,
    }
