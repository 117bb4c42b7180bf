"""The provider's own back end: it knows the customers, and decides (travel_rule.md 1.3). Only HTTP 200 is an answer."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, TypeVar, final

import httpx
import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes

_BODY_BYTES_MAX: Final = 512 * 1024
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """Where the back end is. ``token`` is what it knows the enclave by; times are those of the whole call."""

    base_url: str
    token: str = field(repr=False)
    verification_path: str
    account_path: str
    transaction_path: str
    callback_path: str
    verification_s: float
    others_s: float
    connections: int


@final
class Backend:
    """The four calls. None of them is repeated here: who calls knows whether and when."""

    def __init__(self, settings: BackendSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(
            base_url=settings.base_url,
            headers={"authorization": f"Bearer {settings.token}", "content-type": "application/json"},
            limits=httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections),
            timeout=settings.others_s,
            trust_env=False,
            follow_redirects=False,
        )

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
        await self._client.aclose()

    async def _ask(self, path: str, question: shapes.Shape, kind: type[S], *, limit_s: float) -> S:
        answer = await self._post(path, msgspec.json.encode(question), limit_s=limit_s)
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _unavailable("an answer that is not of the documented shape") from None

    async def _post(self, path: str, body: bytes, *, limit_s: float) -> bytes:
        try:
            async with asyncio.timeout(limit_s):
                return await self._receive(path, body)
        except (TimeoutError, httpx.TimeoutException):
            raise StrongroomError(Code.DEADLINE_EXCEEDED, f"The back end did not answer in {limit_s:g} s.") from None
        except httpx.HTTPError as error:
            raise _unavailable(type(error).__name__) from None  # its text may quote the address

    async def _receive(self, path: str, body: bytes) -> bytes:
        async with self._client.stream("POST", path, content=body) as response:
            if response.status_code != 200:
                raise _unavailable(f"HTTP {response.status_code}")
            parts = bytearray()
            async for part in response.aiter_bytes():
                parts += part
                if len(parts) > _BODY_BYTES_MAX:
                    raise _unavailable("an answer that is too long")
            return bytes(parts)


def _unavailable(what: str) -> StrongroomError:
    return StrongroomError(Code.UNAVAILABLE, f"The back end gave {what}.")
