"""One exchange of originator and beneficiary data: what is asked, how it ends, what is told afterwards."""

import re
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from strongroom.custody.screening.domain.parties import Destination, Originator
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import TravelRuleOutcome

IMPORT: Final = "strongroom screening parties import"
_CODE: Final = re.compile(r"[A-Z][A-Z_-]{0,63}")
_CODES: Final = re.compile(r"[A-Z][A-Z_]{0,63}(?:,[A-Z][A-Z_]{0,63}){0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the counterparty is asked; ``repeated`` if it was, or may have been, asked before under the same id."""

    verification_id: UUID
    intent: Intent
    vasp_id: str
    originator: bytes = field(repr=False)
    beneficiary: bytes = field(repr=False)
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How an exchange ended, with whom, and whether that party was simulated.

    ``reason`` is for people and holds no personal data; ``verification_id`` is None where no enclave made it.
    """

    outcome: TravelRuleOutcome
    counterparty: str
    simulated: bool
    reason: str = ""
    verification_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An exchange that was begun, and what was told of its transfer since: empty texts where nothing was."""

    verification_id: UUID
    vasp_id: str
    tx_hash: str = ""
    failure: str = ""


def derive_verification_id(intent: Intent) -> UUID:
    """One transaction, one verification, whatever crashes: UUID (version 8) of SHA-256(environment, tenant, id)."""
    parts = (b"strongroom/verification-id/v1", intent.environment.encode(), intent.tenant.encode(), intent.id.bytes)
    digest = bytearray(sha256(b"\x00".join(parts))[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80  # RFC 9562 5.8: version 8, custom
    digest[8] = (digest[8] & 0x3F) | 0x80  # RFC 9562 4.1: variant
    return UUID(bytes=bytes(digest))


def vault_account_of(intent: Intent) -> str:
    """The number of the vault account that pays, decimal."""
    return intent.source_account.rstrip("'")


def find_gap(
    *, intent: Intent, originator: Originator | None, destination: Destination | None, asked: Asked | None
) -> str:
    """What keeps the data from being exchanged, and what to do about it; empty for nothing."""
    if originator is None:
        return f"vault account {vault_account_of(intent)} has no registered originator: {IMPORT}"
    if destination is None:
        return f"the holder of {intent.destination} for {intent.asset_id} is not registered: {IMPORT}"
    if asked is not None and asked.vasp_id != destination.vasp_id:
        return f"{counterparty_text(asked.vasp_id)} was asked, and no longer holds {intent.destination}: pay anew"
    return ""


def refusal(*, vasp_id: str, reason: str, verification_id: UUID | None = None) -> Exchange:
    """An exchange that did not come about, or that the other institution refused."""
    return Exchange(
        outcome=TravelRuleOutcome.REFUSED,
        counterparty=counterparty_text(vasp_id) if vasp_id else "",
        simulated=False,
        reason=reason,
        verification_id=verification_id,
    )


def counterparty_text(vasp_id: str) -> str:
    """How records name an institution."""
    return f"VASP {vasp_id}"


def decide_exchange(
    *, question: Question, result: str, reason: str | None = None, message: str | None = None
) -> Exchange | None:
    """What a result of the enclave means (VerifyVASP: results and reasons); None while there is none.

    Only VERIFIED lets the transfer pass; a result that is not known does not. Free text of the other side is left out.
    """
    if result in ("WAIT", "PENDING"):
        return None
    if result == "VERIFIED":
        return Exchange(
            outcome=TravelRuleOutcome.EXCHANGED,
            counterparty=counterparty_text(question.vasp_id),
            simulated=False,
            verification_id=question.verification_id,
        )
    words = [word for word in (result, reason or "") if _CODE.fullmatch(word)]
    if reason == "LACK-OF-INFORMATION" and _CODES.fullmatch(message or ""):
        words.append(f"({message})")
    said = " ".join(words) or "an unknown result"
    return refusal(
        vasp_id=question.vasp_id,
        reason=f"the other institution answered {said}",
        verification_id=question.verification_id,
    )
