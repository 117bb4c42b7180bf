"""The client: posts TRP's messages over mutual TLS, and finds the version that both sides speak.

Where a message goes is said by others (a travel address, a callback), so only HTTPS is spoken, nothing is redirected,
and the caller says which hosts a counterparty has.
"""

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Self, TypeVar, final
from urllib.parse import urlsplit

import httpx
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import Entropy
from strongroom.travel_rule.trp.address import check_url
from strongroom.travel_rule.trp.headers import IDENTIFIER, VERSION, head_of
from strongroom.travel_rule.trp.messages import (
    MESSAGE_BYTES_MAX,
    Answer,
    Confirmation,
    Extensions,
    Identity,
    Resolution,
    VersionInfo,
    parse_answer,
    parse_discovery,
    write,
)
from strongroom.travel_rule.trp.versions import LATEST, next_to_try

T = TypeVar("T")
_REFUSED_VERSION: Final = frozenset((400, 406))
_SECONDS_DIGITS: Final = 12
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and the version that it was got with: what to begin with the next time."""

    answer: Answer
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparty:
    """Whom to speak with.

    Args:
        hosts: ``host`` or ``host:port``; addresses and callbacks that lead elsewhere are refused.
        version: of TRP to begin with.
    """

    hosts: frozenset[str]
    version: str = LATEST


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes
    version: str | None


@final
class TrpClient:
    """Asks other providers. Close it with ``close`` or ``async with``; for one event loop.

    Args:
        tls: shows our certificate and says which others are believed (``runtime.http.client_context``).
        entropy: for request identifiers.
        timeout_s: of one call.
    """

    def __init__(self, *, tls: ssl.SSLContext, entropy: Entropy, timeout_s: float = 10.0) -> None:
        self._entropy = entropy
        self._http = httpx.AsyncClient(verify=tls, timeout=timeout_s, follow_redirects=False, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def inquire(self, url: str, inquiry: bytes, *, of: Counterparty, identifier: str) -> Heard:
        """Post an inquiry of ``messages.write_inquiry``. The same identifier again is the same inquiry.

        Args:
            url: of ``address.read_address``.
            inquiry: the body.
            of: whose address it is.
            identifier: a UUID that the caller keeps, so that an inquiry sent again is known.

        Raises:
            StrongroomError: ``ADDRESS_INVALID`` for a URL of somebody else; ``COUNTERPARTY_UNAVAILABLE``, after which
                it may be sent again; ``COUNTERPARTY_REFUSED``; ``TRAVEL_RULE_MESSAGE_INVALID`` for an answer that is
                none or is to another request.
        """
        response, version = await self._post(url, inquiry, of=of, identifier=identifier)
        return Heard(_read(lambda: parse_answer(response.body)), version)

    async def resolve(self, url: str, resolution: Resolution, *, of: Counterparty) -> None:
        """Post the late answer to an inquiry's callback. Raises as ``inquire``."""
        await self._post(url, write(resolution), of=of, identifier=str(self._entropy.uuid4()))

    async def confirm(self, url: str, confirmation: Confirmation, *, of: Counterparty) -> None:
        """Post the transaction, or that there is none, to an approval's callback. Raises as ``inquire``."""
        await self._post(url, write(confirmation), of=of, identifier=str(self._entropy.uuid4()))

    async def identity(self, host: str, *, of: Counterparty) -> Identity:
        """GET /identity. Raises as ``inquire``."""
        body = await self._get(host, "/identity", of)
        return _read(lambda: parse_discovery(body, Identity))

    async def version(self, host: str, *, of: Counterparty) -> VersionInfo:
        """GET /version. Raises as ``inquire``."""
        body = await self._get(host, "/version", of)
        return _read(lambda: parse_discovery(body, VersionInfo))

    async def extensions(self, host: str, *, of: Counterparty) -> Extensions:
        """GET /extensions. Raises as ``inquire``."""
        body = await self._get(host, "/extensions", of)
        return _read(lambda: parse_discovery(body, Extensions))

    async def uptime_s(self, host: str, *, of: Counterparty) -> int:
        """GET /uptime. Raises as ``inquire``."""
        text = (await self._get(host, "/uptime", of)).strip()
        if not text.isdigit() or len(text) > _SECONDS_DIGITS:
            raise _no_answer()
        return int(text)

    def check_place(self, url: str, *, of: Counterparty) -> None:
        """Whether a message to the counterparty may be sent there: ``ADDRESS_INVALID`` if not."""
        _check_host(url, of.hosts)

    async def _post(self, url: str, body: bytes, *, of: Counterparty, identifier: str) -> tuple[_Response, str]:
        """The answer, and the version it was got with: an older one is tried where the newer is refused."""
        _check_host(url, of.hosts)
        version = of.version
        while True:
            response = await self._call("POST", url, body=body, version=version, identifier=identifier)
            if response.status in {200, 204}:
                return response, version
            # Who echoes the version speaks it: then something else is refused.
            is_version = response.status in _REFUSED_VERSION and response.version != version
            older = next_to_try(version, response.version) if is_version else None
            if older is None:
                raise _refused(response.status)
            _log.info("trp_older_version", refused=version, tried=older)
            version = older

    async def _get(self, host: str, path: str, of: Counterparty) -> bytes:
        url = f"https://{host}{path}"
        _check_host(url, of.hosts)
        response = await self._call("GET", url, version=of.version, identifier=str(self._entropy.uuid4()))
        if response.status != 200:
            raise _refused(response.status)
        return response.body

    async def _call(self, method: str, url: str, *, body: bytes = b"", version: str, identifier: str) -> _Response:
        headers = {**head_of(version=version, identifier=identifier), "accept-encoding": "identity"}
        try:
            async with self._http.stream(method, url, content=body or None, headers=headers) as response:
                parts: list[bytes] = []
                async for part in response.aiter_raw():
                    parts.append(part)
                    if sum(map(len, parts)) > MESSAGE_BYTES_MAX:
                        raise _no_answer()
        except httpx.HTTPError as error:
            why = f"The counterparty does not answer ({type(error).__name__})."
            raise StrongroomError(Code.COUNTERPARTY_UNAVAILABLE, why) from None
        echo = response.headers.get(IDENTIFIER)
        if echo is not None and echo.lower() != identifier.lower():
            raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The answer is to another request.")
        return _Response(response.status_code, b"".join(parts), response.headers.get(VERSION))


def _check_host(url: str, hosts: Collection[str]) -> None:
    if urlsplit(check_url(url)).netloc.lower() not in hosts:
        raise StrongroomError(Code.ADDRESS_INVALID, "The address leads to a host that is not the counterparty's.")


def _read(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except StrongroomError:
        raise _no_answer() from None


def _refused(status: int) -> StrongroomError:
    if status >= 500 and status != 501:
        return StrongroomError(Code.COUNTERPARTY_UNAVAILABLE, f"The counterparty answers {status}.")
    return StrongroomError(Code.COUNTERPARTY_REFUSED, f"The counterparty answers {status}.")


def _no_answer() -> StrongroomError:
    return StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "What came is no answer of TRP.")
