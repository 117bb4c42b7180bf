"""Every call of the enclave to the hub: who is in the network, and messages to them."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, final
from urllib.parse import urlsplit

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError, parse_code
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.http import HttpAnswer, HttpClient, HttpFailureError, Origin, TlsSource
from strongroom.runtime.pki import tls_host_name
from strongroom.travel_rule.messages import HUB_SERVICE, MESSAGE_BYTES_MAX, VaspRecord, verify_record

_DIRECTORY_BYTES_MAX: Final = 32 << 20
_PAUSE_S: Final = 1.0
"""A provider that is not in the directory makes it be read again, but not more often than this."""
_WAIT_S: Final = 1
_WAIT_MAX_S: Final = 60
"""Of a wait that the hub asks for without saying how long, and the longest that is believed: it is unsigned."""
_LIMITED: Final = 429
_FROM_HUB: Final = frozenset(
    {
        Code.VASP_UNKNOWN,
        Code.COUNTERPARTY_UNAVAILABLE,
        Code.COUNTERPARTY_REFUSED,
        Code.TRAVEL_RULE_MESSAGE_INVALID,
        Code.FORBIDDEN,
    }
)
_log = structlog.stdlib.get_logger(__name__)


class Health(StrEnum):
    """Whether the hub reaches a provider's enclave."""

    UP = "UP"
    DOWN = "DOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaspEntry:
    """A provider of the network: what the authority signed, and what the hub adds; only the record can be relied on."""

    record: VaspRecord
    health: Health
    created_at: datetime
    updated_at: datetime


class _Listed(msgspec.Struct, frozen=True, rename="camel"):
    record: str
    health: Health
    created_at: datetime
    updated_at: datetime


class _Directory(msgspec.Struct, frozen=True):
    vasps: list[_Listed]


class _Refusal(msgspec.Struct, frozen=True):
    code: str
    message: str = ""


_directories: Final = msgspec.json.Decoder(_Directory)
_refusals: Final = msgspec.json.Decoder(_Refusal)


def hub_origin(url: str, *, tls: TlsSource | None, environment: Environment) -> Origin:
    """Where the hub is, and whose certificate it must show.

    Args:
        url: ``https://host:port``; ``http://host:port`` only without ``tls``, which is for tests on one machine.
        tls: shows this enclave's certificate.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    parts = urlsplit(url)
    if parts.scheme != ("https" if tls else "http") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise StrongroomError(Code.CONFIG_INVALID, "The hub's URL reads https://host:port, with TLS files beside it.")
    port = parts.port or (443 if tls else 80)
    name = tls_host_name(environment, HUB_SERVICE) if tls else None
    return Origin(host=parts.hostname, port=port, tls=tls, server_name=name)


@final
class Hub:
    """The hub, as one enclave sees it.

    Args:
        origin: of ``hub_origin``.
        authority_key: the network authority's Ed25519 public key: records that it did not sign are dropped.
        clock: for the age of records and of the directory.
        directory_s: how long a directory that was read is used.
        timeout_s: of one exchange; longer than the hub's own limit for the counterparty, so that the hub can say
            that it was the counterparty who did not answer.
    """

    def __init__(
        self, origin: Origin, *, authority_key: bytes, clock: Clock, directory_s: float = 60.0, timeout_s: float = 8.0
    ) -> None:
        self._client = HttpClient(origin, answer_bytes_max=_DIRECTORY_BYTES_MAX)
        self._authority_key = authority_key
        self._clock = clock
        self._directory_s, self._timeout_s = directory_s, timeout_s
        self._records: dict[str, VaspRecord] = {}
        self._read_at_s = self._tried_at_s = self._paused_until_s = float("-inf")
        self._reading = asyncio.Lock()

    def paused_s(self) -> float:
        """How long the hub will not be asked, as it said that this enclave sends too much; 0 when it may be."""
        return max(0.0, self._paused_until_s - self._clock.monotonic_s())

    async def vasps(self) -> tuple[VaspEntry, ...]:
        """Everybody in the network whose record the authority signed and has not expired, ourselves included.

        A record older than one that was seen before is dropped likewise: the hub cannot bring back a revoked key.

        Raises:
            StrongroomError: ``HUB_UNAVAILABLE``, ``RATE_LIMITED``; ``FORBIDDEN`` when the hub does not know us.
        """
        answer = await self._call("GET", "/v1/vasps", b"")
        try:
            listed = _directories.decode(answer.body).vasps
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise StrongroomError(Code.HUB_UNAVAILABLE, "The hub's directory is not one.") from None
        entries = tuple(entry for one in listed if (entry := self._believed(one)) is not None)
        self._records.update({entry.record.vasp_id: entry.record for entry in entries})
        self._read_at_s = self._tried_at_s = self._clock.monotonic_s()
        return entries

    async def record(self, vasp_id: str) -> VaspRecord:
        """The record of one provider; from the directory that was read last, while that is young enough.

        While the hub is down, a record that has not expired goes on being used: the authority vouches for it.

        Raises:
            StrongroomError: ``VASP_UNKNOWN``, ``HUB_UNAVAILABLE``, ``RATE_LIMITED``, ``FORBIDDEN``.
        """
        if self._is_due(vasp_id):
            async with self._reading:
                if self._is_due(vasp_id):  # nobody else has read it while we waited
                    await self._read_again(vasp_id)
        record = self._valid(vasp_id)
        if record is None:
            raise StrongroomError(Code.VASP_UNKNOWN)
        return record

    async def exchange(self, to_vasp: str, message: bytes) -> bytes:
        """Have a message carried to a provider's enclave; gives that enclave's answer, sealed as it came.

        Raises:
            StrongroomError: ``HUB_UNAVAILABLE`` when the hub does not answer, ``COUNTERPARTY_UNAVAILABLE`` when it
                answers that the counterparty does not: after both the message may have been taken.
                ``RATE_LIMITED`` when it was not taken and may be sent after ``paused_s``.
                ``COUNTERPARTY_REFUSED`` when the counterparty's door did not let it in, ``VASP_UNKNOWN``,
                ``FORBIDDEN`` (the hub takes us for another), ``TRAVEL_RULE_MESSAGE_INVALID``.
        """
        answer = await self._call("POST", f"/v1/messages/{to_vasp}", message)
        if len(answer.body) > MESSAGE_BYTES_MAX:
            raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The answer is too long for a message.")
        return answer.body

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def _call(self, method: str, path: str, body: bytes) -> HttpAnswer:
        if self.paused_s() > 0:
            raise StrongroomError(Code.RATE_LIMITED, "The hub takes no more of this enclave for a while.")
        try:
            answer = await self._client.call(
                method,
                path,
                body=body,
                headers={"content-type": "application/octet-stream"} if body else {},
                timeout_s=self._timeout_s,
            )
        except HttpFailureError as failure:
            raise StrongroomError(Code.HUB_UNAVAILABLE, f"The hub does not answer: {failure}.") from None
        if answer.status == _LIMITED:
            raise self._pause(answer)
        if answer.status != 200:
            raise _refused(answer)
        return answer

    def _pause(self, answer: HttpAnswer) -> StrongroomError:
        """Leave the hub alone for as long as it says."""
        wait_s = min(max(answer.retry_after_s or 0, _WAIT_S), _WAIT_MAX_S)
        self._paused_until_s = max(self._paused_until_s, self._clock.monotonic_s() + wait_s)
        _log.warning("hub_limits_us", wait_s=wait_s)
        return StrongroomError(Code.RATE_LIMITED, "The hub takes no more of this enclave for a while.")

    def _is_due(self, vasp_id: str) -> bool:
        now_s = self._clock.monotonic_s()
        if now_s - self._tried_at_s <= _PAUSE_S:
            return False
        return self._valid(vasp_id) is None or now_s - self._read_at_s > self._directory_s

    async def _read_again(self, vasp_id: str) -> None:
        try:
            await self.vasps()
        except StrongroomError as error:
            if self._valid(vasp_id) is None:
                raise
            self._tried_at_s = self._clock.monotonic_s()
            _log.warning("directory_not_read", code=error.code.name)

    def _valid(self, vasp_id: str) -> VaspRecord | None:
        record = self._records.get(vasp_id)
        return record if record is not None and self._clock.now() < record.expires_at else None

    def _believed(self, one: _Listed) -> VaspEntry | None:
        try:
            data = base64.b64decode(one.record, validate=True)
            record = verify_record(data, authority_key=self._authority_key, now=self._clock.now())
        except (ValueError, StrongroomError) as error:
            _log.warning("vasp_record_dropped", why=str(error))
            return None
        known = self._records.get(record.vasp_id)
        if known is not None and record.serial < known.serial:
            _log.warning("vasp_record_dropped", vasp_id=record.vasp_id, why="older than one seen before")
            return None
        return VaspEntry(record=record, health=one.health, created_at=one.created_at, updated_at=one.updated_at)


def _refused(answer: HttpAnswer) -> StrongroomError:
    """What the hub said, where it is one of the things that it may say; anything else is a hub that is not well."""
    try:
        refusal = _refusals.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return StrongroomError(Code.HUB_UNAVAILABLE, f"The hub answers {answer.status}.")
    code = parse_code(refusal.code)
    if code not in _FROM_HUB:
        return StrongroomError(Code.HUB_UNAVAILABLE, f"The hub answers {answer.status} {code.name}.")
    return StrongroomError(code, refusal.message[:256])
