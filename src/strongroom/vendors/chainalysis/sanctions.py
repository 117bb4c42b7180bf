"""Chainalysis' free sanctions API (travel_rule.md 8.2): which identifications an address has."""

from typing import Final, Self, final
from urllib.parse import quote

import msgspec

from strongroom.runtime.clock import Clock
from strongroom.vendors.http import VendorHttp

BASE_URL: Final = "https://public.chainalysis.com/api/v1"


class Identification(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why an address is listed; ``category`` is ``sanctions`` in every answer that is documented."""

    category: str
    name: str | None
    description: str | None
    url: str | None


class _Answer(msgspec.Struct, frozen=True):
    identifications: tuple[Identification, ...]


@final
class SanctionsClient:
    """Asks about one address a call.

    Args:
        api_key: sent as ``X-API-Key``.
        clock: time.
        base_url: the company's own unless a stand-in answers.
        timeout_s: for one whole call.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an impossible URL.
    """

    def __init__(self, *, api_key: str, clock: Clock, base_url: str = BASE_URL, timeout_s: float = 5.0) -> None:
        self._http = VendorHttp("Chainalysis sanctions", base_url, clock=clock, timeout_s=timeout_s)
        self._headers = {"X-API-Key": api_key, "Accept": "application/json"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def list_identifications(self, address: str) -> tuple[Identification, ...]:
        """Why the address is listed; empty when it is not.

        Raises:
            VendorError: for everything but a whole answer.
        """
        path = f"/address/{quote(address, safe='')}"
        answer = await self._http.ask("GET", path, call="address", answer=_Answer, headers=self._headers)
        return answer.identifications
