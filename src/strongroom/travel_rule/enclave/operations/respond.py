"""Answers to the shorter questions of counterparties: accounts, reports, inquiries."""

from collections.abc import Awaitable, Callable

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.commands import Command
from strongroom.travel_rule.enclave.domain.requests import parse_beneficiary
from strongroom.travel_rule.enclave.domain.verifications import (
    OPEN,
    Action,
    Answered,
    Outcome,
    Reason,
    Result,
    Verification,
)
from strongroom.travel_rule.enclave.operations.bodies import failed, read_outcome
from strongroom.travel_rule.enclave.operations.callbacks import ERROR_REPORT, TX_REPORT, new_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import counterparty_of, get_verification, side_of
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.messages import remember_message
from strongroom.travel_rule.enclave.store.verifications import (
    record_result,
    record_transfer_error,
    record_tx,
)
from strongroom.travel_rule.ivms101.payload import write_element
from strongroom.travel_rule.messages import (
    Accepted,
    AccountAnswer,
    AccountCheck,
    ErrorReport,
    TxInquiry,
    TxReport,
    TxStatus,
)


async def answer_account_check(*, means: Means, question: AccountCheck, from_vasp: str, guard: str) -> AccountAnswer:
    """Whether the account is a customer's, as the back end says."""
    body = b'{"beneficiary":%s}' % question.beneficiary
    beneficiary, edition = parse_beneficiary(body, demands=means.demands(), at="$")
    await means.database.run(lambda tx: remember_message(tx, guard, now=means.now()))
    part = write_element(beneficiary, means.edition or edition)
    asked = shapes.BackendAccount(
        originating_vasp_id=from_vasp,
        symbol=question.symbol,
        network=question.network,
        ivms101=msgspec.Raw(b'{"beneficiary":%s}' % part),
    )
    result = await means.backend.check_account(asked)
    outcome = read_outcome(result=result.result, reason=result.reason, message=result.message)
    return AccountAnswer(result=outcome.result.value, reason=outcome.reason, message=outcome.message)


async def take_tx_report(*, means: Means, question: TxReport, from_vasp: str, guard: str) -> Accepted:
    """Record the counterparty's transaction, and have the back end told; the same report again changes nothing.

    Reports overtake each other: the hash of a transfer that failed is kept after the failure too.
    """
    uuid = question.verification_uuid
    callback = new_callback(means=means, kind=TX_REPORT, uuid=uuid)

    async def store(tx: Transaction) -> bool:
        known = await _theirs(tx, means, uuid, from_vasp, guard, side=Action.RECEIVE)
        if (known.tx_hash, known.vout) == (question.tx_hash, question.vout):
            return False
        if known.tx_hash is not None or not await record_tx(tx, uuid, tx_hash=question.tx_hash, vout=question.vout):
            raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT)
        await insert_commands(tx, [callback])
        return True

    await _store_and_tell(means, store, callback)
    return Accepted(verification_uuid=uuid)


async def take_error_report(*, means: Means, question: ErrorReport, from_vasp: str, guard: str) -> Accepted:
    """Record that there will be no transfer, or that nobody waits for the decision any more; tell the back end."""
    uuid = question.verification_uuid
    callback = new_callback(means=means, kind=ERROR_REPORT, uuid=uuid)

    async def store(tx: Transaction) -> bool:
        known = await _theirs(tx, means, uuid, from_vasp, guard, side=Action.RECEIVE)
        if not await _record_error(tx, means, known, question):
            return False
        await insert_commands(tx, [callback])
        return True

    await _store_and_tell(means, store, callback)
    return Accepted(verification_uuid=uuid)


async def answer_inquiry(*, means: Means, question: TxInquiry, from_vasp: str, guard: str) -> TxStatus:
    """Where the transaction is, as the back end says, with the hash that was reported if it names none."""

    async def look(tx: Transaction) -> Verification:
        return await _theirs(tx, means, question.verification_uuid, from_vasp, guard, side=Action.SEND)

    known = await means.database.run(look)
    status = await means.backend.ask_transaction(known.uuid)
    return TxStatus(
        verification_uuid=known.uuid,
        transaction_status=status.transaction_status,
        tx_hash=status.tx_hash or known.tx_hash,
        vout=known.vout,
    )


async def _theirs(
    tx: Transaction, means: Means, uuid: str, from_vasp: str, guard: str, *, side: Action
) -> Verification:
    """A verification with this counterparty; of another's it learns nothing.

    Only who sends knows what became of the transfer: a beneficiary's provider that could report would have the first
    word about a transaction that is not its own, and the originator's report would come too late.

    Args:
        side: which one we have to be on.
    """
    await remember_message(tx, guard, now=means.now())
    known = await get_verification(tx, means=means, uuid=uuid)
    if counterparty_of(means=means, verification=known) != from_vasp:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, f"Verification({uuid}) is not found")
    if side_of(means=means, verification=known) is not side:
        raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT, "That is for the other side to say.")
    return known


async def _record_error(tx: Transaction, means: Means, known: Verification, question: ErrorReport) -> bool:
    reason = question.reason or Reason.UNDEFINED_ERROR.value
    if known.outcome.result in OPEN:
        if question.result != Result.ERROR.value:
            raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT)
        over = failed(question.message or "The originator's provider stopped waiting.", reason=Reason.REQUEST_TIMEOUT)
        return await record_result(tx, known.uuid, Answered(outcome=over, verified_at=means.now()), cipher=means.cipher)
    outcome = Outcome(result=Result.TRANSFER_ERROR, reason=reason, message=question.message)
    return await record_transfer_error(tx, known.uuid, outcome)


async def _store_and_tell(means: Means, store: Callable[[Transaction], Awaitable[bool]], callback: Command) -> None:
    if await means.database.run(store):
        means.begin([callback])
