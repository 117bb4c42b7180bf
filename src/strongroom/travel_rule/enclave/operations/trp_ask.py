"""Our side of TRP: a verification becomes an inquiry, a report becomes a confirmation."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.trp import Exchange, Party, denial_of, name_asset, show_amount_to
from strongroom.travel_rule.enclave.domain.verifications import Result, Verification
from strongroom.travel_rule.enclave.operations.bodies import write_payload
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.questions import with_account
from strongroom.travel_rule.enclave.operations.trp_places import resolution_url, trp_of
from strongroom.travel_rule.enclave.providers.trp import speaking
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.trp import find_exchange, put_exchange
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.editions import settle
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import parse_payload, read_part, write_element
from strongroom.travel_rule.messages import ErrorReport, Question, TxReport, VerificationAnswer
from strongroom.travel_rule.trp.address import read_address
from strongroom.travel_rule.trp.messages import (
    Acknowledged,
    Answer,
    Approved,
    Asset,
    Canceled,
    Confirmed,
    Rejected,
    write_inquiry,
)

_log = structlog.stdlib.get_logger(__name__)


def check_address(*, means: Means, vasp_id: str, address: str) -> None:
    """Whether an inquiry may go to a travel address or LNURL.

    Raises:
        StrongroomError: ``VASP_UNKNOWN`` if the provider is not reached by TRP; ``ADDRESS_INVALID`` if the address is
            none, or is another provider's.
    """
    party = None if means.trp is None else means.trp.find_party(vasp_id)
    if means.trp is None or party is None:
        raise StrongroomError(Code.VASP_UNKNOWN, "That provider is not reached by a travel address.")
    means.trp.client.check_place(read_address(address), of=speaking(party))


async def inquire(*, means: Means, verification: Verification, party: Party, address: str) -> VerificationAnswer:
    """What the counterparty answers to the inquiry, PENDING while it has only acknowledged it.

    An inquiry that was acknowledged is not sent again: its answer comes to the callback.

    Raises:
        StrongroomError: ``COUNTERPARTY_UNAVAILABLE`` and ``TRAVEL_RULE_MESSAGE_INVALID``, after which it may be asked
            again; ``COUNTERPARTY_REFUSED``, ``ADDRESS_INVALID``, ``INVALID_FORMAT``, ``AMOUNT_...``.
    """
    known = await means.database.read(lambda tx: find_exchange(tx, verification.uuid))
    if known is not None and known.callback is None:
        return _pending(verification)
    trp = trp_of(means)
    asset = name_asset(trp.assets, verification.asset)
    body = write_inquiry(
        asset=Asset(dti=asset.dti, slip0044=asset.slip0044),
        amount=show_amount_to(party, asset, verification.asset.amount),
        callback=resolution_url(means=means, uuid=verification.uuid),
        ivms101=_payload(means, verification),
    )
    heard = await trp.client.inquire(read_address(address), body, of=speaking(party), identifier=verification.uuid)
    if not isinstance(heard.answer, Rejected):
        callback = heard.answer.approved.callback if isinstance(heard.answer, Approved) else None
        exchange = Exchange(
            uuid=verification.uuid,
            vasp_id=party.vasp_id,
            callback=callback,
            version=heard.version,
            created_at=means.now(),
        )
        await _keep(means, exchange)
    return read_answer(means=means, verification=verification, answer=heard.answer)


def read_answer(*, means: Means, verification: Verification, answer: Answer) -> VerificationAnswer:
    """An answer of TRP as a counterparty's enclave would have given it: an approval names the payment address."""
    if isinstance(answer, Acknowledged):
        return _pending(verification)
    if isinstance(answer, Rejected):
        outcome = denial_of(answer)
        return _answer(verification, outcome.result, reason=outcome.reason, message=outcome.message)
    part = read_part(verification.persons.beneficiary or b"{}", model.Beneficiary, means.demands())
    if part.element is None:
        raise StrongroomError(Code.STATE_DAMAGED, "A verification's beneficiary is no IVMS101.")
    paid = with_account(beneficiary=part.element, account=answer.approved.address)
    return _answer(verification, Result.VERIFIED, beneficiary=write_element(paid, means.edition or part.edition))


async def tell(*, means: Means, verification: Verification, party: Party, question: Question) -> None:
    """Confirm or cancel a transfer that was approved.

    Raises:
        StrongroomError: as ``inquire``; ``VERIFICATION_NOT_FOUND`` where the counterparty named no callback, so that
            nothing can be told.
    """
    known = await means.database.read(lambda tx: find_exchange(tx, verification.uuid))
    if known is None or known.callback is None:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, "The counterparty has approved nothing.")
    if isinstance(question, TxReport):
        said = Confirmed(txid=question.tx_hash)
    elif isinstance(question, ErrorReport):
        said = Canceled(canceled=(question.message or question.reason or "")[:1000])
    else:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, "TRP has no word for that.")
    await trp_of(means).client.confirm(known.callback, said, of=speaking(party, version=known.version))


async def store_exchange(*, means: Means, store: Callable[[Transaction], Awaitable[bool]]) -> bool:
    """Run what puts an exchange; again where another put the same one meanwhile, for then it is there."""
    try:
        return await means.database.run(store)
    except StrongroomError as error:
        if error.code is not Code.CONFLICT:
            raise
    return await means.database.run(store)


async def _keep(means: Means, exchange: Exchange) -> None:
    """Store where the next message goes; a callback that came meanwhile may have stored it already."""

    async def store(tx: Transaction) -> bool:
        known = await find_exchange(tx, exchange.uuid)
        callback = exchange.callback or (known and known.callback)
        return await put_exchange(tx, replace(exchange, callback=callback))

    await store_exchange(means=means, store=store)


def _payload(means: Means, verification: Verification) -> bytes:
    """The IVMS101 of an inquiry: without the travel address, which is no account."""
    payload = parse_payload(write_payload(verification.persons), means.demands())
    bare = msgspec.structs.replace(
        settle(payload, Edition.V2020), beneficiary=with_account(beneficiary=payload.beneficiary, account=None)
    )
    return write_element(bare, Edition.V2020)


def _pending(verification: Verification) -> VerificationAnswer:
    return _answer(verification, Result.PENDING)


def _answer(
    verification: Verification,
    result: Result,
    *,
    reason: str | None = None,
    message: str | None = None,
    beneficiary: bytes | None = None,
) -> VerificationAnswer:
    return VerificationAnswer(
        verification_uuid=verification.uuid,
        result=result.value,
        reason=reason,
        message=message,
        beneficiary=beneficiary,
        beneficiary_vasp=None,
        verified_at=None,
    )
