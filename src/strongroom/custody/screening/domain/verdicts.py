"""AML results, the Travel Rule obligation, and lists of addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import encode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import AmlVerdict, TravelRuleOutcome
from strongroom.kernel.errors import Code, StrongroomError

PROVIDER = "address-lists"
MAX_LIST_BYTES = 64 << 20
_EVM_FORM = re.compile(r"0x[0-9a-f]{40}")  # no checksum: a list that miswrites one still means this address
_ANY_FORM = re.compile(r"[!-~]{4,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """One imported list and whether it holds the address in question."""

    name: str
    content_hash: bytes
    addresses: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AmlResult:
    """What screening found; ``matched_list`` names the list that holds the address."""

    intent_hash: bytes
    aml: AmlVerdict
    provider: str
    matched_list: str | None
    detail: str
    evidence_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Whether originator and beneficiary data must be exchanged, and why."""

    required: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRuleRecord:
    """The outcome of step 5c; ``verdict`` is an encoded ``Signed`` over AML and Travel Rule.

    ``verification_id`` names the exchange in the enclave, where there was one.
    """

    intent_hash: bytes
    obligation: Obligation
    outcome: TravelRuleOutcome
    counterparty: str
    simulated: bool
    verification_id: UUID | None
    verdict: bytes

    @property
    def report_due(self) -> bool:
        """Whether somebody waits to hear what becomes of the transfer."""
        return self.verification_id is not None and self.outcome is TravelRuleOutcome.EXCHANGED


def decide_aml(*, intent_hash: bytes, lists: tuple[ListHead, ...]) -> AmlResult:
    """The verdict over an address, given every list.

    Raises:
        StrongroomError: ``SCREENING_UNAVAILABLE`` when no list was ever imported: fail closed.
    """
    if not lists:
        raise StrongroomError(Code.SCREENING_UNAVAILABLE, "No list is imported: strongroom screening import FILE.")
    hit = next((head for head in lists if head.holds), None)
    count = sum(head.addresses for head in lists)
    return AmlResult(
        intent_hash=intent_hash,
        aml=AmlVerdict.REJECT if hit else AmlVerdict.PASS,
        provider=PROVIDER,
        matched_list=hit.name if hit else None,
        detail=f"on the list {hit.name}" if hit else f"on none of {len(lists)} lists with {count} addresses",
        evidence_hash=sha256(encode([[head.name, head.content_hash] for head in lists])),
    )


UNHOSTED = Obligation(required=False, reason="an address that its registered holder keeps without an institution")
"""No institution stands at the other end; whose address it is the operator has registered."""


def decide_obligation(intent: Intent, thresholds: Mapping[str, int]) -> Obligation:
    """Whether the Travel Rule applies: not between own vault accounts, else from the asset's threshold upwards."""
    if intent.destination_account is not None:
        return Obligation(required=False, reason="between vault accounts of one institution")
    threshold = thresholds.get(intent.asset_id, 0)
    if intent.amount_units < threshold:
        return Obligation(required=False, reason=f"below the threshold of {threshold} base units")
    return Obligation(required=True, reason=f"at or above the threshold of {threshold} base units")


def parse_list(content: bytes) -> tuple[str, ...]:
    """The distinct addresses of a file: a JSON array of texts. EVM addresses are compared without regard to case.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if len(content) > MAX_LIST_BYTES:
        raise StrongroomError(Code.REQUEST_INVALID, "A list has at most 64 MiB.")
    try:
        texts = msgspec.json.decode(content, type=list[str])  # of this shape alone: nesting is refused at once
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise StrongroomError(Code.REQUEST_INVALID, "A list is a JSON array of addresses.") from None
    if not texts:
        raise StrongroomError(Code.REQUEST_INVALID, "A list is a JSON array of at least one address.")
    return tuple(sorted({address_key(text) for text in texts}))


def address_key(address: str) -> str:
    """The form under which an address is stored and looked up: EVM addresses in lower case, all others as written.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` for what cannot be an address of any chain.
    """
    text = address.strip()
    key = text.lower() if text[:2] in ("0x", "0X") else text
    form = _EVM_FORM if key[:2] == "0x" else _ANY_FORM
    if not form.fullmatch(key):
        raise StrongroomError(Code.REQUEST_INVALID, f"{address[:64]!r} is not an address.")
    return key
