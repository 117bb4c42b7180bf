"""The other side's TRP: an inquiry becomes a verification, and what our back end decides its answer."""

from datetime import timedelta
from typing import Final

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.domain.trp import Exchange, Party, find_asset, read_amount_of, rejection_of
from strongroom.travel_rule.enclave.domain.verifications import (
    OPEN,
    Answered,
    AssetInfo,
    Outcome,
    Reason,
    Result,
    Verification,
)
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.bodies import failed, question_of
from strongroom.travel_rule.enclave.operations.callbacks import VERIFICATION_RESULT, new_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.questions import WANTED, question_from
from strongroom.travel_rule.enclave.operations.receive import receive_verification
from strongroom.travel_rule.enclave.operations.respond import take_error_report, take_tx_report
from strongroom.travel_rule.enclave.operations.trp_ask import read_answer, store_exchange
from strongroom.travel_rule.enclave.operations.trp_places import (
    account_at,
    confirmation_url,
    trp_of,
    uuid_of_confirmation,
    uuid_of_resolution,
)
from strongroom.travel_rule.enclave.providers.trp import speaking
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.trp import find_exchange, put_exchange
from strongroom.travel_rule.enclave.store.verifications import find_verification, record_result
from strongroom.travel_rule.messages import ErrorReport, TxReport
from strongroom.travel_rule.trp.desk import Sender
from strongroom.travel_rule.trp.messages import (
    Acknowledged,
    Answer,
    Approval,
    Approved,
    Confirmation,
    Confirmed,
    Inquiry,
    Rejected,
    Resolution,
)

_NEVER: Final = frozenset((Code.COUNTERPARTY_REFUSED, Code.ADDRESS_INVALID))
"""After these the counterparty will not take the answer at any other time either."""
_log = structlog.stdlib.get_logger(__name__)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Of a TRP_ANSWER command: which verification waits for our back end's decision."""

    uuid: str


async def take_inquiry(*, means: Means, inquiry: Inquiry, place: str, sender: Sender) -> Answer:
    """Verify what an inquiry asks; the request's identifier is the verification's uuid, so that it is asked but once.

    Raises:
        StrongroomError: ``FORBIDDEN``, ``NOT_FOUND``, ``VERIFICATION_UUID_REUSED``, ``INVALID_FORMAT``,
            ``ADDRESS_INVALID`` for a callback to somebody else, ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED``.
    """
    trp = trp_of(means)
    party = trp.get_sender(sender.key_hash)
    account = account_at(means=means, place=place)
    trp.client.check_place(inquiry.callback, of=speaking(party))
    asset = find_asset(trp.assets, inquiry.asset)
    if asset is None:
        return rejection_of(Outcome(result=Result.DENIED, reason=Reason.UNKNOWN_SYMBOL.value))
    amount = read_amount_of(party, asset, inquiry.amount)
    info = AssetInfo(
        symbol=asset.symbol,
        amount=amount,
        network=asset.network,
        trade_price=None,
        trade_currency=None,
        trade_at=None,
        is_exceeding_threshold=True,  # TRP says no price: counted as above every threshold
    )
    question = question_from(means=means, payload=inquiry.payload, asset=info, account=account, uuid=sender.identifier)
    guard = str(means.new_message_id())  # a repetition is known by its uuid and content
    answer = await receive_verification(means=means, question=question, from_vasp=party.vasp_id, guard=guard)
    outcome = Outcome(result=Result(answer.result), reason=answer.reason, message=answer.message)
    if outcome.result in OPEN:
        await _wait(means, inquiry, party, sender)
        return Acknowledged(version=sender.version)
    return _told(means, sender.identifier, outcome, account)


async def take_resolution(*, means: Means, resolution: Resolution, token: str, sender: Sender) -> None:
    """Record the late answer to our inquiry and tell the back end; the same answer again changes nothing.

    Raises:
        StrongroomError: ``FORBIDDEN``, ``NOT_FOUND``; ``VERIFICATION_STATE_CONFLICT`` after another result.
    """
    party = trp_of(means).get_sender(sender.key_hash)
    uuid = uuid_of_resolution(means=means, token=token)
    told = new_callback(means=means, kind=VERIFICATION_RESULT, uuid=uuid)
    if isinstance(resolution, Approved):
        trp_of(means).client.check_place(resolution.approved.callback, of=speaking(party))

    async def store(tx: Transaction) -> bool:
        known = await _find(tx, means, uuid)
        if known.beneficiary_vasp_id != party.vasp_id or known.originating_vasp_id != means.own_vasp_id:
            raise StrongroomError(Code.NOT_FOUND)
        answered = _answered(means, known, resolution)
        if known.outcome.result not in OPEN:
            if known.outcome.result is not answered.outcome.result:
                raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT)
            return False
        await record_result(tx, uuid, answered, cipher=means.cipher)
        if isinstance(resolution, Approved):
            await put_exchange(tx, _exchange(means, uuid, party, resolution.approved.callback, sender.version))
        await insert_commands(tx, [told])
        return True

    if await store_exchange(means=means, store=store):
        _log.info("verification_resolved", uuid=uuid)
        means.begin([told])


async def take_confirmation(*, means: Means, confirmation: Confirmation, token: str, sender: Sender) -> None:
    """Record the transaction of a transfer that was approved here, or that there will be none; tell the back end.

    Raises:
        StrongroomError: ``FORBIDDEN``, ``NOT_FOUND``, ``VERIFICATION_STATE_CONFLICT``.
    """
    party = trp_of(means).get_sender(sender.key_hash)
    uuid = uuid_of_confirmation(means=means, token=token)
    guard = str(means.new_message_id())
    try:
        if isinstance(confirmation, Confirmed):
            report = TxReport(verification_uuid=uuid, tx_hash=confirmation.txid, vout=None)
            await take_tx_report(means=means, question=report, from_vasp=party.vasp_id, guard=guard)
        else:
            canceled = ErrorReport(
                verification_uuid=uuid,
                result=Result.TRANSFER_ERROR.value,
                reason=Reason.UNDEFINED_ERROR.value,
                message=confirmation.canceled or None,
            )
            await take_error_report(means=means, question=canceled, from_vasp=party.vasp_id, guard=guard)
    except StrongroomError as error:
        if error.code is Code.VERIFICATION_NOT_FOUND:
            raise StrongroomError(Code.NOT_FOUND) from None
        raise


async def run_trp_answer(*, means: Means, command: Command, carried: object = None) -> None:
    """TRP_ANSWER: ask the back end again, and post its decision to the inquiry's callback."""
    del carried
    uuid = msgspec.json.decode(command.body, type=_Body).uuid
    known, exchange = await means.database.read(lambda tx: _both(tx, means, uuid))
    party = None if exchange is None else trp_of(means).find_party(exchange.vasp_id)
    if known is None or exchange is None or exchange.callback is None or party is None:
        await commands.give_up(means=means, command=command)
        return
    try:
        outcome = await _decide(means, known)
        if outcome.result not in OPEN:
            said = _told(means, uuid, outcome, known.beneficiary_account_number or "")
            await trp_of(means).client.resolve(exchange.callback, said, of=speaking(party, version=exchange.version))
    except StrongroomError as error:
        _log.warning("trp_answer_failed", uuid=uuid, code=error.code.name, attempt=command.attempt)
        within_s = means.patience.decide_within_s + means.patience.answer_within_s
        is_over = means.now() - known.created_at > timedelta(seconds=within_s)
        ending = commands.give_up if is_over or error.code in _NEVER else commands.postpone
        await ending(means=means, command=command)
        return
    ending = commands.postpone if outcome.result in OPEN else commands.finish
    await ending(means=means, command=command)


async def _decide(means: Means, known: Verification) -> Outcome:
    """What the back end says now, if that was open; an end when it has not decided for too long."""
    if known.outcome.result not in OPEN:
        return known.outcome
    over_at = known.created_at + timedelta(seconds=means.patience.decide_within_s)
    if means.now() >= over_at:
        outcome = failed("The beneficiary's provider did not decide in time.", reason=Reason.REQUEST_TIMEOUT)
        answered = Answered(outcome=outcome, verified_at=means.now())
        await means.database.run(lambda tx: record_result(tx, known.uuid, answered, cipher=means.cipher))
        return outcome
    answer = await receive_verification(
        means=means,
        question=question_of(known, wanted=WANTED),
        from_vasp=known.originating_vasp_id,
        guard=str(means.new_message_id()),
    )
    return Outcome(result=Result(answer.result), reason=answer.reason, message=answer.message)


async def _wait(means: Means, inquiry: Inquiry, party: Party, sender: Sender) -> None:
    """Remember once where the answer goes, with the command that will bring it."""
    uuid = sender.identifier
    pause_s = commands.pause_s(means=means, attempt=0)
    later = means.new_command(CommandKind.TRP_ANSWER, msgspec.json.encode(_Body(uuid=uuid)), due_in_s=pause_s)

    async def store(tx: Transaction) -> bool:
        is_new = await put_exchange(tx, _exchange(means, uuid, party, inquiry.callback, sender.version))
        if is_new:
            await insert_commands(tx, [later])
        return is_new

    await store_exchange(means=means, store=store)


def _told(means: Means, uuid: str, outcome: Outcome, account: str) -> Approved | Rejected:
    """What a final result is in TRP; only an approval tells the payment address."""
    if outcome.result is not Result.VERIFIED:
        return rejection_of(outcome)
    return Approved(approved=Approval(address=account, callback=confirmation_url(means=means, uuid=uuid)))


def _answered(means: Means, known: Verification, resolution: Resolution) -> Answered:
    answer = read_answer(means=means, verification=known, answer=resolution)
    outcome = Outcome(result=Result(answer.result), reason=answer.reason, message=answer.message)
    return Answered(outcome=outcome, beneficiary=answer.beneficiary, verified_at=means.now())


def _exchange(means: Means, uuid: str, party: Party, callback: str, version: str) -> Exchange:
    return Exchange(uuid=uuid, vasp_id=party.vasp_id, callback=callback, version=version, created_at=means.now())


async def _find(tx: Transaction, means: Means, uuid: str) -> Verification:
    known = await find_verification(tx, uuid, cipher=means.cipher)
    if known is None:
        raise StrongroomError(Code.NOT_FOUND)
    return known


async def _both(tx: Transaction, means: Means, uuid: str) -> tuple[Verification | None, Exchange | None]:
    return await find_verification(tx, uuid, cipher=means.cipher), await find_exchange(tx, uuid)
