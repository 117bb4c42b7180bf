"""Approvals through the gateway's door: signed by a device, verified by the policy engine, stored before the answer.

What is approved are payments that two people must agree to. One of them answers, so that every answer is counted and
none lets a payment go on: signing is measured elsewhere. Devices sign before the clock runs; the API user's signature
of each call is made while it runs, in this process, on the same cores.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.figures import Load, Spread
from bench.product import Product, open_product
from strongroom.apps.embedded.anvil import fund
from strongroom.apps.embedded.layout import Layout
from strongroom.apps.embedded.tenant import APPROVERS, key_file
from strongroom.client import ApprovalAnswer, ApproverKey, Strongroom, StrongroomError, sign_approval
from strongroom.client.ports import SystemPorts
from strongroom.kernel.errors import Code

IN_FLIGHT = (1, 8)
WARM_UP = 5
AMOUNT = "6"
RECEIVER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_UNITS_EACH = 7 * 10**18
_TIMEOUT_S = 180.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class _Answer:
    """One person's signed answer to one payment, as it is sent."""

    path: str
    body: bytes


def measure_approvals(folder: Path, *, count: int, tell: Callable[[str], None]) -> tuple[Load, ...]:
    """Start a product of its own below ``folder``; ``count`` approvals at each level of ``IN_FLIGHT``.

    Raises:
        RuntimeError: an approval was not taken.
        TimeoutError: the payments did not wait for approvals in three minutes.
    """
    return asyncio.run(_measure(folder, count, tell))


async def _measure(folder: Path, count: int, tell: Callable[[str], None]) -> tuple[Load, ...]:
    tell("a product of its own starts, for approvals")
    async with open_product(folder) as product:
        wanted = WARM_UP + len(IN_FLIGHT) * count
        tell(f"{wanted} payments are asked for that two people must approve")
        answers = await asyncio.to_thread(_prepare, product, wanted)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            door = _Door(product, http)
            await door.loop(answers[:WARM_UP], in_flight=1)
            loads: list[Load] = []
            for number, in_flight in enumerate(IN_FLIGHT):
                tell(f"{count} approvals, {in_flight} in flight")
                begin = WARM_UP + number * count
                loads.append(await door.loop(answers[begin : begin + count], in_flight=in_flight))
    return tuple(loads)


class _Door:
    """The gateway, as an approver's program calls it."""

    def __init__(self, product: Product, http: httpx.AsyncClient) -> None:
        self._product, self._http, self._ports = product, http, SystemPorts()
        self._base = httpx.URL(product.facts.base_url)

    async def loop(self, answers: list[_Answer], *, in_flight: int) -> Load:
        """A closed loop over the answers."""
        turns = iter(answers)

        async def work(turns: Iterator[_Answer]) -> list[float]:
            return [await self._submit(answer) for answer in turns]

        began_s = time.perf_counter()
        workers = await asyncio.gather(*(work(turns) for _ in range(in_flight)))
        elapsed_s = time.perf_counter() - began_s
        taken_ms = [one for taken in workers for one in taken]
        return Load(in_flight=in_flight, latency_ms=Spread.of(taken_ms), per_second=len(answers) / elapsed_s)

    async def _submit(self, answer: _Answer) -> float:
        """Milliseconds until the approval is stored."""
        began_s = time.perf_counter()
        target = self._base.path.rstrip("/") + answer.path
        credentials = self._product.credentials
        token = credentials.sign_request(uri=target, body=answer.body, ports=self._ports)
        headers = {
            "Content-Type": "application/json",
            "X-API-Key": credentials.api_key,
            "Authorization": f"Bearer {token}",
        }
        taken = await self._http.post(
            self._base.copy_with(raw_path=target.encode()), content=answer.body, headers=headers
        )
        if not taken.is_success or taken.json() != {"state": "WAITING"}:
            raise RuntimeError(f"{target}: HTTP {taken.status_code} {taken.text}")
        return (time.perf_counter() - began_s) * 1000


def _prepare(product: Product, count: int) -> list[_Answer]:
    """Payments that wait, and the first approver's signed answer to each."""
    name = APPROVERS[0]
    key = ApproverKey.from_raw(name, key_file(Layout(Path(product.facts.data_dir)), name).read_bytes())
    with Strongroom(product.facts.base_url, credentials=product.credentials) as client:
        account = str(client.request("POST", "/vault/accounts", body={"name": "Approvals"})["id"])
        wallet = client.request("POST", f"/vault/accounts/{account}/{product.facts.asset_id}")
        address = str(wallet["address"])
        fund(rpc_url=product.facts.chain_rpc_url, address=address, value_units=count * _UNITS_EACH)
        asked = [_ask(client, product, account) for _ in range(count)]
        return [_sign(client, transaction_id, key) for transaction_id in asked]


def _ask(client: Strongroom, product: Product, account: str) -> str:
    body = {
        "operation": "TRANSFER",
        "assetId": product.facts.asset_id,
        "source": {"type": "VAULT_ACCOUNT", "id": account},
        "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": RECEIVER}},
        "amount": AMOUNT,
        "feeLevel": "MEDIUM",
    }
    return str(client.request("POST", "/transactions", body=body)["id"])


def _sign(client: Strongroom, transaction_id: str, key: ApproverKey) -> _Answer:
    ports, deadline_s = SystemPorts(), time.perf_counter() + _TIMEOUT_S
    documents = client.get_documents()
    while True:
        try:
            review = client.get_approval(transaction_id, documents=documents)
            break
        except StrongroomError as error:
            if error.code is not Code.TRANSACTION_UNKNOWN or time.perf_counter() >= deadline_s:
                raise
        ports.sleep(_POLL_S)
    review.check_answerable(key, now_s=ports.now_s())
    signed = sign_approval(review, key, answer=ApprovalAnswer.APPROVE, expires_at=review.intent.not_after)
    body = json.dumps({"approval": base64.b64encode(signed.encode()).decode()}).encode()
    return _Answer(f"/strongroom/transactions/{transaction_id}/approvals", body)
