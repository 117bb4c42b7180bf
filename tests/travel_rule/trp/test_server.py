"""The server and the client over mutual TLS, every header fault, and versions from 3.0 to 3.2.1."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import certificate_key_hash, client_context, open_door, serve_config, server_context
from strongroom.travel_rule.trp.client import Counterparty, TrpClient
from strongroom.travel_rule.trp.headers import head_of
from strongroom.travel_rule.trp.messages import (
    Acknowledged,
    Approval,
    Approved,
    Canceled,
    Confirmed,
    Extensions,
    Identity,
    Inquiry,
    Rejected,
    VersionInfo,
)
from strongroom.travel_rule.trp.server import TrpServer
from strongroom.travel_rule.trp.versions import LATEST, SPOKEN, is_spoken, next_to_try
from tests.travel_rule.trp.authority import TestAuthority
from tests.travel_rule.trp.desks import CALLBACK, INQUIRY, TOKEN, MemoryDesk

UUID = "4a1b0f0e-4d60-4b44-9a3c-2a6a7c0f7a11"
HEAD = head_of(version=LATEST, identifier=UUID)
Scope = Any


@dataclass(frozen=True, kw_only=True)
class Town:
    """A server, who decides for it, and a client with a certificate of its own."""

    desk: MemoryDesk
    clock: ManualClock
    client: TrpClient
    http: httpx.AsyncClient
    host: str
    tls: ssl.SSLContext
    folder: Path

    @property
    def other(self) -> Counterparty:
        return Counterparty(hosts=frozenset({self.host}))

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    async def post(
        self, path: str, headers: Mapping[str, str | None] = MappingProxyType({}), *, body: bytes = INQUIRY
    ) -> httpx.Response:
        given = {**HEAD, **{name.replace("_", "-"): value for name, value in headers.items()}}
        kept = {name: value for name, value in given.items() if value is not None}
        return await self.http.post(self.url(path), content=body, headers=kept)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    authority, folder = TestAuthority(), tmp_path_factory.mktemp("tls")
    return authority.issue(folder / "server", "Server"), authority.issue(folder / "client", "Client")


@pytest.fixture
async def town(folders: tuple[Path, Path]) -> AsyncIterator[Town]:
    desk, clock = MemoryDesk(), ManualClock()
    server = TrpServer(desk, clock=clock)
    tls = client_context(folders[1])
    config = serve_config(server, host="127.0.0.1", port=0, tls=server_context(folders[0]))
    async with (
        open_door(config) as port,
        TrpClient(tls=tls, entropy=SystemEntropy()) as client,
        httpx.AsyncClient(verify=tls, trust_env=False) as http,
    ):
        yield Town(
            desk=desk, clock=clock, client=client, http=http, host=f"localhost:{port}", tls=tls, folder=folders[1]
        )


INQUIRIES = "/inquiries/12345?t=i"
ANSWERS = [
    Acknowledged(version="3.2.1"),
    Approved(approved=Approval(address="bc1q", callback=CALLBACK)),
    Rejected(rejected="No such customer."),
]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_inquiry_is_answered(town: Town, answer: Acknowledged | Approved | Rejected) -> None:
    town.desk.answer = answer
    heard = await town.client.inquire(town.url(INQUIRIES), INQUIRY, of=town.other, identifier=UUID)
    assert (heard.answer, heard.version) == (answer, "3.2.1")
    inquiry, place, sender = town.desk.taken[0]
    assert isinstance(inquiry, Inquiry)
    assert (inquiry.amount, place, sender.version, sender.identifier) == ("0.000021", "12345", "3.2.1", UUID)
    certificate = ssl.PEM_cert_to_DER_cert((town.folder / "tls.pem").read_text())
    assert sender.key_hash == certificate_key_hash(certificate)


@pytest.mark.parametrize("resolution", ANSWERS[1:])
async def test_a_late_answer_is_taken(town: Town, resolution: Approved | Rejected) -> None:
    await town.client.resolve(town.url(f"/resolutions/{TOKEN}"), resolution, of=town.other)
    assert [taken[:2] for taken in town.desk.taken] == [(resolution, TOKEN)]


@pytest.mark.parametrize("confirmation", [Confirmed(txid="0xabc"), Canceled(canceled="Changed our mind.")])
async def test_a_confirmation_is_taken(town: Town, confirmation: Confirmed | Canceled) -> None:
    await town.client.confirm(town.url(f"/confirmations/{TOKEN}"), confirmation, of=town.other)
    assert [taken[:2] for taken in town.desk.taken] == [(confirmation, TOKEN)]


async def test_late_messages_are_answered_204_without_a_body(town: Town) -> None:
    answered = await town.post(f"/confirmations/{TOKEN}", body=b'{"txid":"a"}')
    assert (answered.status_code, answered.content) == (204, b"")
    answered = await town.post(f"/resolutions/{TOKEN}", body=b'{"rejected":"a"}')
    assert (answered.status_code, answered.content) == (204, b"")


async def test_the_server_tells_of_itself(town: Town) -> None:
    town.clock.advance(90061.5)
    assert await town.client.identity(town.host, of=town.other) == Identity(
        name="Acme VASP", lei="TVYD005I7Q5IJK0EMI53"
    )
    assert await town.client.version(town.host, of=town.other) == VersionInfo(version="3.2.1", vendor="Strongroom")
    assert await town.client.extensions(town.host, of=town.other) == Extensions()
    assert await town.client.uptime_s(town.host, of=town.other) == 90061


async def test_discovery_needs_no_headers(town: Town) -> None:
    for path in ("/identity", "/version", "/uptime", "/extensions"):
        answered = await town.http.get(town.url(path))
        assert answered.status_code == 200
        assert answered.headers["api-version"] == "3.2.1"
        assert (await town.http.post(town.url(path), headers=HEAD)).status_code == 405


HEADER_FAULTS: list[tuple[dict[str, str | None], int]] = [
    ({"api_version": None}, 400),
    ({"api_version": ""}, 400),
    ({"api_version": "3.2"}, 400),
    ({"api_version": "three"}, 400),
    ({"api_version": "2.1.0"}, 400),
    ({"api_version": "3.2.2"}, 400),
    ({"api_version": "4.0.0"}, 400),
    ({"api_version": "03.2.1"}, 400),
    ({"request_identifier": None}, 400),
    ({"request_identifier": "7"}, 400),
    ({"request_identifier": f"{UUID}0"}, 400),
    ({"content_type": None}, 415),
    ({"content_type": "text/plain"}, 415),
    ({"content_type": "application/json; charset=latin-1"}, 415),
    ({"content_type": "application/jsonp"}, 415),
    ({"api_extensions": "message-signing"}, 501),
    ({"api_extensions": "a, b"}, 501),
]


async def test_every_header_fault_has_its_status(town: Town) -> None:
    for path, body in ((INQUIRIES, INQUIRY), (f"/confirmations/{TOKEN}", b'{"txid":"a"}')):
        for headers, status in HEADER_FAULTS:
            answered = await town.post(path, headers, body=body)
            assert (headers, answered.status_code) == (headers, status)
            assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert town.desk.taken == []


NO_FAULTS: list[dict[str, str | None]] = [
    {"content_type": "application/json"},
    {"content_type": 'Application/JSON; charset="UTF-8"'},
    {"api_extensions": ""},
    {"api_extensions": ","},
    {"request_identifier": UUID.upper()},
]


async def test_what_is_no_fault(town: Town) -> None:
    for headers in NO_FAULTS:
        assert (headers, (await town.post(INQUIRIES, headers)).status_code) == (headers, 200)


async def test_a_header_given_twice_is_refused(town: Town) -> None:
    for name in ("api-version", "request-identifier", "content-type", "api-extensions"):
        doubled = [*HEAD.items(), ("api-extensions", ""), (name, HEAD.get(name, ""))]
        answered = await town.http.post(town.url(INQUIRIES), content=INQUIRY, headers=doubled)
        assert answered.status_code == 400


async def test_every_spoken_version_is_answered_with_itself(town: Town) -> None:
    for version in (*SPOKEN, "3.0.7", "3.1.9"):
        answered = await town.post(INQUIRIES, {"api_version": version})
        assert answered.status_code == 200
        assert (answered.headers["api-version"], answered.headers["request-identifier"]) == (version, UUID)


async def test_a_refusal_says_the_newest_version_and_echoes_the_identifier(town: Town) -> None:
    answered = await town.post(INQUIRIES, {"api_version": "9.0.0"})
    assert (answered.headers["api-version"], answered.headers["request-identifier"]) == (LATEST, UUID)
    answered = await town.post(INQUIRIES, {"request_identifier": "<script>"})
    assert "request-identifier" not in answered.headers


PLACES = [
    ("POST", "/inquiries/12345", 404),
    ("POST", "/inquiries/12345?t=x", 404),
    ("POST", "/inquiries/12345?t=i&t=i", 404),
    ("POST", "/inquiries/?t=i", 404),
    ("POST", "/inquiries/1/2?t=i", 404),
    ("POST", f"/inquiries/{'x' * 300}?t=i", 404),
    ("POST", "/inquiries/unknown?t=i", 404),
    ("POST", "/resolutions/used-up", 404),
    ("POST", "/confirmations/used-up", 404),
    ("POST", "/", 404),
    ("POST", "/other/x", 404),
    ("GET", "/inquiries/12345?t=i", 405),
    ("PUT", f"/confirmations/{TOKEN}", 405),
]


async def test_every_other_place(town: Town) -> None:
    bodies = {"resolutions": b'{"rejected":"a"}', "confirmations": b'{"txid":"a"}'}
    for method, path, status in PLACES:
        body = bodies.get(path.split("/")[1], INQUIRY)
        answered = await town.http.request(method, town.url(path), content=body, headers=HEAD)
        assert (path, answered.status_code) == (path, status)
        assert ("allow" in answered.headers) == (status == 405)


async def test_a_body_that_is_too_large_is_refused_unread(town: Town) -> None:
    assert (await town.post(INQUIRIES, body=b" " * 400_000)).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield b" " * 1000

    answered = await town.http.post(town.url(INQUIRIES), content=endless(), headers=HEAD)
    assert answered.status_code == 413


async def test_a_payload_that_breaks_ivms101_is_refused(town: Town) -> None:
    answered = await town.post(INQUIRIES, body=INQUIRY.replace(b'"LEGL"', b'"NONE"'))
    assert answered.status_code == 400
    assert answered.text.startswith("CODE at $.IVMS101.")
    assert town.desk.taken == []


async def test_what_goes_wrong_inside_is_not_told(town: Town) -> None:
    town.desk.is_broken = True
    answered = await town.post(INQUIRIES)
    assert (answered.status_code, answered.text) == (500, Code.INTERNAL.meaning.text)


async def test_nobody_speaks_without_a_certificate(town: Town) -> None:
    plain = ssl.create_default_context(cafile=str(town.folder / "root.pem"))
    async with httpx.AsyncClient(verify=plain, trust_env=False) as http:
        with pytest.raises(httpx.HTTPError):
            await http.get(town.url("/version"))


async def test_an_extension_that_is_supported_or_required(folders: tuple[Path, Path]) -> None:
    desk, tls = MemoryDesk(), client_context(folders[1])
    extensions = Extensions(required=("message-signing",), supported=("extended-ivms101",))
    server = TrpServer(desk, clock=ManualClock(), extensions=extensions)
    config = serve_config(server, host="127.0.0.1", port=0, tls=server_context(folders[0]))
    async with open_door(config) as port, httpx.AsyncClient(verify=tls, trust_env=False) as http:
        url = f"https://localhost:{port}{INQUIRIES}"
        statuses = [
            (await http.post(url, content=INQUIRY, headers={**HEAD, "api-extensions": names})).status_code
            for names in ("", "extended-ivms101", "message-signing", "Message-Signing, extended-ivms101", "other")
        ]
    assert statuses == [400, 400, 200, 200, 501]
    assert desk.taken[-1][2].extensions == ("message-signing", "extended-ivms101")


async def refused(call: Awaitable[object]) -> Code:
    with pytest.raises(StrongroomError) as error:
        await call
    return error.value.code


async def test_a_refused_inquiry_is_told_apart_from_an_absent_counterparty(town: Town) -> None:
    other = town.other
    ask = town.client.inquire
    assert await refused(ask(town.url("/inquiries/x?t=i"), INQUIRY, of=other, identifier=UUID)) is (
        Code.COUNTERPARTY_REFUSED
    )
    assert await refused(ask(town.url(INQUIRIES), b"{}", of=other, identifier=UUID)) is Code.COUNTERPARTY_REFUSED
    town.desk.is_broken = True
    assert await refused(ask(town.url(INQUIRIES), INQUIRY, of=other, identifier=UUID)) is Code.COUNTERPARTY_UNAVAILABLE
    nobody = Counterparty(hosts=frozenset({"localhost:1"}))
    assert await refused(town.client.version("localhost:1", of=nobody)) is Code.COUNTERPARTY_UNAVAILABLE


async def test_an_address_that_leads_elsewhere_is_not_followed(town: Town) -> None:
    for url in ("https://localhost:1/x", f"http://{town.host}/x", f"https://user@{town.host}/x"):
        ask = town.client.inquire(url, INQUIRY, of=town.other, identifier=UUID)
        assert await refused(ask) is Code.ADDRESS_INVALID
        assert await refused(town.client.confirm(url, Confirmed(txid="a"), of=town.other)) is Code.ADDRESS_INVALID
    assert town.desk.taken == []


Answering = Callable[[dict[str, str]], tuple[int, dict[str, str], bytes]]


class Stranger:
    """Another implementation: answers whatever it is given to answer."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append(headers["api-version"])
        while (await receive()).get("more_body"):
            pass
        status, given, body = self.answering(headers)
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


async def asked(folders: tuple[Path, Path], stranger: Stranger) -> Any:
    config = serve_config(stranger, host="127.0.0.1", port=0, tls=server_context(folders[0]))
    async with (
        open_door(config) as port,
        TrpClient(tls=client_context(folders[1]), entropy=SystemEntropy(), timeout_s=20) as client,
    ):
        of = Counterparty(hosts=frozenset({f"localhost:{port}"}))
        return await client.inquire(f"https://localhost:{port}/x?t=i", INQUIRY, of=of, identifier=UUID)


@pytest.mark.parametrize(
    ("newest", "says", "tried"),
    [
        ("3.2.0", False, ["3.2.1", "3.2.0"]),
        ("3.1.0", False, ["3.2.1", "3.2.0", "3.1.0"]),
        ("3.1.0", True, ["3.2.1", "3.1.0"]),
        ("3.0.0", True, ["3.2.1", "3.0.0"]),
        ("3.0.0", False, ["3.2.1", "3.2.0", "3.1.0", "3.0.0"]),
    ],
)
async def test_an_older_version_is_found(folders: tuple[Path, Path], newest: str, says: bool, tried: list[str]) -> None:  # noqa: FBT001
    def older(headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if headers["api-version"] == newest:
            return (
                200,
                {"api-version": newest, "request-identifier": headers["request-identifier"]},
                b'{"rejected":"n"}',
            )
        return 400, {"api-version": newest} if says else {}, b""

    stranger = Stranger(older)
    heard = await asked(folders, stranger)
    assert (heard.answer, heard.version) == (Rejected(rejected="n"), newest)
    assert stranger.seen == tried


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "calls"),
    [
        (400, {}, b"", Code.COUNTERPARTY_REFUSED, 4),
        (400, {"api-version": "3.2.1"}, b"", Code.COUNTERPARTY_REFUSED, 1),
        (400, {"api-version": "2.0.0"}, b"", Code.COUNTERPARTY_REFUSED, 4),
        (401, {}, b"", Code.COUNTERPARTY_REFUSED, 1),
        (501, {}, b"", Code.COUNTERPARTY_REFUSED, 1),
        (302, {"location": "https://localhost/elsewhere"}, b"", Code.COUNTERPARTY_REFUSED, 1),
        (500, {}, b"", Code.COUNTERPARTY_UNAVAILABLE, 1),
        (503, {}, b"", Code.COUNTERPARTY_UNAVAILABLE, 1),
        (200, {}, b"", Code.TRAVEL_RULE_MESSAGE_INVALID, 1),
        (200, {}, b"<html>", Code.TRAVEL_RULE_MESSAGE_INVALID, 1),
        (200, {}, b"x" * 500_000, Code.TRAVEL_RULE_MESSAGE_INVALID, 1),
        (200, {"request-identifier": "other"}, b'{"rejected":"n"}', Code.TRAVEL_RULE_MESSAGE_INVALID, 1),
        (200, {"content-length": "5"}, b"", Code.COUNTERPARTY_UNAVAILABLE, 1),
    ],
)
async def test_what_a_stranger_may_answer(
    folders: tuple[Path, Path], status: int, headers: dict[str, str], body: bytes, code: Code, calls: int
) -> None:
    stranger = Stranger(lambda _: (status, headers, body))
    assert await refused(asked(folders, stranger)) is code
    assert len(stranger.seen) == calls


def test_versions() -> None:
    versions = ("3.0.0", "3.1.5", "3.2.1", "3.2.2", "2.9.9", "3.0", "3.0.0-rc", "")
    assert [version for version in versions if is_spoken(version)] == ["3.0.0", "3.1.5", "3.2.1"]
    assert next_to_try("3.0.0", None) is None
    assert next_to_try("3.1.5", None) == "3.1.0"
    assert next_to_try("3.1.0", "3.2.0") == "3.0.0"
