"""Transfers through the whole product: how long from submission to broadcast, how many a second, and what that takes.

The load comes from this process, on the same cores as what it measures: it signs requests and waits, and asks the
nodes service's database a few times in a hundredth of a second which transactions a node has taken. Times are the
product's own, as recorded in its steps; both sides read the same clock.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import msgspec

from bench.figures import Load, Spread
from bench.machine import Memory, read_memory
from bench.product import SETTLE_S, Commits, Product, Records
from bench.split import Part, Steps, Walked, split
from strongroom.client.ports import SystemPorts

RECEIVER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
"""The second public account of the development chain."""
AMOUNT = "0.001"
ACCOUNTS = 16
WARM_UP = 5
TRANSACTION_TIMEOUT_S = 120.0
_POLL_S = 0.005
_READERS = 4


class Submitted(msgspec.Struct, frozen=True):
    """The answer of POST /v1/transactions."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLoad:
    """Transfers at one level of load.

    Args:
        broadcast: from the request until step 13 is recorded.
        taken: from the request until a node had taken the bytes; the throughput counts these.
        parts: where the time went.
        memory: of all Python processes of the product, at the end; None where the system does not tell.
        written_per_transaction: commits that changed something, up to finality; None if not counted.
        asked_per_transaction: round trips to the database server, up to finality; None if not counted.
    """

    broadcast: Load
    taken: Load
    parts: tuple[Part, ...]
    memory: Memory | None
    written_per_transaction: float | None = None
    asked_per_transaction: float | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    transaction_id: str
    submitted_at_us: int
    taken_at_us: int


class Sender:
    """One API user that sends transfers and learns what became of them."""

    def __init__(self, product: Product, records: Records, accounts: tuple[str, ...]) -> None:
        self._product, self._records, self._accounts = product, records, accounts
        self._ports = SystemPorts()
        self._base = httpx.URL(product.facts.base_url)
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)
        self._awaited: dict[str, asyncio.Future[int]] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """The sender, watching for what nodes take."""
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching and close the connections."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._http.aclose()

    async def measure(self, *, in_flight: int, count: int, count_commits: bool) -> FlowLoad:
        """A closed loop of transfers, each account with one at a time.

        Args:
            in_flight: how many at a time; at most as many as there are accounts.
            count: how many in all, after a warm-up that is not counted.
            count_commits: also count what the database does, which takes half a minute of idle time.
        """
        await self._loop(in_flight=in_flight, count=max(WARM_UP, in_flight))
        before = await self._settle() if count_commits else None
        begun_us = _now_us()
        sent = await self._loop(in_flight=in_flight, count=count)
        elapsed_s = (max(one.taken_at_us for one in sent) - begun_us) / 1_000_000
        memory = read_memory(self._product.pid)
        after = await self._settle() if count_commits else None
        walks = await self._read_walks(sent)
        rate = count / elapsed_s
        return FlowLoad(
            broadcast=Load(in_flight=in_flight, latency_ms=Spread.of([w.broadcast_ms for w in walks]), per_second=rate),
            taken=Load(in_flight=in_flight, latency_ms=Spread.of([w.taken_ms for w in walks]), per_second=rate),
            parts=split(walks),
            memory=memory,
            written_per_transaction=None if not (before and after) else (after.written - before.written) / count,
            asked_per_transaction=None if not (before and after) else (after.asked - before.asked) / count,
        )

    async def _settle(self) -> Commits:
        await self._records.wait_until_final()
        await asyncio.sleep(SETTLE_S)
        return await self._records.count_commits()

    async def _loop(self, *, in_flight: int, count: int) -> list[_Sent]:
        turns = iter(range(count))

        async def work(account: str, turns: Iterator[int]) -> list[_Sent]:
            return [await self._transfer(account) for _ in turns]

        accounts = itertools.islice(self._accounts, in_flight)
        workers = await asyncio.gather(*(work(account, turns) for account in accounts))
        return [one for sent in workers for one in sent]

    async def _transfer(self, account: str) -> _Sent:
        body = json.dumps(
            {
                "operation": "TRANSFER",
                "assetId": self._product.facts.asset_id,
                "source": {"type": "VAULT_ACCOUNT", "id": account},
                "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": RECEIVER}},
                "amount": AMOUNT,
                "feeLevel": "MEDIUM",
            }
        ).encode()
        request = self._request("POST", "/transactions", body)
        submitted_at_us = _now_us()
        submitted = msgspec.json.decode(await self._send(request), type=Submitted)
        taken = self._awaited[submitted.id] = asyncio.get_running_loop().create_future()
        try:
            taken_at_us = await asyncio.wait_for(taken, TRANSACTION_TIMEOUT_S)
        except TimeoutError:
            steps = await self._read_steps(submitted.id)
            last = steps.steps[-1].step if steps.steps else "none"
            reason = f"{submitted.id} was not broadcast: {steps.status} after step {last}."
            raise RuntimeError(reason) from None
        finally:
            del self._awaited[submitted.id]
        return _Sent(submitted.id, submitted_at_us, taken_at_us)

    async def _watch(self) -> None:
        while True:
            if self._awaited:
                for transaction_id, taken_at_us in (await self._records.find_taken(self._awaited.keys())).items():
                    awaited = self._awaited.get(transaction_id)
                    if awaited is not None and not awaited.done():
                        awaited.set_result(taken_at_us)
            await asyncio.sleep(_POLL_S)

    async def _read_walks(self, sent: list[_Sent]) -> list[Walked]:
        turns = iter(sent)

        async def read(turns: Iterator[_Sent]) -> list[Walked]:
            return [await self._read_walk(one) for one in turns]

        readers = await asyncio.gather(*(read(turns) for _ in range(_READERS)))
        return [walk for walks in readers for walk in walks]

    async def _read_walk(self, one: _Sent) -> Walked:
        steps = (await self._read_steps(one.transaction_id)).steps
        return Walked.of(steps, submitted_at_us=one.submitted_at_us, taken_at_us=one.taken_at_us)

    async def _read_steps(self, transaction_id: str) -> Steps:
        request = self._request("GET", f"/transactions/{transaction_id}/steps", b"")
        return msgspec.json.decode(await self._send(request), type=Steps)

    def _request(self, method: str, path: str, body: bytes) -> httpx.Request:
        target = self._base.path.rstrip("/") + path
        credentials = self._product.credentials
        token = credentials.sign_request(uri=target, body=body, ports=self._ports)
        headers = {
            "Content-Type": "application/json",
            "X-API-Key": credentials.api_key,
            "Authorization": f"Bearer {token}",
        }
        url = self._base.copy_with(raw_path=target.encode())
        return self._http.build_request(method, url, content=body, headers=headers)

    async def _send(self, request: httpx.Request) -> bytes:
        answer = await self._http.send(request)
        if not answer.is_success:
            raise RuntimeError(f"{request.method} {request.url.path}: HTTP {answer.status_code} {answer.text}")
        return answer.content


def _now_us() -> int:
    return time.time_ns() // 1000
