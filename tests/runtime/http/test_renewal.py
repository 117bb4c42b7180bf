"""A door and a client whose TLS files are replaced while they run."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.runtime.http import (
    PEER,
    HttpClient,
    HttpFailureError,
    Origin,
    Peer,
    RenewedTls,
    TlsFiles,
    TlsSource,
    certificate_key_hash,
    client_context,
    open_door,
    serve_config,
)
from strongroom.runtime.pki import Authority, TlsIdentity, tls_host_name
from tests.fixtures.logs import listening

SANDBOX = Environment.SANDBOX
LONG_S = 60.0
CLOCK = SystemClock()
ALARM = "alarm_tls_files"


class Folders:
    """An authority, and the TLS folders it fills."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._authority = Authority.open(home / "authority", environment=SANDBOX, clock=CLOCK)

    def fill(self, service: str, *, lifetime: timedelta = timedelta(days=90)) -> Path:
        """A new key and certificate of the service, in its folder."""
        leaf = self._authority.issue_tls(service, lifetime=lifetime)
        TlsIdentity(leaf, clock=CLOCK).save(self.home / service)
        return self.home / service


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path)
    for service in ("hub", "vasp-1"):
        made.fill(service)
    return made


def key_in(folder: Path) -> bytes:
    return certificate_key_hash(ssl.PEM_cert_to_DER_cert(first_of(folder / "tls.pem")))


def first_of(chain: Path) -> str:
    end = "-----END CERTIFICATE-----"
    return chain.read_text().partition(end)[0] + end


async def _who(
    scope: dict[str, object], _receive: object, send: Callable[[dict[str, object]], Awaitable[None]]
) -> None:
    """Answers with the hash of the caller's key."""
    state = cast("dict[str, Peer]", scope.get("state", {}))
    shown = state[PEER].key_hash if PEER in state else b"nobody"
    headers = [(b"content-length", str(len(shown)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": shown})


@asynccontextmanager
async def served(tls: RenewedTls) -> AsyncGenerator[int]:
    async with open_door(serve_config(_who, host="127.0.0.1", port=0, tls=tls.server)) as port:
        yield port


@asynccontextmanager
async def calling(port: int, tls: TlsSource, *, key_hash: bytes | None = None) -> AsyncGenerator[HttpClient]:
    name = tls_host_name(SANDBOX, "hub")
    client = HttpClient(Origin(host="127.0.0.1", port=port, tls=tls, server_name=name, key_hash=key_hash))
    yield client
    await client.close()


async def shown_to(client: HttpClient) -> bytes:
    return (await client.call("GET", "/", timeout_s=LONG_S)).body


async def shows(port: int, folder: Path, *, key: bytes) -> bool:
    """Whether a new handshake at the door shows that key."""
    async with calling(port, client_context(folder), key_hash=key) as client:
        try:
            return await shown_to(client) == key_in(folder)
        except HttpFailureError:
            return False


async def test_a_new_handshake_takes_the_new_leaf_and_an_open_connection_goes_on(folders: Folders) -> None:
    vasp, hub = folders.home / "vasp-1", folders.home / "hub"
    tls, old = RenewedTls(TlsFiles.in_folder(hub), clock=CLOCK), key_in(hub)
    async with served(tls) as port, calling(port, client_context(vasp), key_hash=old) as open_before:
        assert await shown_to(open_before) == key_in(vasp)
        folders.fill("hub")
        assert await shows(port, vasp, key=old)  # nobody has looked yet
        tls.look()
        assert await shows(port, vasp, key=key_in(hub))
        assert not await shows(port, vasp, key=old)
        assert await shown_to(open_before) == key_in(vasp)


async def test_a_client_shows_the_new_leaf_with_its_next_call(folders: Folders) -> None:
    vasp = folders.home / "vasp-1"
    tls = RenewedTls(TlsFiles.in_folder(folders.home / "hub"), clock=CLOCK)
    own = RenewedTls(TlsFiles.in_folder(vasp), clock=CLOCK)
    async with served(tls) as port, calling(port, own.client) as client:
        for _ in range(2):
            assert await shown_to(client) == key_in(vasp)
            folders.fill("vasp-1")
            own.look()
        assert await shown_to(client) == key_in(vasp)


async def test_a_new_root_is_what_others_are_believed_under(folders: Folders, tmp_path: Path) -> None:
    theirs = Folders(tmp_path / "theirs")
    theirs.fill("vasp-1")
    hub, stranger = folders.home / "hub", theirs.home / "vasp-1"
    tls = RenewedTls(TlsFiles.in_folder(hub), clock=CLOCK)
    async with served(tls) as port:
        assert not await shows(port, stranger, key=key_in(hub))
        theirs.fill("hub")
        for name in ("tls.key", "tls.pem", "root.pem"):
            (hub / name).write_bytes((theirs.home / "hub" / name).read_bytes())
        tls.look()
        assert await shows(port, stranger, key=key_in(hub))
        assert not await shows(port, folders.home / "vasp-1", key=key_in(hub))


def _garbage(folders: Folders, hub: Path) -> None:
    del folders
    (hub / "tls.pem").write_text("not a certificate")


def _gone(folders: Folders, hub: Path) -> None:
    del folders
    (hub / "root.pem").unlink()


def _others_key(folders: Folders, hub: Path) -> None:
    (hub / "tls.key").write_bytes((folders.home / "vasp-1" / "tls.key").read_bytes())


def _expired(folders: Folders, hub: Path) -> None:
    del hub
    folders.fill("hub", lifetime=timedelta(seconds=1))


@pytest.mark.parametrize("spoil", [_garbage, _gone, _others_key, _expired])
async def test_files_that_cannot_be_used_raise_one_alarm_and_the_old_ones_stay(
    folders: Folders, spoil: Callable[[Folders, Path], None]
) -> None:
    vasp, hub = folders.home / "vasp-1", folders.home / "hub"
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    tls, old = RenewedTls(TlsFiles.in_folder(hub), clock=clock), key_in(hub)
    with listening("hub") as log:
        async with served(tls) as port:
            spoil(folders, hub)
            tls.look()
            assert ALARM not in log.getvalue()  # perhaps it is being written
            for _ in range(3):
                tls.look()
            assert log.getvalue().count(ALARM) == 1
            assert await shows(port, vasp, key=old)
            folders.fill("hub")
            tls.look()
            assert await shows(port, vasp, key=key_in(hub))
    assert log.getvalue().count(ALARM) == 1
    assert "tls_files_renewed" in log.getvalue()
    assert "PRIVATE KEY" not in log.getvalue()


async def test_once_started_it_looks_by_the_clock_until_it_is_stopped(folders: Folders) -> None:
    vasp, hub, clock = folders.home / "vasp-1", folders.home / "hub", ManualClock(datetime.now(UTC))
    tls = RenewedTls(TlsFiles.in_folder(hub), clock=clock)

    async def pass_time() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(10)
        for _ in range(5):
            await asyncio.sleep(0)

    async with served(tls) as port:
        tls.start()
        for _ in range(2):
            folders.fill("hub")
            await pass_time()
            assert await shows(port, vasp, key=key_in(hub))
        await tls.stop()
        last = key_in(hub)
        folders.fill("hub")
        await pass_time()
        assert await shows(port, vasp, key=last)


async def test_a_door_without_a_root_lets_everybody_in_and_renews_too(folders: Folders) -> None:
    hub = folders.home / "hub"
    tls = RenewedTls(TlsFiles(certificate=hub / "tls.pem", key=hub / "tls.key"), clock=CLOCK)
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.load_verify_locations(hub / "root.pem")
    async with served(tls) as port:
        for _ in range(2):
            async with calling(port, bare, key_hash=key_in(hub)) as client:
                assert await shown_to(client) == b"nobody"
            folders.fill("hub")
            tls.look()


def test_files_that_cannot_be_used_to_begin_with_are_refused(folders: Folders) -> None:
    hub = folders.home / "hub"
    (hub / "tls.key").unlink()
    with pytest.raises(StrongroomError, match=r"hub/tls\.pem") as error:
        RenewedTls(TlsFiles.in_folder(hub), clock=CLOCK)
    assert error.value.code is Code.CONFIG_INVALID
