"""World-Check One (travel_rule.md 8.3): save a case, have it screened, learn that it was, read the results.

Screening is asynchronous, and the results of a case that is not screened yet are an empty list, like those of one that
matches nobody. So the results are worth reading only once the case's audit events say ``SCREENED_CASE``, as the
company's own steps for asynchronous screening have it.
"""

from enum import Enum
from typing import Final, Literal, Self, final
from urllib.parse import quote

import msgspec

from strongroom.runtime.clock import Clock
from strongroom.vendors.http import A, VendorHttp
from strongroom.vendors.refinitiv.signing import signed_headers

BASE_URL: Final = "https://api-worldcheck.refinitiv.com/v2"
_SCREENED: Final = "SCREENED_CASE"
_SCREENED_QUERY: Final = b'{"query":"actionType==SCREENED_CASE"}'


class EntityType(Enum):
    """What a case is about."""

    INDIVIDUAL = "INDIVIDUAL"
    ORGANISATION = "ORGANISATION"


class SecondaryField(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What narrows a name down: ``SFCT_1`` gender, ``SFCT_2`` birth date, ``SFCT_3`` to ``SFCT_5`` countries.

    ``value`` is a word or an ISO 3166 alpha-3 code, ``date_time_value`` a date ``YYYY-MM-DD``; one of them is given.
    """

    type_id: Literal["SFCT_1", "SFCT_2", "SFCT_3", "SFCT_4", "SFCT_5"]
    value: str | None = None
    date_time_value: str | None = None


class NewCase(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whom to screen; ``case_id`` is the caller's own and unique."""

    group_id: str
    entity_type: EntityType
    case_id: str
    name: str
    provider_types: tuple[Literal["WATCHLIST"], ...] = ("WATCHLIST",)
    secondary_fields: tuple[SecondaryField, ...] = ()
    custom_fields: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One record that a case matches."""

    result_id: str
    reference_id: str
    match_strength: Literal["WEAK", "MEDIUM", "STRONG", "EXACT"]
    categories: tuple[str, ...]
    sources: tuple[str, ...] = ()


class _Case(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    case_system_id: str
    case_id: str


class _Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    action_type: str


class _Events(msgspec.Struct, frozen=True):
    results: tuple[_Event, ...]


@final
class WorldCheckClient:
    """Screens as one API user; every request is signed anew.

    Args:
        key: names the API user.
        secret: signs.
        clock: time; the company refuses a Date that is off.
        base_url: one of the company's hosts with the version, unless a stand-in answers.
        timeout_s: for one whole call.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an impossible URL.
    """

    def __init__(
        self, *, key: str, secret: str, clock: Clock, base_url: str = BASE_URL, timeout_s: float = 10.0
    ) -> None:
        self._http = VendorHttp("World-Check One", base_url, clock=clock, timeout_s=timeout_s)
        self._key, self._secret, self._clock = key, secret, clock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def create_case(self, case: NewCase) -> str:
        """Save a case, without having it screened; answers its ``caseSystemId``.

        Raises:
            VendorError: for everything but a whole answer about this very case.
        """
        answer = await self._ask("POST", "/cases", call="save case", answer=_Case, body=msgspec.json.encode(case))
        if answer.case_id != case.case_id or not answer.case_system_id:
            raise self._http.changed("save case", "is about another one")
        return answer.case_system_id

    async def request_screening(self, case_system_id: str) -> None:
        """Have a case screened, asynchronously; asked twice it is screened twice.

        Raises:
            VendorError: for everything but a 2xx.
        """
        path = f"{_below(case_system_id)}/screeningRequest"
        await self._http.tell("POST", path, call="screen case", headers=self._signed("POST", path, body=None))

    async def is_screened(self, case_system_id: str) -> bool:
        """Whether a screening of the case has ended.

        Raises:
            VendorError: for everything but a whole answer.
        """
        path = f"{_below(case_system_id)}/auditEvents"
        events = await self._ask("POST", path, call="audit events", answer=_Events, body=_SCREENED_QUERY)
        return any(event.action_type == _SCREENED for event in events.results)

    async def list_results(self, case_system_id: str) -> tuple[Result, ...]:
        """Whom the case matches; means something only once ``is_screened``.

        Raises:
            VendorError: for everything but a whole answer.
        """
        path = f"{_below(case_system_id)}/results"
        return await self._ask("GET", path, call="results", answer=tuple[Result, ...], body=None)

    async def _ask(self, method: str, path: str, *, call: str, answer: type[A], body: bytes | None) -> A:
        headers = self._signed(method, path, body=body)
        return await self._http.ask(method, path, call=call, answer=answer, headers=headers, content=body)

    def _signed(self, method: str, path: str, *, body: bytes | None) -> dict[str, str]:
        return signed_headers(
            method=method,
            target=self._http.target(path),
            host=self._http.host,
            now=self._clock.now(),
            key=self._key,
            secret=self._secret,
            body=body,
        )


def _below(case_system_id: str) -> str:
    return f"/cases/{quote(case_system_id, safe='')}"
