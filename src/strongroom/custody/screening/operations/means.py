"""What the operations on the Travel Rule use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from strongroom.custody.screening.peers import Peers
from strongroom.custody.screening.providers.counterparty import Counterparty
from strongroom.custody.screening.store.seal import PartySeal
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.ids import TenantId
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Database, time, the seal of personal data, the other institution, and the vault.

    ``sign`` makes a verdict of a tenant's bytes; ``thresholds`` are base units by asset id; ``asset_ids`` has assets by
    what the network calls them: (symbol, network), the latter empty where the symbol says it.
    """

    database: Database
    clock: Clock
    seal: PartySeal
    counterparty: Counterparty
    peers: Peers
    sign: Callable[[TenantId, bytes], Signed]
    thresholds: Mapping[str, int]
    asset_ids: Mapping[tuple[str, str], str]
