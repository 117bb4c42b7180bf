"""A co-signer's own limits: per transaction and over a rolling day, per asset, in base units (trust.md 5)."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from strongroom.kernel.errors import Code, StrongroomError

DAY_S = 24 * 3600
CLOSINGS_PER_HOUR = 1000
"""Entries, of about a kilobyte each with their index: some 25 MB a day at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLimit:
    """At most this much in one transaction, and in any 24 hours. Base units."""

    per_transaction_units: int
    rolling_24h_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the operator of a co-signer allows.

    Args:
        assets: limits by asset id; an asset that is not listed is refused.
        max_fee_units: in the chain's native coin.
        closings_per_hour: how many requests that were never consented to here may be closed in an hour on a platform's
            or a peer's word, for they can name as many as they like.
    """

    assets: Mapping[str, AssetLimit]
    max_fee_units: int | None = None
    closings_per_hour: int = CLOSINGS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One consented amount. ``at`` in Unix seconds."""

    tenant: str
    request_hash: bytes
    asset_id: str
    amount_units: int
    at: int


@final
class SpendingWindow:
    """What was consented to in the last 24 hours, summed as it goes. One request counts once, a dead one not at all."""

    def __init__(self) -> None:
        self._order: deque[Spending] = deque()
        self._counted: dict[bytes, Spending] = {}
        self._sums: dict[tuple[str, str], int] = {}

    def add(self, spending: Spending) -> None:
        """Count it; a request that is counted already moves to the later moment."""
        self.remove(spending.request_hash)
        self._order.append(spending)
        self._counted[spending.request_hash] = spending
        place = (spending.tenant, spending.asset_id)
        self._sums[place] = self._sums.get(place, 0) + spending.amount_units

    def remove(self, request_hash: bytes) -> None:
        """Count it no longer."""
        spending = self._counted.pop(request_hash, None)
        if spending is not None:
            self._sums[spending.tenant, spending.asset_id] -= spending.amount_units

    def sums(self) -> dict[tuple[str, str], int]:
        """Base units by (tenant, asset id)."""
        return {place: total for place, total in self._sums.items() if total}

    def total(self, *, tenant: str, asset_id: str, now: int, without: bytes) -> int:
        """Base units of the last 24 hours, leaving out one request."""
        while self._order and self._order[0].at <= now - DAY_S:
            oldest = self._order.popleft()
            if self._counted.get(oldest.request_hash) is oldest:
                self.remove(oldest.request_hash)
        own = self._counted.get(without)
        counted = own.amount_units if own and (own.tenant, own.asset_id) == (tenant, asset_id) else 0
        return self._sums.get((tenant, asset_id), 0) - counted


def check_limits(*, limits: Limits, asset_id: str, amount_units: int, fee_units: int, spent_units: int) -> None:
    """Check one transaction against the limits.

    Args:
        fee_units: the most it may cost.
        spent_units: what else was consented to in the last 24 hours.

    Raises:
        StrongroomError: ``LIMIT_EXCEEDED``, ``MAX_FEE_EXCEEDED``.
    """
    limit = limits.assets.get(asset_id)
    if limit is None:
        raise StrongroomError(Code.LIMIT_EXCEEDED, f"{asset_id} is not in this co-signer's limits.")
    if amount_units > limit.per_transaction_units:
        raise StrongroomError(Code.LIMIT_EXCEEDED, f"More {asset_id} than this co-signer signs in one transaction.")
    if spent_units + amount_units > limit.rolling_24h_units:
        raise StrongroomError(Code.LIMIT_EXCEEDED, f"More {asset_id} than this co-signer signs in 24 hours.")
    if limits.max_fee_units is not None and fee_units > limits.max_fee_units:
        raise StrongroomError(Code.MAX_FEE_EXCEEDED, "A higher fee than this co-signer allows.")
