"""The providers that are reached by TRP, and the client that reaches them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.trp import KnownAsset, Party
from strongroom.travel_rule.trp.client import Counterparty, TrpClient
from strongroom.travel_rule.trp.messages import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class TrpSelf:
    """Who we are to others: ``url`` is where their messages come in, without a slash at its end."""

    url: str
    identity: Identity


@final
class Trp:
    """Everything of TRP that operations use.

    Args:
        own: who we are.
        parties: whom the operator lists.
        assets: what can be spoken of.
        client: speaks.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for two parties with one number or one key.
    """

    def __init__(
        self, own: TrpSelf, *, parties: Sequence[Party], assets: Sequence[KnownAsset], client: TrpClient
    ) -> None:
        self.own, self.assets, self.client = own, tuple(assets), client
        self._by_id = {party.vasp_id: party for party in parties}
        self._by_key = {key_hash: party for party in parties for key_hash in party.key_hashes}
        if len(self._by_id) < len(parties) or len(self._by_key) < sum(len(party.key_hashes) for party in parties):
            raise StrongroomError(Code.CONFIG_INVALID, "trp.parties lists a vasp_id or a key twice.")

    def find_party(self, vasp_id: str) -> Party | None:
        """The provider of that number, if it is reached by TRP."""
        return self._by_id.get(vasp_id)

    def get_sender(self, key_hash: bytes) -> Party:
        """The provider that shows a TLS key; ``FORBIDDEN`` if none does."""
        party = self._by_key.get(key_hash)
        if party is None:
            raise StrongroomError(Code.FORBIDDEN, "No provider that is known here shows this TLS key.")
        return party


def speaking(party: Party, *, version: str | None = None) -> Counterparty:
    """A party as the client has it, from the version on that was found to work."""
    return Counterparty(hosts=party.hosts, version=version or party.version)
