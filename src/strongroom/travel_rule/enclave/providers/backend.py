"""The provider's own back end: it knows the customers, and decides (travel_rule.md 1.3). Only HTTP 200 is an answer."""

import ssl
from dataclasses import dataclass, field
from typing import Final, TypeVar, final
from urllib.parse import urlsplit

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.http import HttpClient, HttpFailure, HttpFailureError, Origin
from strongroom.travel_rule.enclave.domain import shapes

_BODY_BYTES_MAX: Final = 512 * 1024
_OK: Final = 200
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """Where the back end is.

    Args:
        url: ``http://host:port`` or ``https://host:port``.
        ca_file: what an https certificate must chain to; None: what the machine trusts.
        token: what it knows the enclave by.
        verification_s, others_s: limits of a whole call.
    """

    url: str
    ca_file: str | None
    token: str = field(repr=False)
    verification_path: str
    account_path: str
    transaction_path: str
    callback_path: str
    verification_s: float
    others_s: float


@final
class Backend:
    """The four calls. None of them is repeated here: who calls knows whether and when.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an address that is none.
    """

    def __init__(self, settings: BackendSettings) -> None:
        self._settings = settings
        self._client = HttpClient(_origin(settings), answer_bytes_max=_BODY_BYTES_MAX)
        self._headers = {"authorization": f"Bearer {settings.token}", "content-type": "application/json"}

    async def verify(self, question: shapes.BackendVerification) -> shapes.BackendResult:
        """May this customer receive this: name, address, KYC, AML, sanctions. The same uuid may be asked again.

        Raises:
            StrongroomError: ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED``.
        """
        path, limit_s = self._settings.verification_path, self._settings.verification_s
        return await self._ask(path, question, shapes.BackendResult, limit_s=limit_s)

    async def check_account(self, question: shapes.BackendAccount) -> shapes.BackendResult:
        """Is this the account of a customer; ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED``."""
        path, limit_s = self._settings.account_path, self._settings.others_s
        return await self._ask(path, question, shapes.BackendResult, limit_s=limit_s)

    async def ask_transaction(self, verification_uuid: str) -> shapes.BackendTransaction:
        """What became of the transaction of a verification; ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED``."""
        question = shapes.BackendInquiry(verification_uuid=verification_uuid)
        path, limit_s = self._settings.transaction_path, self._settings.others_s
        return await self._ask(path, question, shapes.BackendTransaction, limit_s=limit_s)

    async def deliver(self, callback: shapes.Callback) -> None:
        """Tell it what happened; ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED`` unless it took it with HTTP 200."""
        body = msgspec.json.encode(callback)
        await self._post(self._settings.callback_path, body, limit_s=self._settings.others_s)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def _ask(self, path: str, question: shapes.Shape, kind: type[S], *, limit_s: float) -> S:
        answer = await self._post(path, msgspec.json.encode(question), limit_s=limit_s)
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _unavailable("an answer that is not of the documented shape") from None

    async def _post(self, path: str, body: bytes, *, limit_s: float) -> bytes:
        try:
            answer = await self._client.call("POST", path, body=body, headers=self._headers, timeout_s=limit_s)
        except HttpFailureError as error:
            if error.failure is HttpFailure.LATE:
                raise StrongroomError(
                    Code.DEADLINE_EXCEEDED, f"The back end gave no answer in {limit_s:g} s."
                ) from None
            raise _unavailable(f"no answer: {error}") from None
        if answer.status != _OK:
            raise _unavailable(f"HTTP {answer.status}")
        return answer.body


def _origin(settings: BackendSettings) -> Origin:
    parts = urlsplit(settings.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise StrongroomError(Code.CONFIG_INVALID, "backend.url is http:// or https:// with a host and no path.")
    is_tls = parts.scheme == "https"
    return Origin(
        host=parts.hostname,
        port=parts.port or (443 if is_tls else 80),
        tls=ssl.create_default_context(cafile=settings.ca_file) if is_tls else None,
    )


def _unavailable(what: str) -> StrongroomError:
    return StrongroomError(Code.UNAVAILABLE, f"The back end gave {what}.")
