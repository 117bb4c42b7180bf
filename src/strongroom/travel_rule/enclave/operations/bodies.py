"""Between rows and what crosses the hub or the API."""

from datetime import UTC, datetime

import msgspec

from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.verifications import (
    AssetInfo,
    Outcome,
    Persons,
    Reason,
    Result,
    Verification,
)
from strongroom.travel_rule.messages import Asset, VerificationAnswer, VerificationQuestion

_WITH_REASON = frozenset({Result.DENIED, Result.UNKNOWN, Result.ERROR, Result.TRANSFER_ERROR})


def question_of(verification: Verification, *, wanted: tuple[str, ...]) -> VerificationQuestion:
    """The question that a verification asks; always the same bytes for the same row."""
    persons = verification.persons
    return VerificationQuestion(
        verification_uuid=verification.uuid,
        asset=write_asset(verification.asset),
        originator_account_number=verification.originator_account_number,
        beneficiary_account_number=verification.beneficiary_account_number,
        required_beneficiary_info=wanted,
        originator=persons.originator,
        originating_vasp=persons.originating_vasp,
        beneficiary=persons.beneficiary,
        beneficiary_vasp=persons.beneficiary_vasp,
        ordered_at=verification.ordered_at or verification.created_at,
    )


def content_of(question: VerificationQuestion, *, from_vasp: str, to_vasp: str) -> bytes:
    """What makes a question the same: all of it but the time, and between whom it is."""
    timeless = msgspec.structs.replace(question, ordered_at=datetime(1970, 1, 1, tzinfo=UTC))
    return msgspec.msgpack.encode((from_vasp, to_vasp, timeless))


def answer_of(verification: Verification) -> VerificationAnswer:
    """What the counterparty is told: always what is stored."""
    return VerificationAnswer(
        verification_uuid=verification.uuid,
        result=verification.outcome.result.value,
        reason=verification.outcome.reason,
        message=verification.outcome.message,
        beneficiary=verification.persons.beneficiary,
        beneficiary_vasp=verification.persons.beneficiary_vasp,
        verified_at=verification.verified_at,
    )


def write_asset(asset: AssetInfo) -> Asset:
    """An asset as messages have it."""
    return Asset(
        symbol=asset.symbol,
        network=asset.network,
        amount=asset.amount,
        trade_price=asset.trade_price,
        trade_currency=asset.trade_currency,
        trade_at=asset.trade_at,
        is_exceeding_threshold=asset.is_exceeding_threshold,
    )


def show_asset_asked(asset: AssetInfo) -> shapes.AskedAsset:
    """An asset as the back end is asked about it."""
    return shapes.AskedAsset(
        symbol=asset.symbol,
        network=asset.network,
        amount=asset.amount,
        trade_price=asset.trade_price,
        trade_currency=asset.trade_currency,
        trade_iso_datetime=_moment(asset.trade_at),
        is_exceeding_threshold=asset.is_exceeding_threshold,
    )


def write_payload(persons: Persons) -> bytes:
    """The components as one IVMS101 payload."""
    parts = (
        (b"originator", persons.originator),
        (b"beneficiary", persons.beneficiary),
        (b"originatingVASP", persons.originating_vasp),
        (b"beneficiaryVASP", persons.beneficiary_vasp),
    )
    return b"{" + b",".join(b'"%s":%s' % (name, part) for name, part in parts if part is not None) + b"}"


def read_outcome(*, result: str, reason: str | None, message: str | None) -> Outcome:
    """A result that somebody else gave, in its bounds; a reason stays only where there is something to explain."""
    known = Result(result) if result in Result.__members__ else Result.ERROR
    if known not in _WITH_REASON:
        return Outcome(result=known)
    return Outcome(result=known, reason=reason and reason[:256], message=message and message[:1024])


def failed(message: str, *, reason: Reason = Reason.UNDEFINED_ERROR) -> Outcome:
    """The end of a verification that nobody can answer."""
    return Outcome(result=Result.ERROR, reason=reason.value, message=message[:1024])


def loggable(reason: str | None) -> str | None:
    """A reason as a log may have it: one of the network's, for in free text a counterparty may name somebody."""
    return reason if reason is None or reason in set(Reason) else "other"


def show_verification(verification: Verification) -> shapes.Verification:
    """A verification as the API has it."""
    asset, persons = verification.asset, verification.persons
    return shapes.Verification(
        verification_id=verification.number,
        verification_uuid=verification.uuid,
        result=verification.outcome.result.value,
        reason=verification.outcome.reason,
        message=verification.outcome.message,
        asset_info=shapes.AssetInfo(
            network=asset.network,
            symbol=asset.symbol,
            amount=asset.amount,
            is_exceeding_threshold=int(asset.is_exceeding_threshold),
            trade_currency=asset.trade_currency,
            trade_price=asset.trade_price,
            trade_iso_datetime=_moment(asset.trade_at),
        ),
        tx_hash=verification.tx_hash,
        vout=verification.vout,
        originating_vasp_id=verification.originating_vasp_id,
        originator_account_number=verification.originator_account_number,
        ivms101_originator=_text(persons.originator),
        ivms101_originating_vasp=_text(persons.originating_vasp),
        beneficiary_vasp_id=verification.beneficiary_vasp_id,
        beneficiary_account_number=verification.beneficiary_account_number,
        ivms101_beneficiary=_text(persons.beneficiary),
        ivms101_beneficiary_vasp=_text(persons.beneficiary_vasp),
        verified_at=_moment(verification.verified_at),
        ordered_at=_moment(verification.ordered_at),
        created_at=_moment(verification.created_at) or "",
    )


def _text(part: bytes | None) -> str | None:
    return None if part is None else part.decode()


def _moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, in milliseconds where there are any."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
