"""Running the demo: start everything, send one transfer, show its steps, prove what happened."""

import asyncio
import http.client
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from strongroom.apps.demo.proof import Proof, prove
from strongroom.apps.demo.show import find_row, show_balances, show_heading, show_receipt, show_step
from strongroom.apps.demo.store import Auditor
from strongroom.apps.enclave_choice import choose_travel_rule
from strongroom.apps.flow import load_flow
from strongroom.apps.up import Ready, run_embedded
from strongroom.client import Strongroom
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock

AMOUNT = "1.5"
RECEIVER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
"""The second of the development chain's public accounts."""
FINAL = frozenset({"COMPLETED", "FAILED", "REJECTED", "BLOCKED", "CANCELLED"})
_POLL_S = 0.05
_DEADLINE_S = 60.0


@dataclass(slots=True)
class _Outcome:
    """What the guest of ``run_embedded`` leaves behind."""

    proof: Proof | None = None
    transaction: dict[str, Any] = field(default_factory=dict[str, Any])
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def ok(self) -> bool:
        return self.proof is not None and not self.proof.missing


def run_demo(*, data_dir: Path | None, json_path: Path | None, console: Console) -> bool:
    """One transfer through the fourteen steps on a real chain; True only if every check passed.

    Args:
        data_dir: used and kept; None for a temporary folder, which is deleted after a success.
        json_path: where to write the result as data; None for nowhere.
        console: what is printed on.

    Raises:
        StrongroomError: when something could not be started or did not answer.
    """
    outcome = _Outcome()
    folder = data_dir or _temporary_folder()
    console.print("Strongroom: one transfer through the fourteen steps, on a real chain", style="bold")
    console.print(f"data folder {folder}\n", highlight=False)

    async def when_ready(ready: Ready) -> bool:
        await _send_and_prove(ready, outcome, console)
        return True

    try:
        run_embedded(
            folder,
            port=0,
            tell=lambda line: console.print(f"  {line}", highlight=False),
            when_ready=when_ready,
            travel_rule=choose_travel_rule(folder),
        )
    finally:
        if json_path:
            json_path.write_text(json.dumps(_as_data(outcome), indent=2) + "\n")
    if data_dir is None and outcome.ok:
        shutil.rmtree(folder)
    return outcome.ok


async def _send_and_prove(ready: Ready, outcome: _Outcome, console: Console) -> None:
    flow, rpc_url = load_flow(), ready.embedded.chain.rpc_url
    names = {ready.tenant.address: f"vault account {ready.tenant.vault_account_id}", RECEIVER: "receiver"}
    await asyncio.to_thread(_await_funds, rpc_url, ready.tenant.address)
    before = {address: await asyncio.to_thread(_balance, rpc_url, address) for address in names}
    console.print(f"\nSending {AMOUNT} {ready.tenant.asset_id} to {RECEIVER} with an API key\n", highlight=False)
    show_heading(console)
    with Strongroom(ready.embedded.base_url, credentials=ready.tenant.credentials) as client:
        await asyncio.to_thread(_send, client, ready, outcome, console)
    auditor = Auditor(
        environment=ready.embedded.settings.environment,
        address=ready.embedded.settings.database_address,
        password=ready.embedded.secrets.auditor_password,
    )
    outcome.proof = await prove(auditor=auditor, flow=flow, transaction=outcome.transaction, steps=outcome.steps)
    show_receipt(console, outcome.transaction, outcome.proof)
    after = {address: await asyncio.to_thread(_balance, rpc_url, address) for address in names}
    show_balances(console, names, before, after)


def _send(client: Strongroom, ready: Ready, outcome: _Outcome, console: Console) -> None:
    """Create the transaction and show every step as it appears, until the transaction has ended."""
    clock, flow = SystemClock(), load_flow()
    body = {
        "operation": "TRANSFER",
        "assetId": ready.tenant.asset_id,
        "source": {"type": "VAULT_ACCOUNT", "id": ready.tenant.vault_account_id},
        "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": RECEIVER}},
        "amount": AMOUNT,
        "feeLevel": "MEDIUM",
        "note": "strongroom demo",
    }
    created = client.request("POST", "/transactions", body=body)
    deadline_s = clock.monotonic_s() + _DEADLINE_S
    while clock.monotonic_s() < deadline_s:
        outcome.transaction = client.request("GET", f"/transactions/{created['id']}")
        steps: list[dict[str, Any]] = client.request("GET", f"/transactions/{created['id']}/steps")["steps"]
        for step in steps[len(outcome.steps) :]:
            show_step(console, step, flow)
        outcome.steps = steps
        if outcome.transaction["status"] in FINAL:
            return
        asyncio.run(clock.sleep(_POLL_S))
    raise StrongroomError(
        Code.DEADLINE_EXCEEDED, f"The transaction is still {outcome.transaction.get('status')} after {_DEADLINE_S:g} s."
    )


def _as_data(outcome: _Outcome) -> dict[str, Any]:
    flow, transactions = load_flow(), list[dict[str, Any]]()
    if outcome.transaction:
        steps = [
            {
                "step": step["step"],
                "from": step["fromService"],
                "to": step["toService"],
                "operation": step["operation"],
                "table": (row.table or None) if (row := find_row(step, flow)) else None,
                "ms": step["durationUs"] / 1000,
            }
            for step in outcome.steps
        ]
        found = outcome.transaction
        transactions.append(
            {"id": found["id"], "status": found["status"], "tx_hash": found.get("txHash"), "steps": steps}
        )
    return {"ok": outcome.ok, "transactions": transactions}


def _await_funds(rpc_url: str, address: str) -> None:
    clock = SystemClock()
    deadline_s = clock.monotonic_s() + _DEADLINE_S
    while _balance(rpc_url, address) == 0:
        if clock.monotonic_s() > deadline_s:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The faucet's coins do not arrive.")
        asyncio.run(clock.sleep(_POLL_S))


def _balance(rpc_url: str, address: str) -> int:
    """The balance that the chain itself states, in wei: the demo does not ask Strongroom about Strongroom's success."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [address, "latest"]}
    connection = http.client.HTTPConnection(rpc_url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/", json.dumps(question), {"Content-Type": "application/json"})
        return int(json.loads(connection.getresponse().read())["result"], 16)
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise StrongroomError(Code.NODE_UNAVAILABLE, f"The development chain does not answer: {error}.") from error
    finally:
        connection.close()


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="strongroom-demo-"))
    folder.chmod(0o711)  # PostgreSQL's own account passes through it
    return folder
