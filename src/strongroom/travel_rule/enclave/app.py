"""Puts one enclave together: its means, its two doors and its worker."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.http import RenewedTls, TlsFiles, client_context
from strongroom.runtime.kms import KeyWrapper, Kms, SealingKeyWrapper
from strongroom.runtime.kms_endpoint import wrapper_from_endpoint, wrapper_from_text
from strongroom.runtime.kms_pkcs11 import Pkcs11Wrapper, Token
from strongroom.runtime.service import HttpApp
from strongroom.travel_rule.enclave.config import EnclaveConfig
from strongroom.travel_rule.enclave.domain.trp import KnownAsset, Party
from strongroom.travel_rule.enclave.jobs import Assessor, Worker
from strongroom.travel_rule.enclave.operations.means import Means, Patience
from strongroom.travel_rule.enclave.operations.screens import Screens, Terms
from strongroom.travel_rule.enclave.peers import Hub, hub_origin
from strongroom.travel_rule.enclave.providers.backend import Backend, BackendSettings
from strongroom.travel_rule.enclave.providers.chainalysis import KytScreen, SanctionScreen
from strongroom.travel_rule.enclave.providers.refinitiv import WcoScreen
from strongroom.travel_rule.enclave.providers.trp import Trp, TrpSelf
from strongroom.travel_rule.enclave.routes.door import ApiDoor
from strongroom.travel_rule.enclave.routes.messages import MessageDoor
from strongroom.travel_rule.enclave.routes.trp import EnclaveDesk
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import DatabaseSettings, EnclaveDatabase, open_database
from strongroom.travel_rule.enclave.store.keyset import ensure_keyset, load_keyset
from strongroom.travel_rule.enclave.store.migrate import migrate
from strongroom.travel_rule.ivms101.findings import PROFILES, Edition
from strongroom.travel_rule.messages import Sender
from strongroom.travel_rule.rules.book import Book, own_book, parse_book
from strongroom.travel_rule.trisa.keys import parse_private_key
from strongroom.travel_rule.trp.amounts import Unit
from strongroom.travel_rule.trp.client import TrpClient
from strongroom.travel_rule.trp.messages import Identity
from strongroom.travel_rule.trp.server import TrpServer
from strongroom.vendors.chainalysis import kyt, sanctions
from strongroom.vendors.chainalysis.kyt import KytClient
from strongroom.vendors.chainalysis.sanctions import SanctionsClient
from strongroom.vendors.refinitiv import world_check
from strongroom.vendors.refinitiv.world_check import WorldCheckClient

IDENTITY: Final = "travel-rule-identity"
"""The software KMS's name of the key that messages are signed with; the network authority lists its public half."""
_KEK: Final = "travel-rule-kek"
_CONTENT: Final = "travel-rule-content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything from outside that an enclave needs, besides what its settings name."""

    clock: Clock
    entropy: Entropy
    kms: Kms


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorTls:
    """What the doors are served behind; None for plain HTTP. ``messages`` is also what the hub is called with."""

    api: RenewedTls | None
    messages: RenewedTls | None

    def each(self) -> tuple[RenewedTls, ...]:
        """Those that there are."""
        return tuple(tls for tls in (self.api, self.messages) if tls is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclave:
    """One enclave, not yet serving: ASGI applications for whoever runs the HTTP servers; TRP's if that is on."""

    means: Means
    api: HttpApp
    messages: HttpApp
    trp: HttpApp | None
    tls: DoorTls
    start: Callable[[], None]
    stop: Callable[[], Awaitable[None]]


async def build(config: EnclaveConfig, ports: Ports) -> Enclave:
    """The enclave over its migrated database.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, ``UNAVAILABLE``, ``STATE_DAMAGED``.
    """
    worker = Worker(config.work, clock=ports.clock)
    assessor = Assessor(concurrency=config.assessments.concurrency, clock=ports.clock)
    tls = _tls(config, ports.clock)
    means = await _means(config, ports, tls, worker, assessor)

    def start() -> None:
        worker.start(means)
        assessor.start(means)
        for each in tls.each():
            each.start()

    async def stop() -> None:
        for each in tls.each():
            await each.stop()
        await assessor.stop()
        await worker.stop()
        await _close(means)

    return Enclave(
        means=means,
        api=ApiDoor(means, token=config.api.token, max_body_bytes=config.api.max_body_bytes),
        messages=MessageDoor(means, environment=config.environment, is_open=not config.hub.tls_folder),
        trp=TrpServer(EnclaveDesk(means), clock=ports.clock) if means.trp is not None else None,
        tls=tls,
        start=start,
        stop=stop,
    )


def _tls(config: EnclaveConfig, clock: Clock) -> DoorTls:
    api, folder = config.api, config.hub.tls_folder
    of_api = TlsFiles(certificate=Path(api.tls_cert_file), key=Path(api.tls_key_file)) if api.tls_cert_file else None
    return DoorTls(
        api=RenewedTls(of_api, clock=clock) if of_api else None,
        messages=RenewedTls(TlsFiles.in_folder(Path(folder)), clock=clock) if folder else None,
    )


async def _means(config: EnclaveConfig, ports: Ports, tls: DoorTls, worker: Worker, assessor: Assessor) -> Means:
    book = _book(config)
    database = await open_store(config, ports)
    return Means(
        own_vasp_id=config.vasp_id,
        jurisdiction=config.jurisdiction,
        database=database,
        cipher=await open_cipher(config, ports, database),
        hub=_hub(config, ports, tls.messages),
        backend=_backend(config),
        starter=worker,
        screens=_screens(config, ports, assessor),
        clock=ports.clock,
        entropy=ports.entropy,
        sender=Sender(vasp_id=config.vasp_id, signer=ports.kms.signer(IDENTITY)),
        content_key=ports.kms.sealing_key(_CONTENT),
        book=book,
        profile=PROFILES[config.profile],
        edition=Edition(config.edition) if config.edition else None,
        patience=_patience(config),
        trp=_trp(config, ports) if "trp" in config.features else None,
        trisa_key=_trisa_key(config),
    )


async def _close(means: Means) -> None:
    await means.screens.close()
    await means.backend.close()
    await means.hub.close()
    if means.trp is not None:
        await means.trp.client.close()
    await means.database.close()


async def open_store(config: EnclaveConfig, ports: Ports) -> EnclaveDatabase:
    """The database's pool; ``CONFIG_INVALID``, ``UNAVAILABLE``."""
    section = config.database
    settings = DatabaseSettings(
        url=section.url,
        max_connections=section.max_connections,
        tls_ca_file=Path(section.tls_ca_file) if section.tls_ca_file else None,
        schema=section.schema or None,
    )
    return await open_database(settings, clock=ports.clock, entropy=ports.entropy)


async def migrate_store(config: EnclaveConfig, ports: Ports) -> tuple[str, ...]:
    """Bring the database to this release; gives what was applied. ``CONFIG_INVALID``, ``UNAVAILABLE``."""
    database = await open_store(config, ports)
    try:
        return await migrate(database, features=config.features, now=ports.clock.now())
    finally:
        await database.close()


async def open_cipher(config: EnclaveConfig, ports: Ports, database: EnclaveDatabase) -> ColumnCipher:
    """The cipher of the columns with every data key of the database; the first one is made here."""
    cipher = ColumnCipher(await open_wrapper(config, ports), ports.entropy)
    now = ports.clock.now()
    await database.run(lambda tx: ensure_keyset(tx, cipher, now=now))
    await database.read(lambda tx: load_keyset(tx, cipher))
    return cipher


async def open_wrapper(config: EnclaveConfig, ports: Ports) -> KeyWrapper:
    """The key encryption key, wherever the settings say it is."""
    kek = config.kek
    match kek.kind:
        case "file":
            return SealingKeyWrapper(ports.kms.sealing_key(_KEK))
        case "text":
            return wrapper_from_text(kek.key)
        case "pkcs11":
            return Pkcs11Wrapper(Token(library=Path(kek.library), label=kek.token, pin=kek.pin))
        case "endpoint":
            async with httpx.AsyncClient(trust_env=False) as http:
                return await wrapper_from_endpoint(kek.url, input_key=kek.key, http=http)


def _hub(config: EnclaveConfig, ports: Ports, tls: RenewedTls | None) -> Hub:
    hub = config.hub
    try:
        authority_key = bytes.fromhex(hub.authority_key)
    except ValueError:
        authority_key = b""
    if len(authority_key) != 32:
        raise StrongroomError(Code.CONFIG_INVALID, "hub.authority_key is 64 hexadecimal digits.")
    return Hub(
        hub_origin(hub.url, tls=tls.client if tls else None, environment=config.environment),
        authority_key=authority_key,
        clock=ports.clock,
        directory_s=hub.directory_s,
        timeout_s=hub.timeout_s,
    )


def _backend(config: EnclaveConfig) -> Backend:
    backend = config.backend
    return Backend(
        BackendSettings(
            url=backend.url,
            ca_file=backend.ca_file or None,
            token=backend.token,
            verification_path=backend.verification_path,
            account_path=backend.account_path,
            transaction_path=backend.transaction_path,
            callback_path=backend.callback_path,
            verification_s=backend.verification_s,
            others_s=backend.others_s,
        )
    )


def _screens(config: EnclaveConfig, ports: Ports, starter: Assessor) -> Screens:
    """The companies whose features are on; nobody else has this worker's id, not even the same machine later."""
    settings, features = config.assessments, config.features
    return Screens(
        sanctions=_sanction_screen(config, ports.clock) if "chainalysis_sanction" in features else None,
        kyt=_kyt_screen(config, ports.clock) if "chainalysis_kyt" in features else None,
        wco=_wco_screen(config, ports.clock) if "refinitiv_wco" in features else None,
        terms=Terms(lease_s=settings.lease_s, poll_s=settings.poll_s, give_up_s=settings.give_up_s),
        worker_id=str(ports.entropy.uuid4()),
        starter=starter,
    )


def _sanction_screen(config: EnclaveConfig, clock: Clock) -> SanctionScreen:
    company = config.chainalysis
    client = SanctionsClient(
        api_key=company.sanction_key,
        clock=clock,
        base_url=company.sanction_url or sanctions.BASE_URL,
        timeout_s=config.assessments.timeout_s,
    )
    return SanctionScreen(client, clock=clock)


def _kyt_screen(config: EnclaveConfig, clock: Clock) -> KytScreen:
    company = config.chainalysis
    client = KytClient(
        token=company.kyt_token,
        clock=clock,
        base_url=company.kyt_url or kyt.BASE_URL,
        timeout_s=config.assessments.timeout_s,
    )
    return KytScreen(client, clock=clock, networks=company.networks)


def _wco_screen(config: EnclaveConfig, clock: Clock) -> WcoScreen:
    company = config.world_check
    client = WorldCheckClient(
        key=company.key,
        secret=company.secret,
        clock=clock,
        base_url=company.url or world_check.BASE_URL,
        timeout_s=config.assessments.timeout_s,
    )
    return WcoScreen(client, clock=clock, group_id=company.group_id)


def _trp(config: EnclaveConfig, ports: Ports) -> Trp:
    settings = config.trp
    parties = [
        Party(
            vasp_id=party.vasp_id,
            country=party.country,
            hosts=frozenset(host.lower() for host in party.hosts),
            key_hashes=frozenset(bytes.fromhex(key_hash) for key_hash in party.key_hashes),
            version=party.version,
            unit=Unit(party.unit),
        )
        for party in settings.parties
    ]
    assets = [
        KnownAsset(
            symbol=asset.symbol,
            network=asset.network or None,
            decimals=asset.decimals,
            dti=asset.dti or None,
            slip0044=asset.slip0044,
        )
        for asset in settings.assets
    ]
    tls = client_context(Path(settings.tls_folder))
    client = TrpClient(tls=tls, entropy=ports.entropy, timeout_s=settings.timeout_s)
    own = TrpSelf(url=settings.url, identity=Identity(name=settings.name, lei=settings.lei or None))
    return Trp(own, parties=parties, assets=assets, client=client)


def _trisa_key(config: EnclaveConfig) -> RSAPrivateKey | None:
    if not config.trisa.key_file:
        return None
    try:
        return parse_private_key(Path(config.trisa.key_file).read_bytes())
    except OSError:
        raise StrongroomError(Code.CONFIG_INVALID, "trisa.key_file cannot be read.") from None


def _patience(config: EnclaveConfig) -> Patience:
    work = config.work
    return Patience(
        back_off_s=work.back_off_s,
        back_off_max_s=work.back_off_max_s,
        answer_within_s=work.answer_within_s,
        decide_within_s=work.decide_within_s,
        callback_tries=work.callback_tries,
    )


def _book(config: EnclaveConfig) -> Book:
    try:
        book = parse_book(Path(config.rules_file).read_text("utf-8")) if config.rules_file else own_book()
    except (OSError, UnicodeDecodeError):
        raise StrongroomError(Code.CONFIG_INVALID, "rules_file cannot be read.") from None
    countries = {f"trp.parties {party.vasp_id}: country": party.country for party in config.trp.parties}
    for name, jurisdiction in {"jurisdiction": config.jurisdiction, **countries}.items():
        if not book.has(jurisdiction):  # the baseline would quietly hold instead
            raise StrongroomError(Code.CONFIG_INVALID, f"{name} is neither a country nor one of the rules.")
    return book
