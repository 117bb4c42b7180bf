"""A verification that this provider asks for: one commit takes it, one records what the counterparty said."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.domain.requests import Order
from strongroom.travel_rule.enclave.domain.verifications import (
    OPEN,
    Answered,
    Outcome,
    Reason,
    Result,
    Verification,
)
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.bodies import content_of, failed, loggable, question_of, read_outcome
from strongroom.travel_rule.enclave.operations.callbacks import VERIFICATION_RESULT, new_callback
from strongroom.travel_rule.enclave.operations.exchange import ask_counterparty, get_counterparty
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import new_timeout_report
from strongroom.travel_rule.enclave.operations.told import read_told
from strongroom.travel_rule.enclave.operations.trp_ask import check_address, inquire
from strongroom.travel_rule.enclave.store.cipher import RowCipher
from strongroom.travel_rule.enclave.store.commands import finish_command, insert_commands, postpone_command
from strongroom.travel_rule.enclave.store.direct import Direct
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.joined import insert_asked, record_ended
from strongroom.travel_rule.enclave.store.verifications import (
    find_outline,
    find_verification,
    insert_verification,
    record_result,
)
from strongroom.travel_rule.messages import VerificationAnswer

_PATIENT: Final = frozenset(
    {
        Code.HUB_UNAVAILABLE,
        Code.RATE_LIMITED,
        Code.COUNTERPARTY_UNAVAILABLE,
        Code.TRAVEL_RULE_KEY_UNKNOWN,
        Code.TRAVEL_RULE_MESSAGE_INVALID,
        Code.TRAVEL_RULE_MESSAGE_MISDIRECTED,
        Code.TRAVEL_RULE_MESSAGE_STALE,
        Code.FORBIDDEN,
        Code.UNAVAILABLE,
        Code.DEADLINE_EXCEEDED,
    }
)
"""After these it is asked again: what the hub did to a message must not decide a verification."""
_log = structlog.stdlib.get_logger(__name__)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Of a VERIFY command: which row, and what of the request has no column."""

    uuid: str
    key_type: str
    wanted: tuple[str, ...]
    travel_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A command, the verification it is about, and the key of its row where this process made it."""

    command: Command
    verification: Verification
    row_cipher: RowCipher | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """A result, and whether the counterparty has to be told that nobody waits for its answer any more."""

    answered: Answered
    is_timeout: bool = False


async def request_verification(*, means: Means, order: Order) -> shapes.Accepted:
    """Take a verification, and ask the counterparty at once; the same uuid with the same content is answered again.

    Raises:
        StrongroomError: ``VASP_UNKNOWN``, ``VERIFICATION_UUID_REUSED``, ``INVALID_FORMAT`` when it fits no column,
            ``UNAVAILABLE``.
    """
    await _check_counterparty(means, order)
    verification = _verification(means, order)
    address = order.travel_address or ""
    body = _Body(uuid=verification.uuid, key_type=order.key_type.value, wanted=order.wanted, travel_address=address)
    command = means.new_command(CommandKind.VERIFY, msgspec.json.encode(body))

    row_cipher = means.cipher.new_row(verification.uuid)

    async def store(tx: Transaction) -> int:
        number = await insert_verification(tx, verification, cipher=means.cipher, row_cipher=row_cipher)
        await insert_commands(tx, [command])
        return number

    async def at_once(direct: Direct) -> int | None:
        return await insert_asked(direct, verification, command, row_cipher=row_cipher)

    try:
        number = await means.database.run(store, at_once=at_once)
    except StrongroomError as error:
        if error.code is not Code.CONFLICT:
            raise
        return await _answer_again(means, verification)
    verification = replace(verification, number=number)
    means.begin([command], _Work(command=command, verification=verification, row_cipher=row_cipher))
    return _accepted(verification)


async def run_verify(*, means: Means, command: Command, carried: object = None) -> None:
    """VERIFY: ask the counterparty, and record what it says; later again where it does not say.

    A process that takes the command over asks again: the counterparty answers a uuid it knows from its own row.
    """
    body = msgspec.json.decode(command.body, type=_Body)
    work = carried if isinstance(carried, _Work) else await _find_work(means, command, body.uuid)
    if work is None:
        await commands.finish(means=means, command=command)
        return
    try:
        answer = await _ask(means, body, work.verification)
    except StrongroomError as error:
        await _take_failure(means, work, error)
        return
    answered = _read_answer(means, work.verification, answer)
    if answered.outcome.result is Result.PENDING:
        await _wait_on(means, work)
        return
    await _end(means, work, _Ending(answered=answered))


async def retry_verify(*, means: Means, command: Command) -> None:
    """VERIFY after a failure of our own, as of a row that does not open: later again, and ERROR once its time is over.

    Its end is told like any other. Without a legible command nobody knows what to end: that is a dead letter.
    """
    try:
        uuid = msgspec.json.decode(command.body, type=_Body).uuid
    except msgspec.DecodeError:
        await commands.give_up(means=means, command=command)
        return
    known = await means.database.read(lambda tx: find_outline(tx, uuid))
    if known is None or known.outcome.result not in OPEN:
        await commands.finish(means=means, command=command)
        return
    left_s = _left_s(means, known)
    if left_s > 0:
        await commands.postpone(means=means, command=command, within_s=left_s)
        return
    outcome = failed("The originator's provider could not finish the verification.")
    work = _Work(command=command, verification=known)
    await _end(means, work, _Ending(answered=_over(means, outcome), is_timeout=True))


async def _find_work(means: Means, command: Command, uuid: str) -> _Work | None:
    """None when there is nothing left to ask: decided, erased or gone."""
    found = await _find(means, uuid)
    if found is None or found.outcome.result not in OPEN or found.persons.originator is None:
        return None
    return _Work(command=command, verification=found)


async def _check_counterparty(means: Means, order: Order) -> None:
    """A provider that is not there is refused at once; that nobody can tell whether it is, is no reason to refuse."""
    if order.travel_address is not None:
        check_address(means=means, vasp_id=order.beneficiary_vasp_id, address=order.travel_address)
        return
    try:
        await get_counterparty(means=means, vasp_id=order.beneficiary_vasp_id)
    except StrongroomError as error:
        if error.code not in _PATIENT:
            raise


def _verification(means: Means, order: Order) -> Verification:
    now = means.now()
    verification = Verification(
        uuid=order.uuid or means.new_uuid(),
        outcome=Outcome(result=Result.WAIT),
        asset=order.asset,
        originating_vasp_id=means.own_vasp_id,
        originator_account_number=order.originator_account_number,
        beneficiary_vasp_id=order.beneficiary_vasp_id,
        beneficiary_account_number=order.beneficiary_account_number,
        persons=order.persons,
        content_mac=b"",
        ordered_at=now,
        created_at=now,
    )
    question = question_of(verification, wanted=order.wanted)
    content = content_of(question, from_vasp=means.own_vasp_id, to_vasp=order.beneficiary_vasp_id)
    return replace(verification, content_mac=means.content_mac(content + (order.travel_address or "").encode()))


async def _answer_again(means: Means, asked: Verification) -> shapes.Accepted:
    known = await _find(means, asked.uuid)
    if known is None or known.content_mac != asked.content_mac:  # None: it was kept long enough, and is deleted
        raise StrongroomError(Code.VERIFICATION_UUID_REUSED)
    return _accepted(known)


async def _ask(means: Means, body: _Body, verification: Verification) -> VerificationAnswer:
    party = None if means.trp is None else means.trp.find_party(verification.beneficiary_vasp_id)
    if party is not None:
        return await inquire(means=means, verification=verification, party=party, address=body.travel_address)
    key_type = KeyType(body.key_type)
    identifiers = {
        KeyType.PER_VASP: verification.beneficiary_vasp_id,
        KeyType.PER_ADDRESS: verification.beneficiary_account_number or "",
        KeyType.PER_VERIFICATION: verification.uuid,
    }
    answer = await ask_counterparty(
        means=means,
        question=question_of(verification, wanted=body.wanted),
        to_vasp=verification.beneficiary_vasp_id,
        key_type=key_type,
        key_identifier=identifiers[key_type],
    )
    if not isinstance(answer, VerificationAnswer) or answer.verification_uuid != verification.uuid:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The counterparty answered about something else.")
    return answer


def _read_answer(means: Means, verification: Verification, answer: VerificationAnswer) -> Answered:
    outcome = read_outcome(result=answer.result, reason=answer.reason, message=answer.message)
    if outcome.result in {*OPEN, Result.TRANSFER_ERROR}:
        outcome = Outcome(result=Result.PENDING)
    try:
        told = read_told(
            means=means,
            asked=verification.persons,
            beneficiary=answer.beneficiary,
            beneficiary_vasp=answer.beneficiary_vasp,
        )
    except StrongroomError as error:
        return Answered(outcome=failed(error.detail), verified_at=means.now())
    return Answered(
        outcome=outcome,
        beneficiary=told.beneficiary,
        beneficiary_vasp=told.beneficiary_vasp,
        verified_at=means.now(),
    )


async def _take_failure(means: Means, work: _Work, error: StrongroomError) -> None:
    command, verification = work.command, work.verification
    _log.info("verification_failed", uuid=verification.uuid, code=error.code.name, attempt=command.attempt)
    if error.code not in _PATIENT:
        await _end(means, work, _Ending(answered=_over(means, failed(error.detail))))
        return
    if error.code is Code.RATE_LIMITED:  # by the hub: the counterparty was not asked, so it has not failed to answer
        await commands.wait_for_hub(means=means, command=command)
        return
    left_s = _left_s(means, verification)
    if left_s > 0:
        await commands.postpone(means=means, command=command, within_s=left_s)
        return
    outcome = failed("The counterparty did not answer in time.", reason=Reason.REQUEST_TIMEOUT)
    await _end(means, work, _Ending(answered=_over(means, outcome), is_timeout=True))


async def _wait_on(means: Means, work: _Work) -> None:
    """The counterparty has not decided: say so once, and ask again until its time is over."""
    command, verification = work.command, work.verification
    left_s = _left_s(means, replace(verification, outcome=Outcome(result=Result.PENDING)))
    if left_s <= 0:
        outcome = failed("The counterparty did not decide in time.", reason=Reason.REQUEST_TIMEOUT)
        await _end(means, work, _Ending(answered=_over(means, outcome), is_timeout=True))
        return
    due_at = means.now() + timedelta(seconds=min(commands.pause_s(means=means, attempt=command.attempt), left_s))
    told = [new_callback(means=means, kind=VERIFICATION_RESULT, uuid=verification.uuid)]
    is_new = verification.outcome.result is Result.WAIT
    pending = Answered(outcome=Outcome(result=Result.PENDING), verified_at=None)

    async def store(tx: Transaction) -> None:
        if is_new:
            await record_result(tx, verification.uuid, pending, cipher=means.cipher)
            await insert_commands(tx, told)
        await postpone_command(tx, command, due_at=due_at, attempt=command.attempt + 1)

    await means.database.run(store)
    if is_new:
        means.begin(told)


async def _end(means: Means, work: _Work, ending: _Ending) -> None:
    """The final result, the end of the command and the callback in one commit; nothing of it if another was first."""
    verification, answered, now = work.verification, ending.answered, means.now()
    follow = [new_callback(means=means, kind=VERIFICATION_RESULT, uuid=verification.uuid)]
    if ending.is_timeout:
        follow.append(new_timeout_report(means=means, verification=verification))

    async def store(tx: Transaction) -> bool:
        is_first = await record_result(tx, verification.uuid, answered, cipher=means.cipher)
        if is_first:
            await insert_commands(tx, follow)
        await finish_command(tx, work.command, now=now)
        return is_first

    async def at_once(direct: Direct) -> bool | None:
        if work.row_cipher is None or ending.is_timeout:
            return None
        return await record_ended(
            direct,
            verification.uuid,
            answered,
            row_cipher=work.row_cipher,
            done=work.command,
            follow=follow[0],
            now=now,
        )

    if not await means.database.run(store, at_once=at_once):
        return
    persons = replace(
        verification.persons,
        beneficiary=answered.beneficiary or verification.persons.beneficiary,
        beneficiary_vasp=answered.beneficiary_vasp or verification.persons.beneficiary_vasp,
    )
    ended = replace(verification, outcome=answered.outcome, persons=persons, verified_at=answered.verified_at)
    _log.info(
        "verification_ended", uuid=ended.uuid, result=ended.outcome.result.value, reason=loggable(ended.outcome.reason)
    )
    means.begin(follow, ended)


def _left_s(means: Means, verification: Verification) -> float:
    is_pending = verification.outcome.result is Result.PENDING
    within_s = means.patience.decide_within_s if is_pending else means.patience.answer_within_s
    return within_s - (means.now() - (verification.ordered_at or verification.created_at)).total_seconds()


def _over(means: Means, outcome: Outcome) -> Answered:
    return Answered(outcome=outcome, verified_at=means.now())


async def _find(means: Means, uuid: str) -> Verification | None:
    return await means.database.read(lambda tx: find_verification(tx, uuid, cipher=means.cipher))


def _accepted(verification: Verification) -> shapes.Accepted:
    outcome = verification.outcome
    return shapes.Accepted(
        verification_uuid=verification.uuid,
        result=outcome.result.value,
        reason=outcome.reason,
        message=outcome.message,
    )
