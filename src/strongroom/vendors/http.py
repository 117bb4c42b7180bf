"""One HTTP call to an outside company: a time limit over all of it, typed answers, and every failure told apart."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Self, TypeVar, final

import httpx
import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.vendors.faults import Fault, VendorError

LONGEST_WAIT_S: Final = 3600
_ANSWER_LIMIT_BYTES: Final = 8 << 20
_CONNECTIONS: Final = 32
# the edge in front of a company answers 403 with HTML of its own, so only the status is read
_FAULTS: Final = {
    401: Fault.CREDENTIALS,
    403: Fault.CREDENTIALS,
    408: Fault.UNAVAILABLE,
    425: Fault.UNAVAILABLE,
    429: Fault.RATE_LIMITED,
}
_FAULT_CLASSES: Final = {4: Fault.REFUSED, 5: Fault.UNAVAILABLE}
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """One whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes


@final
class VendorHttp:
    """The kept connections to one company; close it with ``close`` or ``async with``.

    Redirects are not followed (they would carry the key elsewhere) and the environment's proxies not used.

    Args:
        company: named in errors.
        base_url: with the path that every call begins with.
        clock: for a Retry-After that is a date.
        timeout_s: for one whole call, connecting and the last byte included.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an impossible URL.
    """

    def __init__(self, company: str, base_url: str, *, clock: Clock, timeout_s: float) -> None:
        try:
            self._base = httpx.URL(base_url)
        except httpx.InvalidURL:
            raise StrongroomError(Code.CONFIG_INVALID, f"The address of {company} is no URL.") from None
        if self._base.scheme not in {"http", "https"} or not self._base.host:
            raise StrongroomError(Code.CONFIG_INVALID, f"The address of {company} is no http or https URL.")
        self._company, self._clock, self._timeout_s = company, clock, timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            trust_env=False,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    @property
    def host(self) -> str:
        """The value of the Host header: the name, and the port unless it is the scheme's own."""
        return self._base.netloc.decode()

    def target(self, path: str) -> str:
        """The request target of a path below the base, as it is sent; the path is percent-encoded already."""
        return self._base.path.rstrip("/") + path

    async def ask(
        self,
        method: str,
        path: str,
        *,
        call: str,
        answer: type[A],
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> A:
        """Make a call and read its answer.

        Args:
            method: in capitals.
            path: below the base, percent-encoded.
            call: what it does, for errors.
            answer: the shape of the answer; keys that it does not name are ignored.
            headers: the key among them.
            content: a JSON body; None for none.

        Raises:
            VendorError: for everything but a 2xx with an answer of that shape.
        """
        received = await self._send(method, path, call=call, headers=headers, content=content)
        self._check_status(received, call)
        return self._decode(received, call, answer)

    async def tell(self, method: str, path: str, *, call: str, headers: Mapping[str, str]) -> None:
        """Make a call without a body whose answer says nothing but that it was taken.

        Raises:
            VendorError: for everything but a 2xx that is JSON or nothing: a page of an edge says 200 too.
        """
        received = await self._send(method, path, call=call, headers=headers, content=None)
        self._check_status(received, call)
        if received.body:
            self._decode(received, call, msgspec.Raw)

    def changed(self, call: str, what: str) -> VendorError:
        """An answer that cannot be used; ``what`` completes the sentence."""
        return VendorError(Fault.CHANGED, f"{self._company}: the answer to {call} {what}.")

    async def _send(
        self, method: str, path: str, *, call: str, headers: Mapping[str, str], content: bytes | None
    ) -> _Received:
        url = self._base.copy_with(raw_path=self.target(path).encode())
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream(method, url, headers=headers, content=content) as response,
            ):
                body = await self._read(response, call)
                return _Received(status=response.status_code, headers=response.headers, body=body)
        except TimeoutError:
            raise self._unavailable(call, f"no answer in {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise self._unavailable(call, type(error).__name__) from None

    async def _read(self, response: httpx.Response, call: str) -> bytes:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _ANSWER_LIMIT_BYTES:
                raise self.changed(call, "is too large")
        return bytes(body)

    def _decode(self, received: _Received, call: str, answer: type[A]) -> A:
        try:
            return msgspec.json.decode(received.body, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self.changed(call, "is not of the documented shape") from None

    def _check_status(self, received: _Received, call: str) -> None:
        status = received.status
        if 200 <= status < 300:
            return
        fault = _FAULTS.get(status) or _FAULT_CLASSES.get(status // 100, Fault.CHANGED)
        detail = f"{self._company}: {call} was answered with HTTP {status}."
        wait_s = self._wait_s(received.headers.get("retry-after", "")) if status in {429, 503} else None
        raise VendorError(fault, detail, retry_after_s=wait_s)

    def _unavailable(self, call: str, why: str) -> VendorError:
        return VendorError(Fault.UNAVAILABLE, f"{self._company}: {call} failed, {why}.")

    def _wait_s(self, text: str) -> int | None:
        """Retry-After in seconds (RFC 9110 10.2.3: a number or a date), never negative, and bounded."""
        text = text.strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return min(int(text), LONGEST_WAIT_S)
        try:
            until = parsedate_to_datetime(text)
            seconds = math.ceil((until - self._clock.now()).total_seconds())
        except (TypeError, ValueError):
            return None  # no date, or one without a time zone
        return min(max(seconds, 0), LONGEST_WAIT_S)
