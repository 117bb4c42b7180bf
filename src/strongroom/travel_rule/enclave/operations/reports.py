"""What one side tells the other after a verification: a transaction's hash, or that there will be none.

Each report is stored and answered at once, and told to the counterparty by a REPORT command.
"""

from typing import Final

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.domain.verifications import Action, Outcome, Reason, Result, Verification
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.exchange import ask_counterparty
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.trp_ask import tell
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.verifications import (
    find_outline,
    find_verification,
    record_transfer_error,
    record_tx,
)
from strongroom.travel_rule.messages import ErrorReport, Question, TxReport

_TX: Final = "TX"
_ERROR: Final = "ERROR"
_TIMEOUT: Final = "TIMEOUT"
_NEVER: Final = frozenset(
    {Code.COUNTERPARTY_REFUSED, Code.VERIFICATION_NOT_FOUND, Code.VERIFICATION_STATE_CONFLICT, Code.VASP_UNKNOWN}
)
_log = structlog.stdlib.get_logger(__name__)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Of a REPORT command: what is to be told, about which row."""

    type: str
    uuid: str


async def report_tx(*, means: Means, uuid: str, tx_hash: str, vout: str | None) -> None:
    """Record the transaction of a verified transfer and tell the counterparty; the same hash again is nothing new.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``; ``VERIFICATION_STATE_CONFLICT`` if it is not VERIFIED, has
            another hash, or is another provider's transfer.
    """
    command = _new_report(means, _TX, uuid)

    async def store(tx: Transaction) -> bool:
        known = await _get_sent(tx, means, uuid)
        if (known.tx_hash, known.vout) == (tx_hash, vout):
            return False
        is_taken = known.tx_hash is not None or known.outcome.result is not Result.VERIFIED
        if is_taken or not await record_tx(tx, uuid, tx_hash=tx_hash, vout=vout):
            raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT, _conflict(known))
        await insert_commands(tx, [command])
        return True

    if await means.database.run(store):
        means.begin([command])


async def report_error(*, means: Means, uuid: str, asked: shapes.AskedErrorReport) -> None:
    """Record that a verified transfer will never be made and tell the counterparty; again is nothing new.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``; ``VERIFICATION_STATE_CONFLICT`` if it was not VERIFIED, or is
            another provider's transfer.
    """
    command = _new_report(means, _ERROR, uuid)
    outcome = Outcome(result=Result.TRANSFER_ERROR, reason=asked.reason, message=asked.message)

    async def store(tx: Transaction) -> bool:
        known = await _get_sent(tx, means, uuid)
        if known.outcome == outcome:
            return False
        if not await record_transfer_error(tx, uuid, outcome):
            raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT, _conflict(known))
        await insert_commands(tx, [command])
        return True

    if await means.database.run(store):
        means.begin([command])


def new_timeout_report(*, means: Means, verification: Verification) -> Command:
    """Says that nobody waits for the counterparty's answer any more, for the commit that stops waiting."""
    return _new_report(means, _TIMEOUT, verification.uuid)


async def run_report(*, means: Means, command: Command, carried: object = None) -> None:
    """REPORT: tell the counterparty what the row says, until it takes it or its refusal is final."""
    del carried
    body = msgspec.json.decode(command.body, type=_Body)
    verification = await means.database.read(lambda tx: find_outline(tx, body.uuid))
    if verification is None:
        await commands.give_up(means=means, command=command)
        return
    try:
        await _tell(means, verification, _question(body.type, verification))
    except StrongroomError as error:
        _log.warning("report_failed", uuid=body.uuid, kind=body.type, code=error.code.name, attempt=command.attempt)
        if error.code is Code.RATE_LIMITED:
            await commands.wait_for_hub(means=means, command=command)
        elif body.type == _TIMEOUT and error.code in _NEVER:
            await commands.finish(means=means, command=command)  # it never heard of it, or decided after all
        elif error.code in _NEVER or command.attempt + 1 >= means.patience.callback_tries:
            await commands.give_up(means=means, command=command)
        else:
            await commands.postpone(means=means, command=command)
        return
    await commands.finish(means=means, command=command)


async def get_verification(tx: Transaction, *, means: Means, uuid: str) -> Verification:
    """One verification; ``VERIFICATION_NOT_FOUND``."""
    found = await find_verification(tx, uuid, cipher=means.cipher)
    if found is None:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, f"Verification({uuid}) is not found")
    return found


def counterparty_of(*, means: Means, verification: Verification) -> str:
    """The VASP id of the other side."""
    if verification.originating_vasp_id == means.own_vasp_id:
        return verification.beneficiary_vasp_id
    return verification.originating_vasp_id


def side_of(*, means: Means, verification: Verification) -> Action:
    """Whether our provider sends or receives."""
    return Action.SEND if verification.originating_vasp_id == means.own_vasp_id else Action.RECEIVE


async def _get_sent(tx: Transaction, means: Means, uuid: str) -> Verification:
    """A verification of a transfer that our provider makes: nobody else knows what becomes of it."""
    known = await get_verification(tx, means=means, uuid=uuid)
    if side_of(means=means, verification=known) is not Action.SEND:
        raise StrongroomError(
            Code.VERIFICATION_STATE_CONFLICT, "The originator's provider reports, and tells this one."
        )
    return known


def _new_report(means: Means, kind: str, uuid: str) -> Command:
    return means.new_command(CommandKind.REPORT, msgspec.json.encode(_Body(type=kind, uuid=uuid)))


async def _tell(means: Means, verification: Verification, question: Question) -> None:
    to_vasp = counterparty_of(means=means, verification=verification)
    party = None if means.trp is None else means.trp.find_party(to_vasp)
    if party is not None:
        await tell(means=means, verification=verification, party=party, question=question)
        return
    await ask_counterparty(
        means=means, question=question, to_vasp=to_vasp, key_type=KeyType.PER_VASP, key_identifier=to_vasp
    )


def _question(kind: str, verification: Verification) -> Question:
    if kind == _TX:
        assert verification.tx_hash is not None, "recorded with the command"
        return TxReport(verification_uuid=verification.uuid, tx_hash=verification.tx_hash, vout=verification.vout)
    outcome = verification.outcome
    result = Result.ERROR if kind == _TIMEOUT else Result.TRANSFER_ERROR
    reason = Reason.REQUEST_TIMEOUT.value if kind == _TIMEOUT else outcome.reason
    return ErrorReport(verification_uuid=verification.uuid, result=result.value, reason=reason, message=outcome.message)


def _conflict(known: Verification) -> str:
    return f"The verification is {known.outcome.result.value}{' and has a txHash' if known.tx_hash else ''}."
