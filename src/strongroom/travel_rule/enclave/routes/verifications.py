"""/v1/verifications."""

from typing import Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.requests import (
    FILTERS,
    parse_account_question,
    parse_body,
    parse_order,
    parse_page,
    parse_uuid,
)
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.read import check_account, inquire_tx, read_history, read_verification
from strongroom.travel_rule.enclave.operations.reports import report_error, report_tx
from strongroom.travel_rule.enclave.operations.verify import request_verification
from strongroom.travel_rule.enclave.routes.route import Call, Route

PATH: Final = "/v1/verifications"


async def check(means: Means, call: Call) -> shapes.AccountResult:
    """Ask a provider whether an address is its customer's, before anything is said of the originator."""
    question = parse_account_question(call.body, demands=means.demands())
    return await check_account(means=means, question=question)


async def create(means: Means, call: Call) -> shapes.Accepted:
    """Ask a provider to verify the beneficiary of a transfer; the result comes by callback, or is polled for."""
    return await request_verification(means=means, order=parse_order(call.body, demands=means.demands()))


async def list_all(means: Means, call: Call) -> shapes.Verifications:
    """The history, newest first; filters are ANDed. A fromDate or toDate without a time is 00:00 of that day in UTC."""
    page = parse_page(call.query, own_vasp_id=means.own_vasp_id, now=means.now())
    return await read_history(means=means, page=page)


async def get_one(means: Means, call: Call) -> shapes.Verification:
    """One verification."""
    return await read_verification(means=means, uuid=call.uuid)


async def take_tx(means: Means, call: Call) -> shapes.Done:
    """Report the transaction of a verified transfer, as soon as its hash is known."""
    asked = parse_body(call.body, shapes.AskedTxReport)
    await report_tx(means=means, uuid=parse_uuid(asked), tx_hash=asked.tx_hash, vout=asked.vout)
    return shapes.Done()


async def take_error(means: Means, call: Call) -> shapes.Done:
    """Report that a verified transfer will never be made."""
    asked = parse_body(call.body, shapes.AskedErrorReport)
    await report_error(means=means, uuid=parse_uuid(asked), asked=asked)
    return shapes.Done()


async def inquire(means: Means, call: Call) -> shapes.TransactionStatus:
    """Ask the originator's provider for the transaction that no report came of."""
    asked = parse_body(call.body, shapes.AskedInquiry)
    return await inquire_tx(means=means, uuid=parse_uuid(asked))


async def _missing(_means: Means, _call: Call) -> shapes.Verification:
    """Names no verification."""
    raise StrongroomError(Code.MISSING_VERIFICATION_UUID)


ROUTES: Final = (
    Route(method="POST", path=f"{PATH}/account", handle=check, asks=shapes.AskedAccount, answers=shapes.AccountResult),
    Route(method="POST", path=PATH, handle=create, asks=shapes.AskedVerification, answers=shapes.Accepted),
    Route(method="GET", path=PATH, handle=list_all, answers=shapes.Verifications, query=FILTERS),
    Route(method="GET", path=f"{PATH}/", handle=_missing, answers=shapes.Verification),
    Route(method="GET", path=f"{PATH}/{{uuid}}", handle=get_one, answers=shapes.Verification),
    Route(method="POST", path=f"{PATH}/tx", handle=take_tx, asks=shapes.AskedTxReport, answers=shapes.Done),
    Route(method="POST", path=f"{PATH}/error", handle=take_error, asks=shapes.AskedErrorReport, answers=shapes.Done),
    Route(
        method="POST",
        path=f"{PATH}/tx/inquiry",
        handle=inquire,
        asks=shapes.AskedInquiry,
        answers=shapes.TransactionStatus,
    ),
)
