"""The stand-ins are programs of their own, and their signature check can say no."""

import asyncio
import signal
import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path

import httpx
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.vendors.chainalysis.sanctions import SanctionsClient
from strongroom.vendors.chainalysis.simulator import API_KEY
from strongroom.vendors.faults import Fault, VendorError
from strongroom.vendors.http import LONGEST_WAIT_S
from strongroom.vendors.refinitiv.simulator import KEY, SECRET, WorldCheckSimulator
from strongroom.vendors.simulated import Reply, Request, Simulator
from tests.fixtures.vendors import serving

BODY = b'{"query":"actionType==SCREENED_CASE"}'


class Waits(Simulator):
    def __init__(self, retry_after: str) -> None:
        super().__init__()
        self.retry_after = retry_after

    def answer(self, request: Request) -> Reply:
        assert request.method == "GET"
        return Reply(status=429, value={}, headers={"retry-after": self.retry_after})


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("0", 0),
        ("120", 120),
        ("99999999", LONGEST_WAIT_S),
        ("Tue, 01 Jan 2030 00:01:30 GMT", 90),
        ("Mon, 31 Dec 2029 23:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_how_long_a_company_asks_to_wait(text: str, wait_s: int | None) -> None:
    clock = ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
    async with serving(Waits(text)) as url, SanctionsClient(api_key="k", clock=clock, base_url=url) as client:
        with pytest.raises(VendorError) as limited:
            await client.list_identifications("a")
    assert limited.value.fault is Fault.RATE_LIMITED
    assert limited.value.retry_after_s == wait_s


@pytest.mark.parametrize("base_url", ["ftp://example.org", "no url", "http://", "http://[::1"])
def test_an_impossible_address_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(StrongroomError) as refused:
        SanctionsClient(api_key="k", clock=SystemClock(), base_url=base_url)
    assert refused.value.code is Code.CONFIG_INVALID


def signed(names: str, text: bytes, date: str, *, algorithm: str = "hmac-sha256") -> dict[str, str]:
    signature = b64encode(digest(SECRET.encode(), text, sha256)).decode()
    value = f'Signature keyId="{KEY}",algorithm="{algorithm}",headers="{names}",signature="{signature}"'
    return {"Authorization": value, "Date": date, "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("none", 404),
        ("body", 401),
        ("target", 401),
        ("host", 401),
        ("date", 401),
        ("date without GMT", 401),
        ("length left out", 401),
        ("capitals", 401),
        ("algorithm", 401),
    ],
)
async def test_the_signature_covers_every_byte(change: str, status: int) -> None:
    async with serving(WorldCheckSimulator()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        now = datetime.now(UTC)
        date = format_datetime(now, usegmt=change != "date without GMT")
        names = "(request-target) host date content-type content-length"
        method = "POST" if change == "capitals" else "post"
        length = "" if change == "length left out" else f"\ncontent-length: {len(BODY)}"
        if not length:
            names = names.removesuffix(" content-length")
        host = "elsewhere" if change == "host" else url.removeprefix("http://")
        target = "/v2/cases/b/auditEvents" if change == "target" else "/v2/cases/a/auditEvents"
        told = format_datetime(now + timedelta(seconds=1), usegmt=True) if change == "date" else date
        text = f"(request-target): {method} {target}\nhost: {host}\ndate: {told}\ncontent-type: application/json"
        headers = signed(
            names,
            f"{text}{length}\n".encode() + BODY,
            date,
            algorithm="hmac-sha512" if change == "algorithm" else "hmac-sha256",
        )
        body = BODY.replace(b"=", b"!") if change == "body" else BODY
        answer = await client.post("/v2/cases/a/auditEvents", content=body, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("name", ["chainalysis", "refinitiv"])
async def test_each_is_a_program_of_its_own(name: str, tmp_path: Path) -> None:
    addresses = tmp_path / "addresses.json"
    addresses.write_text('["0xdead"]')
    told = ["--sanctioned", str(addresses)] if name == "chainalysis" else ["--listed", str(addresses)]
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", f"strongroom.vendors.{name}.simulator", "--port", "0"),
        *told,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    url = (await program.stdout.readline()).decode().strip()
    try:
        if name == "chainalysis":
            async with SanctionsClient(api_key=API_KEY, clock=SystemClock(), base_url=f"{url}/api/v1") as client:
                assert len(await client.list_identifications("0xDEAD")) == 1
        else:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                assert (await client.get("/v2/cases/x/results")).status_code == 401
    finally:
        program.send_signal(signal.SIGTERM)
        assert await program.wait() == 0
