"""People on the whole platform, by the command line: approve, reject, cancel, and change the document set."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strongroom.client import Strongroom
from tests.fixtures.embedded import Embedded, data_folder, destination, ended, new_address, reached, run_strongroom

ETHER = 10**18
WAITS = "PENDING_AUTHORIZATION"


def command(running: Embedded, *arguments: str) -> Any:
    """What a command answers as data."""
    ran = running.command(*arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def answer(running: Embedded, word: str, transaction_id: str, user: str) -> str:
    key = running.ready[f"{user.replace('-', '_')}_key_file"]
    return str(command(running, "tx", word, transaction_id, "--user", user, "--device-key", key, "--yes")["state"])


def test_two_approvals_let_a_large_payment_go(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    name = embedded.send(client, destination=destination(receiver), amount="5.000000000000000001")
    reached(client, name, WAITS)
    assert name in [one["id"] for one in command(embedded, "tx", "pending")]
    assert answer(embedded, "approve", name, "approver-1") == "WAITING"
    (group,) = command(embedded, "tx", "why", name)["groups"]
    assert (group["threshold"], group["approved"]) == (2, ["approver-1"])
    assert answer(embedded, "approve", name, "approver-2") == "APPROVED"
    assert ended(client, name)["status"] == "COMPLETED"
    assert embedded.chain_balance(receiver) == 5 * ETHER + 1


def test_one_rejection_ends_it_and_paying_again_is_safe(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    again = {"destination": destination(receiver), "externalTxId": f"invoice-{receiver}"}
    name = embedded.send(client, amount="6", **again)
    reached(client, name, WAITS)
    assert answer(embedded, "reject", name, "approver-2") == "REJECTED"
    assert ended(client, name)["status"] == "REJECTED"
    assert command(embedded, "tx", "get", name)["closing"]["is_safe_to_repeat"] is True
    assert ended(client, embedded.send(client, amount="1", **again))["status"] == "COMPLETED"
    assert embedded.chain_balance(receiver) == ETHER


def test_a_cancelled_payment_never_lands(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    name = embedded.send(client, destination=destination(receiver), amount="6")
    reached(client, name, WAITS)
    assert name in pending(embedded)
    assert command(embedded, "tx", "cancel", name)["status"] in {"CANCELLING", "CANCELLED"}
    done = ended(client, name)
    assert (done["status"], done["subStatus"]) == ("CANCELLED", "CANCELLED_BY_USER_REQUEST")
    assert command(embedded, "tx", "get", name)["closing"]["is_safe_to_repeat"] is True
    assert embedded.chain_balance(receiver) == 0
    closed = until(lambda: (review := command(embedded, "tx", "why", name))["state"] == "CLOSED" and review)
    assert closed["reason"].startswith("Cancelled by ")
    assert name not in pending(embedded)


def pending(running: Embedded) -> set[str]:
    """Ids of what waits for people."""
    return {review["id"] for review in command(running, "tx", "pending")}


def until(question: Callable[[], Any]) -> Any:
    """The first answer that is one."""
    for _ in range(300):
        if answer := question():
            return answer
        time.sleep(0.2)
    raise AssertionError("it never came to that")


def test_owners_list_an_address_and_lower_a_bound(tmp_path: Path) -> None:
    receiver = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    with data_folder() as folder:
        running = Embedded.start(folder)
        try:
            draft = str(tmp_path / "draft.cbor")
            command(running, "addresses", "propose", "--add", f"shop={receiver}", "--chain", "31337", "--out", draft)
            form = {"policy": command(running, "policy", "show")["policy"]}
            form["policy"]["rules"][1] |= {"min_amount_units": 2 * ETHER}
            (tmp_path / "policy.json").write_text(json.dumps(form))
            change = ("--from", str(tmp_path / "policy.json"), "--onto", draft, "--out", draft)
            command(running, "policy", "propose", *change)
            for owner in ("owner-3", "owner-1"):
                key = running.ready[f"{owner.replace('-', '_')}_key_file"]
                signed = run_strongroom("policy", "sign", draft, "--owner", owner, "--key", key, "--yes")
                assert signed.returncode == 0, signed.stderr
            assert command(running, "policy", "publish", draft)["version"] == 2
            shop = {"type": "EXTERNAL_WALLET", "id": "shop"}
            with running.client() as client:
                assert ended(client, running.send(client, destination=shop))["status"] == "COMPLETED"
                reached(client, running.send(client, destination=shop, amount="2"), WAITS)
        except BaseException:
            running.kill()
            raise
        running.stop()
