"""Providers that are spoken with by TRP, which has no directory: the operator lists them."""

from dataclasses import dataclass, field
from datetime import datetime

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo, Outcome, Reason, Result
from strongroom.travel_rule.trp.amounts import Unit, from_units, to_units
from strongroom.travel_rule.trp.messages import Asset, Rejected

_REASONS = {reason.value for reason in Reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A provider.

    Attributes:
        vasp_id: what it is numbered here; no provider of the network has the same.
        country: whose rules it follows.
        hosts: where its addresses and callbacks may lead: ``host`` or ``host:port``.
        key_hashes: SHA-256 of the TLS keys that it shows.
        version: of TRP, to begin with.
        unit: what its amounts count.
    """

    vasp_id: str
    country: str
    hosts: frozenset[str]
    key_hashes: frozenset[bytes] = field(repr=False)
    version: str
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAsset:
    """An asset under its names here and in TRP."""

    symbol: str
    network: str | None
    decimals: int
    dti: str | None
    slip0044: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a verification by TRP needs beside its row: where the next message to the other side goes.

    ``callback`` is None until the other side named one.
    """

    uuid: str
    vasp_id: str
    callback: str | None
    version: str
    created_at: datetime


def find_asset(assets: tuple[KnownAsset, ...], named: Asset) -> KnownAsset | None:
    """The asset that an inquiry names; None if it is not known, or its two names are of two assets."""
    found = [
        asset
        for asset in assets
        if (named.dti is None or asset.dti == named.dti)
        and (named.slip0044 is None or asset.slip0044 == named.slip0044)
    ]
    return found[0] if len(found) == 1 else None


def name_asset(assets: tuple[KnownAsset, ...], asset: AssetInfo) -> KnownAsset:
    """The asset of a verification; ``INVALID_FORMAT`` if TRP has no name for it here."""
    for each in assets:
        if each.symbol == asset.symbol and asset.network in {None, each.network}:
            return each
    raise StrongroomError(Code.INVALID_FORMAT, f"trp.assets has no {asset.symbol}.")


def read_amount_of(party: Party, asset: KnownAsset, amount: str) -> str:
    """Decimal text in the asset's own unit, of an amount in the counterparty's; ``AMOUNT_...``."""
    amount_units = to_units(amount, unit=party.unit, decimals=asset.decimals)
    return from_units(amount_units, unit=Unit.ASSET, decimals=asset.decimals)


def show_amount_to(party: Party, asset: KnownAsset, amount: str) -> str:
    """The number that the counterparty is told for a decimal text in the asset's own unit; ``AMOUNT_...``."""
    amount_units = to_units(amount, unit=Unit.ASSET, decimals=asset.decimals)
    return from_units(amount_units, unit=party.unit, decimals=asset.decimals)


def rejection_of(outcome: Outcome) -> Rejected:
    """What the other side is told of a verification that did not pass: the reason's code, then the message."""
    words = [outcome.reason or Reason.UNDEFINED_ERROR.value, outcome.message or ""]
    return Rejected(rejected=": ".join(word for word in words if word)[:1000])


def denial_of(rejected: Rejected) -> Outcome:
    """The same back; a text that begins with no code of ours is the message of an undefined one."""
    code, _, message = rejected.rejected.partition(":")
    if code.strip() in _REASONS:
        return Outcome(result=Result.DENIED, reason=code.strip(), message=message.strip() or None)
    return Outcome(result=Result.DENIED, reason=Reason.UNDEFINED_ERROR.value, message=rejected.rejected or None)
