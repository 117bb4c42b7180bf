"""Who is compromised, what is tried, and which test tries it: the threat model as a table that a test can check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import pytest

from strongroom.kernel.documents.signing import Role
from strongroom.kernel.errors import Code

F = TypeVar("F", bound=Callable[..., Any])


class Party(StrEnum):
    """Whose keys, code and database the attacker has."""

    GATEWAY = "gateway"
    AUTH_ENGINE = "auth_engine"
    TRANSACTION_MANAGER = "transaction_manager"
    SCREENING = "screening"
    POLICY_ENGINE = "policy_engine"
    SECURE_VAULT = "secure_vault"
    COSIGNER_ENGINE = "cosigner_engine"
    NODES = "nodes"
    PLATFORM_CA = "platform CA"
    DATABASE_ADMINISTRATOR = "database administrator"
    COSIGNER_1 = "co-signer 1"
    PROVIDER = "co-signers 1 and 2 with the platform"
    CALLBACK_HANDLER = "callback handler"


class Attack(StrEnum):
    """What is tried."""

    UNASKED = "a payment nobody asked for"
    TWICE = "the same request twice"
    DESTINATION = "another destination"
    AMOUNT = "another amount"
    CONTRACT = "another token contract"
    DECIMALS = "other decimals"
    CHAIN = "another chain"
    FEE = "a fee above the maximum"
    INITIATOR = "an invented initiator"
    APPROVER = "an invented approver"
    OWNER = "an invented owner"
    OTHER_APPROVAL = "an approval for another intent"
    OLD_DOCUMENTS = "an old document set"
    ADDRESS = "a foreign address shown for deposit"
    IDENTITY = "a co-signer identity swapped at key generation"
    SLOT = "a second digest for a slot"
    RESTORED = "restored state"
    UNBANNED = "a banned peer unbanned"
    FALSE_END = "a failure reported for what can still land"
    HELD_BACK = "a share held back"


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a party's intruder has: service certificates, document keys, co-signers; ``mints``: any certificate."""

    services: frozenset[str] = frozenset()
    signs: frozenset[Role] = frozenset()
    cosigners: frozenset[int] = frozenset()
    mints: bool = False


SERVICES = frozenset(str(party) for party in list(Party)[:8])
HOLDINGS: Mapping[Party, Holdings] = {
    **{party: Holdings(services=frozenset({str(party)})) for party in list(Party)[:8]},
    Party.SCREENING: Holdings(services=frozenset({"screening"}), signs=frozenset({Role.SCREENING})),
    Party.POLICY_ENGINE: Holdings(services=frozenset({"policy_engine"}), signs=frozenset({Role.POLICY_ENGINE})),
    Party.PLATFORM_CA: Holdings(mints=True),
    Party.DATABASE_ADMINISTRATOR: Holdings(),
    Party.COSIGNER_1: Holdings(cosigners=frozenset({1}), signs=frozenset({Role.COSIGNER})),
    Party.CALLBACK_HANDLER: Holdings(),
    Party.PROVIDER: Holdings(
        services=SERVICES,
        signs=frozenset({Role.SCREENING, Role.POLICY_ENGINE, Role.COSIGNER}),
        cosigners=frozenset({1, 2}),
        mints=True,
    ),
}

OUTSIDE = (Party.SCREENING, Party.NODES)
"""No request and no document of a request passes through them: what they send goes out in their own name."""
CARRIERS = tuple(party for party in Party if party not in (*OUTSIDE, Party.COSIGNER_1, Party.CALLBACK_HANDLER))
"""Request, intent, payload and documents pass through them, or they can pose as somebody through whom they pass."""

TRIED: dict[tuple[Party, Attack], list[str]] = {}
"""The tests that try an attack by a party, as ``path::name``."""


def expect(code: Code, *parties: Party) -> dict[Party, Code]:
    """The same reason for each of ``parties``."""
    return dict.fromkeys(parties, code)


def outsiders() -> dict[Party, Code]:
    """Those whom a co-signer does not even listen to."""
    return expect(Code.CALLER_NOT_ALLOWED, *OUTSIDE)


def tries(attack: Attack, reasons: Mapping[Party, Code]) -> Callable[[F], F]:
    """Run a test once for each party, with the reason for which it must be refused."""
    return tries_each({attack: reasons})


def tries_each(attacks: Mapping[Attack, Mapping[Party, Code]]) -> Callable[[F], F]:
    """Run a test once for each attack and party; it takes ``attacker`` and ``code``, and ``attack`` if it wants."""
    cells = [(attack, party, code) for attack, reasons in attacks.items() for party, code in reasons.items()]

    def register(test: F) -> F:
        name = f"{test.__module__.replace('.', '/')}.py::{test.__name__}"
        for attack, party, _ in cells:
            TRIED.setdefault((party, attack), []).append(name)
        ids = [f"{attack} by {party}".replace(" ", "-") for attack, party, _ in cells]
        if "attack" in test.__code__.co_varnames[: test.__code__.co_argcount]:
            return pytest.mark.parametrize(("attack", "attacker", "code"), cells, indirect=["attacker"], ids=ids)(test)
        pairs = [(party, code) for _, party, code in cells]
        return pytest.mark.parametrize(("attacker", "code"), pairs, indirect=["attacker"], ids=ids)(test)

    return register


_SHOWS_NO_ADDRESS = "Shows no address to anybody: addresses come from the vault through the gateway."
_HAS_NO_DOCUMENTS = "Hands on no document set and no key request."
_ONE_OF_THREE = "Hands on nothing: it speaks to its peers in ceremonies, and there every consent is compared."
_ASKED_LAST = "Is asked by co-signer 3 alone, after every check has passed: its answer can only stop what would go on."
_OF_THE_HANDLER = (Attack.UNASKED, Attack.SLOT, Attack.HELD_BACK, Attack.FALSE_END)
SENSELESS: Mapping[tuple[Party, Attack], str] = {
    **{(party, Attack.ADDRESS): _SHOWS_NO_ADDRESS for party in OUTSIDE},
    **{(party, attack): _HAS_NO_DOCUMENTS for party in OUTSIDE for attack in (Attack.OWNER, Attack.IDENTITY)},
    **{(party, Attack.HELD_BACK): "Has no share; its tombstones are forged." for party in OUTSIDE},
    **{(Party.CALLBACK_HANDLER, attack): _ASKED_LAST for attack in Attack if attack not in _OF_THE_HANDLER},
    (Party.COSIGNER_1, Attack.CONTRACT): _ONE_OF_THREE,
    (Party.COSIGNER_1, Attack.INITIATOR): _ONE_OF_THREE,
    (Party.COSIGNER_1, Attack.APPROVER): _ONE_OF_THREE,
    (Party.COSIGNER_1, Attack.OTHER_APPROVAL): _ONE_OF_THREE,
    (Party.COSIGNER_1, Attack.OWNER): _ONE_OF_THREE,
    (Party.COSIGNER_1, Attack.OLD_DOCUMENTS): _ONE_OF_THREE,
}
"""Cells that are not tried, and why there is nothing to try."""
