"""Parties of the tests: planted names that may be nowhere in clear but in the enclave and in the answer to it."""

import json
from typing import Any

from tests.fixtures.tenant import ASSET, FRIEND, STRANGER, TENANT

SENDER, RECEIVER, LONER = "Zoraida Quetzalcoatl", "Xiomara Vandersloot", "Wendelgard Oberhummer"
PLANTED = tuple(word for name in (SENDER, RECEIVER, LONER) for word in name.split())
VASP = "18446744073709551615"
"""The largest of 64 bits: above 2^53, so a number read as a binary fraction would be another."""
UNHOSTED = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def natural(name: str, **more: Any) -> dict[str, Any]:
    given, family = name.split()
    identifier = {"primaryIdentifier": family, "secondaryIdentifier": given, "nameIdentifierType": "LEGL"}
    return {"naturalPerson": {"name": {"nameIdentifier": [identifier]}, **more}}


def legal(name: str) -> dict[str, Any]:
    """A company, in the spelling of the later edition."""
    identifier = {"legalPersonName": name, "legalPersonNameIdentifierType": "LEGL"}
    return {"legalPerson": {"name": {"nameIdentifier": [identifier]}, "countryOfRegistration": "DE"}}


def originator(name: str = SENDER, *, account: str = "0", kyc: str = "VERIFIED", **more: Any) -> dict[str, Any]:
    persons = {"originatorPersons": [natural(name, **more)]}
    return {"vaultAccount": account, "jurisdiction": "DE", "kyc": kyc, "ivms101": persons}


def destination(address: str = FRIEND, name: str = RECEIVER, *, vasp: str | None = VASP) -> dict[str, Any]:
    holder: dict[str, Any] = {"unhosted": True} if vasp is None else {"vasp": {"id": vasp}}
    persons = {"beneficiaryPersons": [natural(name)]}
    return {"asset": ASSET, "address": address, "jurisdiction": "FR", "ivms101": persons, **holder}


def registry(**changes: Any) -> bytes:
    """The sender in vault account 0, a receiver with a VASP at FRIEND, an unhosted one; nobody at STRANGER."""
    assert STRANGER not in (FRIEND, UNHOSTED)
    made = {
        "tenant": TENANT,
        "originators": [originator()],
        "destinations": [destination(), destination(UNHOSTED, LONER, vasp=None)],
    }
    return json.dumps(made | changes).encode()
