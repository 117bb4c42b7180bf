"""A co-signer engine in memory: delivers orders and messages between co-signer cores, and lets a test touch them."""

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from strongroom.custody.cosigner.domain.orders import (
    ActivateKey,
    Order,
    PeerMessage,
    SeekConsent,
    StartCeremony,
    StartKeyCeremony,
)
from strongroom.custody.cosigner.domain.reports import Consented, Outgoing, Report
from strongroom.kernel.ids import TenantId

Tamper = Callable[[PeerMessage], Sequence[PeerMessage]]
"""What becomes of a message on its way: itself, nothing, another one, several."""


class Core(Protocol):
    """What the engine needs of a co-signer."""

    def handle(self, order: Order) -> tuple[Report, ...]: ...


def unchanged(message: PeerMessage) -> Sequence[PeerMessage]:
    return (message,)


@dataclass(kw_only=True)
class MemoryEngine:
    """Three cores by index; ``sent`` keeps every peer message as it left its sender."""

    cores: Mapping[int, Core]
    tamper: Tamper = unchanged
    sent: list[PeerMessage] = field(default_factory=list[PeerMessage])

    def generate_key(self, *, tenant_id: str, key_request: bytes, ceremony_id: bytes | None = None) -> list[Report]:
        order = StartKeyCeremony(
            ceremony_id=ceremony_id or os.urandom(32), tenant_id=TenantId(tenant_id), key_request=key_request
        )
        return self.run(dict.fromkeys(self.cores, order))

    def activate_key(self, *, tenant_id: str, key_id: str, records: Sequence[bytes]) -> list[Report]:
        """The second phase of a refresh, at the cores that are there."""
        order = ActivateKey(
            ceremony_id=os.urandom(32), tenant_id=TenantId(tenant_id), key_id=key_id, records=tuple(records)
        )
        return self.run(dict.fromkeys(self.cores, order))

    def seek(self, order: SeekConsent) -> dict[int, Report]:
        return {index: core.handle(order)[0] for index, core in self.cores.items()}

    def sign(self, order: SeekConsent) -> list[Report]:
        """Both phases; the reports of phase one where not all consent."""
        reports = self.seek(order)
        consents = [report.document for report in reports.values() if isinstance(report, Consented)]
        if len(consents) < len(self.cores):
            return list(reports.values())
        return self.start(order.ceremony_id, consents)

    def start(self, ceremony_id: bytes, consents: Sequence[bytes]) -> list[Report]:
        order = StartCeremony(ceremony_id=ceremony_id, consents=tuple(consents))
        return self.run(dict.fromkeys(self.cores, order))

    def run(self, orders: Mapping[int, Order]) -> list[Report]:
        """Deliver orders, then every message until none is left; gives all other reports."""
        results: list[Report] = []
        queue: deque[PeerMessage] = deque()
        for index, order in orders.items():
            self._sort(self.cores[index].handle(order), queue, results)
        while queue:
            message = queue.popleft()
            core = self.cores.get(message.receiver)
            if core is not None:
                self._sort(core.handle(message), queue, results)
        return results

    def _sort(self, reports: Sequence[Report], queue: deque[PeerMessage], results: list[Report]) -> None:
        for report in reports:
            if not isinstance(report, Outgoing):
                results.append(report)
                continue
            message = PeerMessage(
                ceremony_id=report.ceremony_id,
                sender=report.sender,
                receiver=report.receiver,
                envelope=report.envelope,
            )
            self.sent.append(message)
            queue.extend(self.tamper(message))
