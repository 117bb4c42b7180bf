"""Whom the robot knows, and what it says of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SYMBOLS: Final[Mapping[str, tuple[str, ...]]] = {"ETH": ("ethereum",), "XRP": ("ripple", "xrpl")}
"""What it takes, and what the networks are called; a network that is not named is the symbol's own."""
_XRP_ADDRESS: Final = "rrrrrrrrrrrrrrrrrrrrBZbvji"
"""ACCOUNT_ONE of the XRP Ledger: nobody has its key. Customers are told apart by the tag behind the rightmost colon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the robot; ``accounts`` is by symbol, as ``address`` or ``address:tag``."""

    number: int
    surname: str
    given_name: str
    has_kyc: bool
    accounts: Mapping[str, str]


CUSTOMERS: Final = (
    Customer(
        number=1,
        surname="Robot",
        given_name="Verity",
        has_kyc=True,
        accounts={"ETH": "0x00000000000000000000000000000000000000A1", "XRP": f"{_XRP_ADDRESS}:1"},
    ),
    Customer(
        number=2,
        surname="Robot",
        given_name="Noah",
        has_kyc=False,
        accounts={"ETH": "0x00000000000000000000000000000000000000a2", "XRP": f"{_XRP_ADDRESS}:2"},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """An answer to a verification; ``ivms101`` is what is told about the beneficiary."""

    result: str
    reason: str | None = None
    message: str | None = None
    ivms101: dict[str, Any] | None = None


def say_of_account(*, symbol: str, network: str | None, account: str, name: str | None) -> Saying:
    """Whether the account is a customer's; no KYC is looked at.

    Args:
        name: of the beneficiary, as one text; None where it was not given.
    """
    found = _find(symbol=symbol, network=network, account=account, name=name)
    return found if isinstance(found, Saying) else Saying(result="VERIFIED")


def say_of_transfer(*, symbol: str, network: str | None, account: str, name: str | None) -> Saying:
    """Whether the customer may receive it, and who it is if so."""
    found = _find(symbol=symbol, network=network, account=account, name=name)
    if isinstance(found, Saying):
        return found
    if not found.has_kyc:
        return Saying(result="DENIED", reason="UNVERIFIED-KYC")
    return Saying(result="VERIFIED", ivms101={"beneficiary": _person(found, account)})


def _find(*, symbol: str, network: str | None, account: str, name: str | None) -> Customer | Saying:
    networks = SYMBOLS.get(symbol)
    if networks is None:
        return Saying(result="DENIED", reason="UNKNOWN-SYMBOL", message=symbol)
    if network is not None and network.lower() not in networks:
        return Saying(result="DENIED", reason="UNKNOWN-NETWORK")
    wanted = _canonical(symbol, account)
    customer = next((each for each in CUSTOMERS if _canonical(symbol, each.accounts[symbol]) == wanted), None)
    if customer is None:
        return Saying(result="UNKNOWN")
    if name is not None and _words(name) != _words(f"{customer.surname} {customer.given_name}"):
        return Saying(result="DENIED", reason="MISMATCHED-NAME")
    return customer


def _canonical(symbol: str, account: str) -> tuple[str, str]:
    """Address and tag: the rightmost colon divides them, as an address may hold colons itself."""
    if symbol == "ETH":
        return account.lower(), ""
    address, _, tag = account.rpartition(":")
    return address, tag


def _words(name: str) -> frozenset[str]:
    return frozenset(name.upper().split())


def _person(customer: Customer, account: str) -> dict[str, Any]:
    name = {
        "primaryIdentifier": customer.surname,
        "secondaryIdentifier": customer.given_name,
        "nameIdentifierType": "LEGL",
    }
    person = {"naturalPerson": {"name": {"nameIdentifier": [name]}}}
    return {"beneficiaryPersons": [person], "accountNumber": [account]}
