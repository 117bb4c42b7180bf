"""A verification that another provider asks for: stored, decided by the own back end, stored again, answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.information import lacking_codes, linked_since, unavailable_codes
from strongroom.travel_rule.enclave.domain.requests import find_part, parse_asset, parse_persons, write_persons
from strongroom.travel_rule.enclave.domain.verifications import (
    OPEN,
    Answered,
    AssetInfo,
    Linked,
    Outcome,
    Persons,
    Reason,
    Result,
    Verification,
)
from strongroom.travel_rule.enclave.operations.bodies import (
    answer_of,
    content_of,
    failed,
    loggable,
    read_outcome,
    show_asset_asked,
    write_payload,
)
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.told import read_told
from strongroom.travel_rule.enclave.store.cipher import RowCipher
from strongroom.travel_rule.enclave.store.direct import Direct
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.joined import insert_received, record_answered
from strongroom.travel_rule.enclave.store.messages import remember_message
from strongroom.travel_rule.enclave.store.verifications import (
    find_verification,
    insert_verification,
    list_linked,
    record_result,
)
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.messages import VerificationAnswer, VerificationQuestion

Codes: TypeAlias = tuple[str, ...]
_LINKED_MAX: Final = 1000
_log = structlog.stdlib.get_logger(__name__)


async def receive_verification(
    *, means: Means, question: VerificationQuestion, from_vasp: str, guard: str
) -> VerificationAnswer:
    """Answer a verification; a uuid that is known is answered as it was, and asked again only while it is open.

    Raises:
        StrongroomError: ``HANDOFF_REPLAYED``; ``VERIFICATION_UUID_REUSED``; ``INVALID_FORMAT`` for
            IVMS101 that breaks a constraint; ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED`` if the back end does not decide.
    """
    payload, verification = _read(means, question, from_vasp)
    row_cipher = means.cipher.new_row(verification.uuid)
    known = await _take(means, verification, guard, row_cipher)
    if known.outcome.result not in OPEN:
        return answer_of(known)
    answered = await _decide(means, known, payload, question.required_beneficiary_info)
    return answer_of(await _record(means, known, answered, row_cipher))


def _read(means: Means, question: VerificationQuestion, from_vasp: str) -> tuple[model.Payload, Verification]:
    sent = Persons(
        originator=question.originator,
        originating_vasp=question.originating_vasp,
        beneficiary=question.beneficiary,
        beneficiary_vasp=question.beneficiary_vasp,
    )
    payload, edition = parse_persons(write_payload(sent), demands=means.demands(), at="$")
    _check_accounts(question, payload)
    now = means.now()
    content = content_of(question, from_vasp=from_vasp, to_vasp=means.own_vasp_id)
    verification = Verification(
        uuid=question.verification_uuid,
        outcome=Outcome(result=Result.WAIT),
        asset=_read_asset(question),
        originating_vasp_id=from_vasp,
        originator_account_number=question.originator_account_number,
        beneficiary_vasp_id=means.own_vasp_id,
        beneficiary_account_number=question.beneficiary_account_number,
        persons=write_persons(payload, edition=means.edition or edition),
        content_mac=means.content_mac(content),
        ordered_at=now,
        created_at=now,
    )
    return payload, verification


def _check_accounts(question: VerificationQuestion, payload: model.Payload) -> None:
    """The accounts in clear columns are those of the payload: a search must find what the persons say."""
    for account, party in (
        (question.originator_account_number, payload.originator.accounts),
        (question.beneficiary_account_number, payload.beneficiary.accounts),
    ):
        if (() if account is None else (account,)) != party:
            raise StrongroomError(Code.INVALID_FORMAT, "An account is another one than the payload's.")


def _read_asset(question: VerificationQuestion) -> AssetInfo:
    asset = question.asset
    asked = shapes.AskedAsset(
        symbol=asset.symbol,
        network=asset.network,
        amount=asset.amount,
        trade_price=asset.trade_price,
        trade_currency=asset.trade_currency,
        trade_iso_datetime=None if asset.trade_at is None else asset.trade_at.isoformat(),
        is_exceeding_threshold=asset.is_exceeding_threshold,
    )
    return parse_asset(asked)


async def _take(means: Means, verification: Verification, guard: str, row_cipher: RowCipher) -> Verification:
    """Store it with the replay guard in one commit; gives the row that is there, which may be an earlier one."""
    now = means.now()

    async def store(tx: Transaction) -> int:
        await remember_message(tx, guard, now=now)
        return await insert_verification(tx, verification, cipher=means.cipher, row_cipher=row_cipher)

    async def at_once(direct: Direct) -> int | None:
        return await insert_received(direct, verification, guard=guard, now=now, row_cipher=row_cipher)

    try:
        return replace(verification, number=await means.database.run(store, at_once=at_once))
    except StrongroomError as error:
        if error.code is not Code.CONFLICT:
            raise

    async def look(tx: Transaction) -> Verification | None:
        await remember_message(tx, guard, now=means.now())
        return await find_verification(tx, verification.uuid, cipher=means.cipher)

    known = await means.database.run(look)
    if known is None or known.content_mac != verification.content_mac:  # None: it was kept long enough, and is deleted
        raise StrongroomError(Code.VERIFICATION_UUID_REUSED)
    return known


async def _decide(
    means: Means, verification: Verification, payload: model.Payload, wanted: tuple[str, ...]
) -> Answered:
    """What the rules lack is said before the back end is bothered; all else is its decision."""
    now = means.now()
    country = await means.country_of(verification.originating_vasp_id)
    lacking = lacking_codes(
        book=means.book,
        originating=country,
        beneficiary=means.jurisdiction,
        asset=verification.asset,
        payload=payload,
        asked_at=now,
        linked=await _find_linked(means, verification, now),
    )
    if lacking:
        return _denied(Reason.LACK_OF_INFORMATION, lacking, now)
    question = shapes.BackendVerification(
        verification_uuid=verification.uuid,
        originating_vasp_id=verification.originating_vasp_id,
        asset_info=show_asset_asked(verification.asset),
        required_beneficiary_info=",".join(wanted),
        version="1.0",
        ivms101=msgspec.Raw(write_payload(verification.persons)),
    )
    result = await means.backend.verify(question)
    return _judge(means, verification, result, payload.beneficiary, wanted)


async def _find_linked(means: Means, verification: Verification, now: datetime) -> Sequence[Linked]:
    """Earlier transfers between the same accounts, for many small ones are no way around a threshold."""
    since = linked_since(book=means.book, asset=verification.asset, asked_at=now)
    if since is None:
        return ()
    return await means.database.read(lambda tx: list_linked(tx, verification, from_at=since, limit=_LINKED_MAX))


def _judge(
    means: Means, verification: Verification, result: shapes.BackendResult, sent: model.Beneficiary, wanted: Codes
) -> Answered:
    """The back end's result with what it told; VERIFIED only with all that was asked for."""
    now = means.now()
    outcome = read_outcome(result=result.result, reason=result.reason, message=result.message)
    if outcome.result is Result.PENDING:
        return Answered(outcome=outcome, verified_at=None)
    try:
        told = read_told(
            means=means,
            asked=verification.persons,
            beneficiary=None if result.told is None else find_part(result.told, "beneficiary"),
            beneficiary_vasp=None if result.told is None else find_part(result.told, "beneficiaryvasp"),
        )
    except StrongroomError as error:
        _log.error("backend_told_no_ivms101", detail=error.detail.partition(" at ")[0])
        return Answered(outcome=failed("The beneficiary's provider has no valid data."), verified_at=now)
    missing = unavailable_codes(wanted, sent)
    if told.read is not None:
        missing = tuple(code for code in missing if code in unavailable_codes(wanted, told.read))
    if outcome.result is Result.VERIFIED and missing:
        return _denied(Reason.UNAVAILABLE_INFORMATION, missing, now)
    return Answered(
        outcome=outcome, beneficiary=told.beneficiary, beneficiary_vasp=told.beneficiary_vasp, verified_at=now
    )


def _denied(reason: Reason, codes: tuple[str, ...], now: datetime) -> Answered:
    outcome = Outcome(result=Result.DENIED, reason=reason.value, message=",".join(codes))
    return Answered(outcome=outcome, verified_at=now)


async def _record(means: Means, verification: Verification, answered: Answered, row_cipher: RowCipher) -> Verification:
    """The row after this result, or after the one that another call recorded first.

    Args:
        row_cipher: the key of the row, unless it is an earlier one's: then it does not fit, and the row's own is used.
    """

    async def store(tx: Transaction) -> Verification | Literal[True] | None:
        if await record_result(tx, verification.uuid, answered, cipher=means.cipher):
            return True
        return await find_verification(tx, verification.uuid, cipher=means.cipher)

    async def at_once(direct: Direct) -> Verification | Literal[True] | None:
        return await record_answered(direct, verification.uuid, answered, row_cipher=row_cipher)

    other = await means.database.run(store, at_once=at_once)
    if isinstance(other, Verification):
        return other
    persons = replace(
        verification.persons,
        beneficiary=answered.beneficiary or verification.persons.beneficiary,
        beneficiary_vasp=answered.beneficiary_vasp or verification.persons.beneficiary_vasp,
    )
    outcome = answered.outcome
    _log.info(
        "verification_answered", uuid=verification.uuid, result=outcome.result.value, reason=loggable(outcome.reason)
    )
    return replace(verification, outcome=outcome, persons=persons, verified_at=answered.verified_at)
