"""The robot's HTTP server: an ASGI application.

``POST /verification``, ``/account``, ``/transaction`` and ``/callback`` are the four calls; ``/control/…`` tells the
robot what to do and shows what it was told. All of it asks for the same bearer token.
"""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar, final

import msgspec

from strongroom.runtime.clock import Clock
from strongroom.runtime.http import GoneError, read_body
from strongroom.travel_rule.robot import calls, customers

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
PATHS: Final = {
    "/verification": "verification",
    "/account": "account",
    "/transaction": "transaction",
    "/callback": "callback",
}
"""The four calls by path."""
_BODY_BYTES_MAX: Final = 1 << 20
_HALF: Final = b'{"result": "VERI'
_STATUSES: Final = {"error": 500, "refuse": 401}
T = TypeVar("T")


@final
class _RefusedError(Exception):
    """Answered with a status and no more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class _Told:
    """What the robot was told. ``callbacks`` is one for each thing that happened, however often it was delivered."""

    callbacks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict[tuple[str, str], dict[str, Any]])
    transactions: dict[str, calls.TransactionControl] = field(default_factory=dict[str, calls.TransactionControl])
    wrong: dict[str, calls.Misbehaviour] = field(default_factory=dict[str, calls.Misbehaviour])
    asked: dict[str, int] = field(default_factory=dict[str, int])


@final
class Robot:
    """The robot, as an ASGI 3 application.

    Args:
        token: who does not send it as bearer token is refused with 401.
        clock: by which it is late.
    """

    def __init__(self, *, token: str, clock: Clock) -> None:
        self._authorization = f"Bearer {token}".encode()
        self._clock = clock
        self._told = _Told()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            status, body = 200, await self._answer(scope, receive)
        except GoneError:
            return
        except _RefusedError as refused:
            status, body = refused.status, b"{}"
        except (msgspec.DecodeError, UnicodeDecodeError):
            status, body = 400, b"{}"
        size = len(_HALF) if body is None else len(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if body is not None:  # else the server ends the connection, as more was promised
            await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes | None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, self._authorization):
            raise _RefusedError(401)
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == "/control":
            return self._show()
        if method != "POST":
            raise _RefusedError(404)
        body = await read_body(scope, receive, limit=_BODY_BYTES_MAX, too_large=_RefusedError(413))
        if path.startswith("/control/"):
            return self._obey(path, body)
        name = PATHS.get(path)
        if name is None:
            raise _RefusedError(404)
        self._told.asked[name] = self._told.asked.get(name, 0) + 1
        mode = await self._next_mode(name)
        if mode == "hangup":
            return None
        return _HALF if mode == "garbage" else self._carry_out(name, body)

    async def _next_mode(self, name: str) -> str:
        """What this call is to do wrong; the wait is over when it returns."""
        wrong = self._told.wrong.pop(name, None)
        if wrong is None:
            return "ok"
        if wrong.times > 1:
            self._told.wrong[name] = msgspec.structs.replace(wrong, times=wrong.times - 1)
        if wrong.mode == "late":
            await self._clock.sleep(wrong.delay_s)
        if wrong.mode in _STATUSES:
            raise _RefusedError(_STATUSES[wrong.mode])
        return wrong.mode

    def _carry_out(self, name: str, body: bytes) -> bytes:
        match name:
            case "verification":
                call = _parse(body, calls.VerificationCall)
                return _said(customers.say_of_transfer, call.asset_info, call.ivms101.beneficiary)
            case "account":
                asked = _parse(body, calls.AccountCall)
                asset = calls.AssetInfo(symbol=asked.symbol, network=asked.network)
                return _said(customers.say_of_account, asset, asked.ivms101.beneficiary)
            case "transaction":
                return self._say_status(_parse(body, calls.TransactionCall).verification_uuid)
            case _:
                return self._take(_parse(body, calls.CallbackCall))

    def _say_status(self, uuid: str) -> bytes:
        known = self._told.transactions.get(uuid)
        if known is None:
            return msgspec.json.encode({"transactionStatus": "PENDING", "txHash": None})
        return msgspec.json.encode({"transactionStatus": known.transaction_status, "txHash": known.tx_hash})

    def _take(self, callback: calls.CallbackCall) -> bytes:
        """The same thing told again changes nothing but the count of its deliveries."""
        key = (callback.callback_type, msgspec.json.encode(callback.data, order="sorted").decode())
        kept = self._told.callbacks.setdefault(
            key, {"callbackType": callback.callback_type, "data": callback.data, "deliveries": 0}
        )
        kept["deliveries"] += 1
        return b"{}"

    def _obey(self, path: str, body: bytes) -> bytes:
        match path:
            case "/control/transaction":
                told = _parse(body, calls.TransactionControl)
                self._told.transactions[told.verification_uuid] = told
            case "/control/misbehave":
                wrong = _parse(body, calls.Misbehaviour)
                self._told.wrong.pop(wrong.call, None)
                if wrong.mode != "ok":
                    self._told.wrong[wrong.call] = wrong
            case _:
                raise _RefusedError(404)
        return b"{}"

    def _show(self) -> bytes:
        return msgspec.json.encode({"callbacks": list(self._told.callbacks.values()), "asked": self._told.asked})


def _said(say: Callable[..., customers.Saying], asset: calls.AssetInfo, beneficiary: calls.Beneficiary) -> bytes:
    saying = say(
        symbol=asset.symbol,
        network=asset.network,
        account=calls.account_of(beneficiary),
        name=calls.name_of(beneficiary),
    )
    return msgspec.json.encode(
        {
            "result": saying.result,
            "reason": saying.reason,
            "message": saying.message,
            "ivms101": saying.ivms101,
        }
    )


def _parse(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(body, type=kind)
