"""Who sends from a vault account and who receives at an address: the registry that an operator imports."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from strongroom.custody.screening.domain.names import names_of
from strongroom.custody.screening.domain.verdicts import address_key
from strongroom.kernel.errors import Code, StrongroomError

MAX_FILE_BYTES: Final = 32 << 20
MAX_PERSONS_BYTES: Final = 8 << 10
MAX_PARTIES: Final = 100_000
_PLACE: Final = re.compile(r"[!-~]{1,128}")
_VAULT_ACCOUNT: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_JURISDICTION: Final = re.compile(r"[A-Z]{2}")
_VASP_ID: Final = re.compile(r"[0-9]{1,20}")


class Kyc(StrEnum):
    """How far the identity of a vault account's holder is checked."""

    VERIFIED = "VERIFIED"
    UNVERIFIED = "UNVERIFIED"
    BLACKLISTED = "BLACKLISTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """The holder of a vault account; ``persons`` is the JSON array of its IVMS101 persons."""

    vault_account: str
    jurisdiction: str
    kyc: Kyc
    persons: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The holder of an address, by asset and ``domain.verdicts.address_key``; without ``vasp_id`` it is unhosted."""

    asset_id: str
    address: str
    jurisdiction: str
    vasp_id: str | None
    persons: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Everybody that one tenant knows."""

    tenant_id: str
    originators: tuple[Originator, ...]
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What a list shows of one party: nothing that names a person.

    ``kind`` is ORIGINATOR or DESTINATION; ``place`` the vault account, or asset and address; ``standing`` how far an
    originator's identity is checked, or who holds a destination.
    """

    tenant_id: str
    kind: str
    place: str
    jurisdiction: str
    standing: str
    imported_at: datetime


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the file's shapes."""


class _OriginatorPersons(_Wire, frozen=True):
    originator_persons: list[dict[str, dict[str, Any]]]


class _BeneficiaryPersons(_Wire, frozen=True):
    beneficiary_persons: list[dict[str, dict[str, Any]]]


class _Originator(_Wire, frozen=True):
    vault_account: str
    jurisdiction: str
    kyc: Kyc
    ivms101: _OriginatorPersons


class _Vasp(_Wire, frozen=True):
    id: str


class _Destination(_Wire, frozen=True):
    asset: str
    address: str
    jurisdiction: str
    ivms101: _BeneficiaryPersons
    vasp: _Vasp | None = None
    unhosted: bool = False


class _File(_Wire, frozen=True):
    tenant: str
    originators: list[_Originator]
    destinations: list[_Destination]


def parse_parties(content: bytes) -> Parties:
    """The registry in a file: ``{"tenant", "originators": [...], "destinations": [...]}`` (docs/travel_rule.md).

    Raises:
        StrongroomError: ``REQUEST_INVALID`` saying where, and never what stands there: it is personal data.
    """
    if len(content) > MAX_FILE_BYTES:
        raise _refused("$", "the file exceeds 32 MiB")
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(str(error).partition(" - at ")[2].strip("`") or "$", "not of the documented shape") from None
    if not _PLACE.fullmatch(file.tenant):
        raise _refused("$.tenant", "a tenant is 1 to 128 printable characters without spaces")
    if len(file.originators) + len(file.destinations) > MAX_PARTIES:
        raise _refused("$", f"more than {MAX_PARTIES} parties")
    originators = [_originator(wire, f"$.originators[{at}]") for at, wire in enumerate(file.originators)]
    destinations = [_destination(wire, f"$.destinations[{at}]") for at, wire in enumerate(file.destinations)]
    _check_distinct([one.vault_account for one in originators], "$.originators")
    _check_distinct([(one.asset_id, one.address) for one in destinations], "$.destinations")
    return Parties(tenant_id=file.tenant, originators=tuple(originators), destinations=tuple(destinations))


def _originator(wire: _Originator, where: str) -> Originator:
    _check(wire.vault_account, _VAULT_ACCOUNT, f"{where}.vaultAccount", "a vault account is a decimal number")
    _check_jurisdiction(wire.jurisdiction, where)
    return Originator(
        vault_account=wire.vault_account,
        jurisdiction=wire.jurisdiction,
        kyc=wire.kyc,
        persons=_persons(wire.ivms101.originator_persons, f"{where}.ivms101.originatorPersons"),
    )


def _destination(wire: _Destination, where: str) -> Destination:
    _check(wire.asset, _PLACE, f"{where}.asset", "an asset is 1 to 128 printable characters without spaces")
    _check_jurisdiction(wire.jurisdiction, where)
    if wire.unhosted == (wire.vasp is not None):
        raise _refused(where, "either vasp or unhosted")
    if wire.vasp is not None:
        _check(wire.vasp.id, _VASP_ID, f"{where}.vasp.id", "a VASP id is a decimal text")
    try:
        address = address_key(wire.address)
    except StrongroomError:
        raise _refused(f"{where}.address", "not an address") from None
    return Destination(
        asset_id=wire.asset,
        address=address,
        jurisdiction=wire.jurisdiction,
        vasp_id=None if wire.vasp is None else wire.vasp.id,
        persons=_persons(wire.ivms101.beneficiary_persons, f"{where}.ivms101.beneficiaryPersons"),
    )


def _persons(persons: list[dict[str, dict[str, Any]]], where: str) -> bytes:
    data = msgspec.json.encode(persons)
    if len(data) > MAX_PERSONS_BYTES:
        raise _refused(where, "more than 8 KiB")
    if not names_of(data):
        raise _refused(where, "no person with a name")
    return data


def _check(text: str, form: re.Pattern[str], where: str, wanted: str) -> None:
    if not form.fullmatch(text):
        raise _refused(where, wanted)


def _check_jurisdiction(text: str, where: str) -> None:
    _check(text, _JURISDICTION, f"{where}.jurisdiction", "a jurisdiction is of ISO 3166-1 alpha-2")


def _check_distinct(places: list[Any], where: str) -> None:
    if len(set(places)) < len(places):
        raise _refused(where, "one place is named twice")


def _refused(where: str, why: str) -> StrongroomError:
    return StrongroomError(Code.REQUEST_INVALID, f"{where}: {why}.")
