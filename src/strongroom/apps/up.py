"""``strongroom up``: everything on one machine, kept running until it is asked to stop (architecture.md 6)."""

import asyncio
import http.client
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import uvloop

from strongroom.apps.catalog import SERVICES
from strongroom.apps.embedded.anvil import DEVELOPMENT_CHAIN_ID, AnvilChain
from strongroom.apps.embedded.cosigners import INDICES, cosigner_child
from strongroom.apps.embedded.layout import ENVIRONMENT, Layout, Secrets, replace_private
from strongroom.apps.embedded.ports import keep_port
from strongroom.apps.embedded.postgres import PostgresCluster
from strongroom.apps.embedded.process import Command, ManagedProcess
from strongroom.apps.embedded.supervisor import ChildSpec, Event, Happening, Supervisor, lock_folder
from strongroom.apps.embedded.tenant import APPROVERS, OWNERS, Introduced, introduce_tenant, key_file, prepare_tenant
from strongroom.apps.enclave_choice import TravelRule, remember_travel_rule
from strongroom.apps.serve import PlatformSettings
from strongroom.runtime.entropy import SystemEntropy

READY_FILE = "ready.json"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A prepared data folder: what runs in it, and where it answers."""

    layout: Layout
    secrets: Secrets
    cluster: PostgresCluster
    chain: AnvilChain
    settings: PlatformSettings

    @property
    def base_url(self) -> str:
        """The REST door."""
        return f"http://127.0.0.1:{self.settings.http_port}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A running Strongroom with a tenant that can send."""

    embedded: Embedded
    tenant: Introduced

    def facts(self) -> dict[str, str]:
        """What another program needs to use it: the content of the ready file; people's private keys by their files."""
        layout = self.embedded.layout
        keys = {f"{name.replace('-', '_')}_key_file": str(key_file(layout, name)) for name in (*OWNERS, *APPROVERS)}
        return {
            "base_url": self.embedded.base_url,
            "api_key": self.tenant.credentials.api_key,
            "api_private_key_pem": self.tenant.credentials.private_key_pem().decode(),
            "tenant_id": self.tenant.tenant_id,
            "vault_account_id": self.tenant.vault_account_id,
            "asset_id": self.tenant.asset_id,
            "address": self.tenant.address,
            "chain_rpc_url": self.embedded.chain.rpc_url,
            "operator_token": self.embedded.secrets.operator_token,
            "data_dir": str(layout.data_dir),
            **keys,
        }


def prepare(data_dir: Path, *, port: int, tell: Tell, travel_rule: TravelRule | None) -> Embedded:
    """Make what is absent in the data folder: database cluster, certificates, co-signers, the first tenant's documents.

    Args:
        data_dir: made if absent; the caller has it to itself, for what is not right for this start is written anew.
        port: of the REST door; 0 for that of the last start, or a free one.
        tell: told each thing, for people.
        travel_rule: of ``choose_travel_rule``, and remembered; None for a simulated counterparty.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, ``STATE_DAMAGED``, ``STATUS_CONFLICT``.
    """
    layout = Layout.at(data_dir)
    secrets = layout.secrets(tuple(entry.name for entry in SERVICES if entry.has_database), SystemEntropy())
    tell("database cluster and development chain")
    cluster = PostgresCluster.prepare(layout.postgres)
    chain = AnvilChain.prepare(layout.chain)
    settings = PlatformSettings(
        data_dir=str(layout.data_dir),
        environment=ENVIRONMENT,
        database_address=f"127.0.0.1:{cluster.port}",
        database_socket=cluster.socket_folder,
        admin_dsn=cluster.admin_dsn(),
        service_passwords=secrets.service_passwords,
        auditor_password=secrets.auditor_password,
        operator_token=secrets.operator_token,
        http_port=port or keep_port(layout.data_dir / "http_port"),
        link_port=keep_port(layout.data_dir / "link_port"),
        chains={str(DEVELOPMENT_CHAIN_ID): chain.rpc_url},
        travel_rule=travel_rule and travel_rule.settings,
    )
    remember_travel_rule(layout, travel_rule)
    if travel_rule is not None:
        tell(travel_rule.describe())
    replace_private(layout.platform_settings, json.dumps(msgspec.to_builtins(settings)).encode())
    tell("three co-signers with keys of their own, owners, a signed genesis document set")
    prepare_tenant(layout)
    return Embedded(layout=layout, secrets=secrets, cluster=cluster, chain=chain, settings=settings)


def run_embedded(
    data_dir: Path,
    *,
    port: int,
    tell: Tell,
    when_ready: Callable[[Ready], Awaitable[bool]],
    travel_rule: TravelRule | None,
    when_held: Callable[[], None] = lambda: None,
) -> None:
    """Prepare and run everything until SIGINT, SIGTERM, or until ``when_ready`` answers that it is done.

    Args:
        data_dir: made if absent.
        port: as ``prepare``.
        tell: told each thing, for people.
        when_ready: called once everything answers and the tenant can send; True ends the run.
        travel_rule: as ``prepare``.
        when_held: called once nobody else can run the folder, before anything in it changes.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` if another runs the folder; as ``prepare``, and whatever ``when_ready``
            raises, after everything has been stopped.
    """
    with lock_folder(Layout.at(data_dir).data_dir) as held:
        when_held()
        embedded = prepare(data_dir, port=port, tell=tell, travel_rule=travel_rule)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(embedded, held, tell=tell, when_ready=when_ready))


async def _run(
    embedded: Embedded, held: IO[str], *, tell: Tell, when_ready: Callable[[Ready], Awaitable[bool]]
) -> None:
    ready = asyncio.Event()

    def on_event(event: Event) -> None:
        if event.happening is Happening.ALL_READY:
            ready.set()
        if event.happening in (Happening.READY, Happening.CRASHED, Happening.STOPPING):
            tell(f"{event.child}: {event.happening.value}{f' ({event.detail})' if event.detail else ''}")

    supervisor = Supervisor(embedded.layout.data_dir, _children(embedded), on_event=on_event, held=held)
    guest = asyncio.create_task(_host_guest(embedded, supervisor, ready, tell=tell, when_ready=when_ready))
    try:
        await supervisor.run_until_stopped()
    finally:
        guest.cancel()
        (embedded.layout.data_dir / READY_FILE).unlink(missing_ok=True)
        results = await asyncio.gather(guest, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]


async def _host_guest(
    embedded: Embedded,
    supervisor: Supervisor,
    ready: asyncio.Event,
    *,
    tell: Tell,
    when_ready: Callable[[Ready], Awaitable[bool]],
) -> None:
    """Introduce the tenant and let ``when_ready`` use the system; stop everything when that is over or failed."""
    await ready.wait()
    done = True
    try:
        tenant = await asyncio.to_thread(
            introduce_tenant,
            embedded.layout,
            base_url=embedded.base_url,
            operator_token=embedded.secrets.operator_token,
            chain_rpc_url=embedded.chain.rpc_url,
            tell=tell,
        )
        facts = Ready(embedded=embedded, tenant=tenant)
        replace_private(embedded.layout.data_dir / READY_FILE, json.dumps(facts.facts(), indent=2).encode())
        done = await when_ready(facts)
    finally:
        if done:
            supervisor.stop()


def _children(embedded: Embedded) -> list[ChildSpec]:
    cosigners = [cosigner_child(embedded.layout, index, link_port=embedded.settings.link_port) for index in INDICES]
    return [embedded.cluster.child(), embedded.chain.child(), _platform_child(embedded), *cosigners]


def _platform_child(embedded: Embedded) -> ChildSpec:
    layout = embedded.layout

    def start() -> ManagedProcess:
        command = Command(
            name="platform",
            arguments=(sys.executable, "-m", "strongroom.apps.serve", str(layout.platform_settings)),
            log_path=layout.log("platform"),
            pid_path=layout.data_dir / "platform.pid",
            directory=layout.data_dir,
            environment={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
        )
        return ManagedProcess.start(command)

    async def is_ready(_process: ManagedProcess) -> bool:
        return await asyncio.to_thread(_answers, embedded.settings.http_port)

    return ChildSpec(name="platform", start=start, is_ready=is_ready)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/v1/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
