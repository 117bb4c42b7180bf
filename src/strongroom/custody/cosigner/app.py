"""Puts one co-signer together from its home folder and narrow ports: no host, no inbound port."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from strongroom.custody.cosigner.config import CosignerConfig, find_callback_config, read_callback_key
from strongroom.custody.cosigner.domain.callback import CUSTOMER, Handler
from strongroom.custody.cosigner.domain.limits import DAY_S
from strongroom.custody.cosigner.domain.reports import Report
from strongroom.custody.cosigner.flow import Cosigner
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.peers import Link, TlsFolder
from strongroom.custody.cosigner.servicer import ORDER_ACCESS, Servicer, write_head, write_report
from strongroom.custody.cosigner.store import Journal, list_document_heads
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.consent import cosigner_name
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock, SystemClock
from strongroom.runtime.entropy import Entropy, SystemEntropy
from strongroom.runtime.kms import Kms, SoftwareKms
from strongroom.runtime.rpc.handoff import HandoffVerifier
from strongroom.threshold.backend import SealingKey
from strongroom.threshold.ecdsa import Dkls23

JOURNAL_FILE: Final = "journal.sqlite"
KEYS_FOLDER: Final = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything from outside that a co-signer needs, besides its home and its engine."""

    clock: Clock
    entropy: Entropy
    kms: Kms


def system_ports(home: Path) -> Ports:
    """The machine's own, with a software KMS in the home folder."""
    return Ports(clock=SystemClock(), entropy=SystemEntropy(), kms=SoftwareKms(home / KEYS_FOLDER))


def open_context(*, home: Path, config: CosignerConfig, ports: Ports) -> Context:
    """What the operations work with; verifies the journal.

    Raises:
        StrongroomError: ``STATE_DAMAGED``.
    """
    context = Context(
        index=config.index,
        environment=config.environment,
        limits=config.limits,
        clock=ports.clock,
        entropy=ports.entropy,
        signer=ports.kms.signer("identity"),
        encryption_key=X25519PrivateKey.from_private_bytes(ports.kms.sealing_key("encryption").reveal()),
        sealing_key=SealingKey.from_bytes(ports.kms.sealing_key("shares").reveal()),
        backend=Dkls23(),
        journal=Journal(home / JOURNAL_FILE),
        handler=_open_handler(home, config, ports.clock),
    )
    context.load_spending(since=context.now_s() - DAY_S)
    return context


def _open_handler(home: Path, config: CosignerConfig, clock: Clock) -> Handler | None:
    """The callback handler of the customer's co-signer, where one is configured."""
    callback = find_callback_config(home)
    if callback is None:
        return None
    if config.index != CUSTOMER:
        raise StrongroomError(Code.CONFIG_INVALID, f"Only co-signer {CUSTOMER} has a callback handler.")
    # an HTTP client is no part of a co-signer that asks nobody
    from strongroom.custody.cosigner.providers.callback_handler import RemoteHandler  # noqa: PLC0415

    return RemoteHandler(config=callback, private_key_pem=read_callback_key(home), clock=clock)


def build(*, context: Context, engine: str, tls: Path) -> Link:
    """The co-signer behind its link to the engine; ``run`` the link.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` if the certificates cannot be read.
    """
    folder = TlsFolder(tls)
    folder.credentials()
    verifier = HandoffVerifier(
        service=cosigner_name(context.index),
        trust_root=folder.trust_root(context.environment),
        access=ORDER_ACCESS,
        clock=context.clock,
    )
    later: asyncio.Queue[pb.CosignerReport] = asyncio.Queue()

    def tell(reports: tuple[Report, ...]) -> None:
        for report in reports:
            later.put_nowait(write_report(report))

    servicer = Servicer(cosigner=Cosigner(context, tell=tell), verifier=verifier)
    return Link(
        index=context.index,
        environment=context.environment,
        engine=engine,
        tls=folder,
        clock=context.clock,
        entropy=context.entropy,
        heads=lambda: [
            write_head(tenant=head.tenant, version=head.version, set_hash=head.set_hash)
            for head in list_document_heads(context.journal.db)
        ],
        handle=servicer.handle,
        later=None if context.handler is None else later,
    )
