"""The HTTP door for the institution's own enclave: the four calls of travel_rule.md 1.3, with its default paths.

Nothing of a request is logged or repeated in a refusal: it is personal data.
"""

import hmac
from typing import Annotated, Any, Final, TypeAlias, TypeVar
from uuid import UUID

import msgspec
import structlog
from litestar import Litestar, Request, Response, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from strongroom.custody.screening.domain.inbound import Answer, Asking
from strongroom.custody.screening.operations import answer
from strongroom.custody.screening.operations.means import Means
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.service import HttpApp

_MAX_BODY_BYTES: Final = 512 << 10
_Text = Annotated[str, msgspec.Meta(max_length=256)]
S = TypeVar("S")
_log = structlog.stdlib.get_logger(__name__)


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    """Base of the shapes: unknown fields are left alone, for the network adds some."""


class _Component(_Shape, frozen=True):
    account_number: list[_Text]


class _Persons(_Shape, frozen=True):
    beneficiary: msgspec.Raw


class _AssetInfo(_Shape, frozen=True):
    symbol: _Text
    amount: _Text
    network: _Text | None = None


class _Verification(_Shape, frozen=True):
    verification_uuid: UUID
    originating_vasp_id: _Text
    asset_info: _AssetInfo
    ivms101: _Persons
    required_beneficiary_info: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class _Account(_Shape, frozen=True):
    originating_vasp_id: _Text
    symbol: _Text
    ivms101: _Persons
    network: _Text | None = None


class _Inquiry(_Shape, frozen=True):
    verification_uuid: UUID


class _Happening(_Shape, frozen=True):
    verification_uuid: UUID
    tx_hash: _Text | None = None
    reason: _Text | None = None


class _Callback(_Shape, frozen=True):
    callback_type: _Text
    data: msgspec.Raw


TheMeans: TypeAlias = NamedDependency[Means]
Body: TypeAlias = Request[Any, Any, Any]


@post("/verifications", status_code=200)
async def verify(request: Body, means: TheMeans) -> Response[bytes]:
    """May this customer receive this."""
    asked = _parse(await request.body(), _Verification)
    told = await answer.answer_verification(
        means=means,
        verification_id=asked.verification_uuid,
        asking=_asking(asked.originating_vasp_id, asked.asset_info.symbol, asked.asset_info.network, asked.ivms101),
        amount=asked.asset_info.amount,
        codes=asked.required_beneficiary_info.split(","),
    )
    if told.persons is None:
        return _answered(told.answer)
    persons = {"beneficiaryPersons": msgspec.Raw(told.persons), "accountNumber": [_address(asked.ivms101)]}
    return _answered(told.answer, ivms101={"beneficiary": persons})


@post("/verifications/account", status_code=200)
async def check_account(request: Body, means: TheMeans) -> Response[bytes]:
    """Is this the address of that customer."""
    asked = _parse(await request.body(), _Account)
    asking = _asking(asked.originating_vasp_id, asked.symbol, asked.network, asked.ivms101)
    return _answered(await answer.answer_account(means=means, asking=asking))


@post("/verifications/transaction", status_code=200)
async def get_status(request: Body, means: TheMeans) -> Response[bytes]:
    """What became of a transfer of ours."""
    asked = _parse(await request.body(), _Inquiry)
    status, tx_hash = await answer.answer_status(means=means, verification_id=asked.verification_uuid)
    return _json({"transactionStatus": status.value, "txHash": tx_hash or None})


@post("/verifications/callback", status_code=200)
async def take_callback(request: Body, means: TheMeans) -> Response[bytes]:
    """Something happened; it may be told more than once. Results of our own questions are polled for."""
    told = _parse(await request.body(), _Callback)
    if told.callback_type in ("TX_REPORT", "ERROR_REPORT"):
        await _take(means, told.callback_type, _parse(bytes(told.data), _Happening))
    return _json({"result": True})


def make_door(means: Means, *, token: str) -> HttpApp:
    """The application; ``token`` is the bearer token that the enclave sends."""

    def check_token(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        given = connection.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise NotAuthorizedException

    return Litestar(
        route_handlers=[verify, check_account, get_status, take_callback],
        dependencies={"means": Provide(lambda: means, sync_to_thread=False)},
        signature_types=[Means],
        guards=[check_token],
        exception_handlers={Exception: _refuse},
        request_max_body_size=_MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


async def _take(means: Means, callback_type: str, happening: _Happening) -> None:
    verification_id = happening.verification_uuid
    if callback_type == "TX_REPORT" and happening.tx_hash:
        await answer.take_sent(means=means, verification_id=verification_id, tx_hash=happening.tx_hash)
    if callback_type == "ERROR_REPORT":
        await answer.take_failed(means=means, verification_id=verification_id, reason=happening.reason or "UNKNOWN")


def _asking(vasp_id: str, symbol: str, network: str | None, persons: _Persons) -> Asking:
    return Asking(
        originating_vasp_id=vasp_id,
        symbol=symbol,
        network=network or "",
        address=_address(persons),
        beneficiary=bytes(persons.beneficiary),
    )


def _address(persons: _Persons) -> str:
    """One account a question (travel_rule.md 1.3)."""
    accounts = _parse(bytes(persons.beneficiary), _Component).account_number
    if len(accounts) != 1:
        raise StrongroomError(Code.INVALID_FORMAT, "A beneficiary has one account number.")
    return accounts[0]


def _parse(body: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise StrongroomError(Code.INVALID_FORMAT) from None


def _answered(given: Answer, *, ivms101: object = None) -> Response[bytes]:
    shown = {"result": given.result, "reason": given.reason, "message": given.message, "ivms101": ivms101}
    return _json({name: value for name, value in shown.items() if value is not None})


def _json(value: object) -> Response[bytes]:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _refuse(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The code of a refusal, as the network writes codes; only HTTP 200 counts as an answer there."""
    if isinstance(error, StrongroomError):
        status, code = error.code.meaning.http_status, error.code.name
    elif isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code
        code = (Code.API_TOKEN_INVALID if status == 401 else Code.INVALID_FORMAT).name
    else:
        _log.error("unexpected_exception", kind=type(error).__name__)
        status, code = 500, Code.INTERNAL.name
    body = msgspec.json.encode({"code": code.replace("_", "-"), "message": Code[code].meaning.text})
    return Response(body, status_code=status, media_type="application/json")
