"""Keys that personal data is sealed to."""

from dataclasses import dataclass, field
from enum import StrEnum


class KeyType(StrEnum):
    """Who shares a key of the beneficiary's provider; the originator's provider chooses (travel_rule.md 1.5)."""

    PER_VASP = "PerVasp"
    PER_ADDRESS = "PerAddress"
    PER_VERIFICATION = "PerVerification"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A row of ``own_keys``: an X25519 key pair, both 32 bytes; the private half is encrypted in its column.

    ``identifier`` is the own VASP id, the beneficiary's account number, or the verification's uuid, by type.
    """

    type: KeyType
    identifier: str
    public_key: bytes
    private_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterPartyKey:
    """A row of ``counter_party_keys``: what a counterparty answered when asked for its key; 32 bytes of X25519."""

    type: KeyType
    vasp_id: str
    identifier: str
    public_key: bytes
