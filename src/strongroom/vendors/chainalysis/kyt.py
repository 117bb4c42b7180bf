"""Chainalysis KYT v2 (travel_rule.md 8.1): register a transfer or a withdrawal attempt, poll it, read its alerts.

Both kinds are registered, assessed and read alike, so a ``Kind`` says which. Amounts are decimals, never floats.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Final, Literal, Self, final
from urllib.parse import quote

import msgspec

from strongroom.runtime.clock import Clock
from strongroom.vendors.http import VendorHttp

BASE_URL: Final = "https://api.chainalysis.com/api/kyt"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DIGITS_MAX: Final = 80


class Kind(Enum):
    """What is assessed; the value is its name in a path."""

    TRANSFER = "transfers"
    WITHDRAWAL_ATTEMPT = "withdrawal-attempts"


class Transfer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A transfer that is on its chain; ``transfer_reference`` is ``<transaction hash>:<output address>``."""

    network: str
    asset: str
    transfer_reference: str
    direction: Literal["sent", "received"]
    transfer_timestamp: str | None = None
    asset_amount: Decimal | None = None
    output_address: str | None = None

    @property
    def reference(self) -> str:
        """What the answer names it by."""
        return self.transfer_reference


class WithdrawalAttempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A transfer that is to be made; ``attempt_identifier`` is the caller's own, the same for the same attempt."""

    network: str
    asset: str
    address: str
    attempt_identifier: str
    asset_amount: Decimal
    attempt_timestamp: str

    @property
    def reference(self) -> str:
        """What the answer names it by."""
        return self.attempt_identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What is known of a registered transfer or attempt; only ``is_assessed`` makes its alerts complete."""

    external_id: str
    is_assessed: bool
    usd_amount: Decimal | None


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert; ``external_id`` is the alert's own, ``alert_amount`` is in US dollars."""

    alert_level: Literal["LOW", "MEDIUM", "HIGH", "SEVERE"]
    external_id: str
    alert_amount: Decimal
    exposure_type: Literal["DIRECT", "INDIRECT"]
    service: str | None = None
    category: str | None = None
    category_id: int | None = None


class _Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    updated_at: str | None
    external_id: str
    transfer_reference: str = ""
    attempt_identifier: str = ""
    usd_amount: Decimal | None = None


class _Alerts(msgspec.Struct, frozen=True):
    alerts: tuple[Alert, ...]


@final
class KytClient:
    """Registers, polls and reads, as one organisation.

    Args:
        token: sent as ``Token``.
        clock: time.
        base_url: the company's own unless a stand-in answers.
        timeout_s: for one whole call.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an impossible URL.
    """

    def __init__(self, *, token: str, clock: Clock, base_url: str = BASE_URL, timeout_s: float = 10.0) -> None:
        self._http = VendorHttp("Chainalysis KYT", base_url, clock=clock, timeout_s=timeout_s)
        self._headers = {"Token": token, "Accept": "application/json"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def register(self, user_id: str, subject: Transfer | WithdrawalAttempt) -> Registered:
        """Register for assessment; the same reference of the same user again is the same registration.

        Args:
            user_id: the caller's pseudonym of its customer; nothing that identifies a person.
            subject: what to assess.

        Raises:
            VendorError: for everything but a whole answer about this very subject.
        """
        kind = Kind.TRANSFER if isinstance(subject, Transfer) else Kind.WITHDRAWAL_ATTEMPT
        call = f"register {kind.value}"
        answer = await self._http.ask(
            "POST",
            f"/v2/users/{quote(user_id, safe='')}/{kind.value}",
            call=call,
            answer=_Answer,
            headers=self._headers | {"Content-Type": "application/json"},
            content=_ENCODER.encode(subject),
        )
        named = answer.transfer_reference if kind is Kind.TRANSFER else answer.attempt_identifier
        if named != subject.reference or not answer.external_id:
            raise self._http.changed(call, "is about another one")
        return self._registered(answer, call)

    async def get(self, kind: Kind, external_id: str) -> Registered:
        """How far the assessment is.

        Raises:
            VendorError: for everything but a whole answer about this very id.
        """
        call = f"get {kind.value}"
        answer = await self._http.ask(
            "GET", f"/v2/{kind.value}/{quote(external_id, safe='')}", call=call, answer=_Answer, headers=self._headers
        )
        if answer.external_id != external_id:
            raise self._http.changed(call, "is about another one")
        return self._registered(answer, call)

    async def list_alerts(self, kind: Kind, external_id: str) -> tuple[Alert, ...]:
        """The alerts of what is assessed.

        Raises:
            VendorError: for everything but a whole answer.
        """
        call = f"alerts of {kind.value}"
        path = f"/v2/{kind.value}/{quote(external_id, safe='')}/alerts"
        answer = await self._http.ask("GET", path, call=call, answer=_Alerts, headers=self._headers)
        for alert in answer.alerts:
            self._check_amount(alert.alert_amount, call)
        return answer.alerts

    def _registered(self, answer: _Answer, call: str) -> Registered:
        self._check_amount(answer.usd_amount, call)
        return Registered(
            external_id=answer.external_id, is_assessed=bool(answer.updated_at), usd_amount=answer.usd_amount
        )

    def _check_amount(self, amount: Decimal | None, call: str) -> None:
        """Refuse what is no number, or one that takes a page to write down."""
        if amount is not None and not (
            amount.is_finite() and len(f"{amount:e}") + abs(amount.adjusted()) < _DIGITS_MAX
        ):
            raise self._http.changed(call, "has an amount that is none")


def format_timestamp(at: datetime) -> str:
    """A moment as KYT writes it: UTC with microseconds and without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
