"""Asking a callback handler: one POST of a bare JWT, one bare JWT back, within the time limit (custody_api.md 5)."""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.http import HttpClient, HttpFailureError, Origin
from strongroom.vendors.callback_handler.tokens import TOKEN_BYTES_MAX, open_token, write_token
from strongroom.vendors.faults import Fault, VendorError

PATH: Final = "/v2/tx_sign_request"
"""What a co-signer appends to the handler's URL."""
# not JSON: frameworks would parse the body, and a bare JWT is none
_HEADERS: Final = {"content-type": "text/plain; charset=utf-8", "accept": "*/*"}
_CONNECTIONS: Final = 32


class Action(StrEnum):
    """What a handler says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    RETRY = "RETRY"
    IGNORE = "IGNORE"


class _Claims(msgspec.Struct, frozen=True, rename="camel"):
    """Of an answer; other claims, such as ``iat`` and ``rejectionReason``, mean nothing here."""

    action: Action
    request_id: str


@dataclass(frozen=True, slots=True)
class HandlerAnswer:
    """What the handler says, and its signed word for it."""

    action: Action
    token: bytes


@final
class CallbackClient:
    """Calls to one handler. For one event loop.

    Args:
        origin: where it is.
        path: its base path, without ``PATH``.
        key: signs what is asked.
        handler_key: signs what it answers.
        timeout_s: for one whole call, waiting for a free connection included.
    """

    def __init__(
        self, origin: Origin, *, path: str, key: RSAPrivateKey, handler_key: RSAPublicKey, timeout_s: float
    ) -> None:
        self._http = HttpClient(origin, connections=_CONNECTIONS, answer_bytes_max=TOKEN_BYTES_MAX)
        self._path = path.rstrip("/") + PATH
        self._key, self._handler_key, self._timeout_s = key, handler_key, timeout_s

    async def ask(self, claims: bytes, *, request_id: str) -> HandlerAnswer:
        """What the handler says to a question.

        Args:
            claims: the question, JSON with this ``requestId``.
            request_id: which the answer must repeat.

        Raises:
            VendorError: no answer: none in time, another status than 200, or not this handler's to this question.
        """
        token = write_token(claims, self._key).encode()
        try:
            answer = await self._http.call("POST", self._path, body=token, headers=_HEADERS, timeout_s=self._timeout_s)
        except HttpFailureError as error:
            raise VendorError(Fault.UNAVAILABLE, f"callback handler: {error}.") from None
        if answer.status != 200:
            raise VendorError(Fault.REFUSED, f"callback handler: HTTP {answer.status}.")
        return self._read(answer.body, request_id)

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    def _read(self, body: bytes, request_id: str) -> HandlerAnswer:
        try:
            claims = msgspec.json.decode(open_token(body, self._handler_key), type=_Claims)
        except StrongroomError as error:
            raise VendorError(Fault.CREDENTIALS, f"callback handler: {error.code.name}. {error.detail}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise VendorError(Fault.CHANGED, "callback handler: no action and requestId as documented.") from None
        if not hmac.compare_digest(claims.request_id.encode(), request_id.encode()):
            raise VendorError(Fault.CHANGED, "callback handler: it answers another question.")
        return HandlerAnswer(claims.action, body.strip())
