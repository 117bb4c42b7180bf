"""The bodies of the four calls (reference 1.3), and those by which a test tells the robot what to do."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

CallName: TypeAlias = Literal["verification", "account", "transaction", "callback"]


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base: what is not known is passed over, as a back end of another release would."""


class NameIdentifier(Body, frozen=True):
    """NaturalPersonNameID of IVMS101, and the legal person's name in its own field."""

    primary_identifier: str = ""
    secondary_identifier: str = ""
    legal_person_name: str = ""


class Name(Body, frozen=True):
    """NaturalPersonName or LegalPersonName."""

    name_identifier: tuple[NameIdentifier, ...] = ()


class Named(Body, frozen=True):
    """NaturalPerson or LegalPerson."""

    name: Name = Name()


class Person(Body, frozen=True):
    """Person: one of the two."""

    natural_person: Named | None = None
    legal_person: Named | None = None


class Beneficiary(Body, frozen=True):
    """As much of IVMS101's Beneficiary as the robot reads."""

    beneficiary_persons: tuple[Person, ...] = ()
    beneficiary_person: tuple[Person, ...] = ()
    account_number: tuple[str, ...] | str = ()


class Payload(Body, frozen=True):
    """``ivms101``."""

    beneficiary: Beneficiary = Beneficiary()


class AssetInfo(Body, frozen=True):
    """``assetInfo``."""

    symbol: str
    network: str | None = None


class VerificationCall(Body, frozen=True):
    """May this customer receive this."""

    verification_uuid: str
    asset_info: AssetInfo
    ivms101: Payload


class AccountCall(Body, frozen=True, kw_only=True):
    """Is this the account of a customer."""

    symbol: str
    network: str | None = None
    ivms101: Payload


class TransactionCall(Body, frozen=True):
    """What became of the transaction."""

    verification_uuid: str


class CallbackCall(Body, frozen=True):
    """Something happened."""

    callback_type: str
    data: dict[str, Any]


class TransactionControl(Body, frozen=True):
    """What to answer when asked about the transaction of a verification."""

    verification_uuid: str
    transaction_status: str
    tx_hash: str | None = None


class Misbehaviour(Body, frozen=True):
    """What to do wrong the next ``times`` calls of that name.

    ``late`` waits ``delay_s`` before the right answer; ``error`` answers 500, ``garbage`` half a JSON object,
    ``refuse`` 401, ``hangup`` ends the connection after the head; ``ok`` ends it.
    """

    call: CallName
    mode: Literal["ok", "late", "error", "garbage", "refuse", "hangup"]
    times: Annotated[int, msgspec.Meta(ge=1)] = 1
    delay_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0


def account_of(beneficiary: Beneficiary) -> str:
    """The one account number; empty without one."""
    account = beneficiary.account_number
    return account if isinstance(account, str) else next(iter(account), "")


def name_of(beneficiary: Beneficiary) -> str | None:
    """The beneficiary's first name, as one text; None without one."""
    for person in (*beneficiary.beneficiary_persons, *beneficiary.beneficiary_person):
        named = person.natural_person or person.legal_person
        for each in named.name.name_identifier if named else ():
            return f"{each.primary_identifier} {each.secondary_identifier} {each.legal_person_name}".strip()
    return None
