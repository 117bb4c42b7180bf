"""Stopped, or killed anywhere: what was, is there again; what had begun ends once; no process is left behind."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from strongroom.client import Strongroom
from tests.fixtures.embedded import Embedded, data_folder, destination, ended, get, living_in, new_address, steps_of

UNITS = 250_000_000_000_000_000


Start = Callable[[], Embedded]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Strongroom over a data folder of the test's own; whatever still runs at the end is killed."""
    with data_folder() as folder:
        started: list[Embedded] = []

        def start_again() -> Embedded:
            started.append(Embedded.start(folder))
            return started[-1]

        yield start_again
        for one in started:
            one.kill()


def picture(client: Strongroom) -> dict[str, Any]:
    """What a user sees of a Strongroom."""
    transactions = client.request("GET", "/transactions")["items"]
    key = client.get_key(client.get_document_set())
    return {
        "transactions": transactions,
        "steps": {one["id"]: steps_of(client, one["id"]) for one in transactions},
        "accounts": [
            {**account, "assets": [{**asset, "blockHeight": ""} for asset in account["assets"]]}
            for account in client.request("GET", "/vault/accounts_paged")["accounts"]
        ],
        "key": (key.key_id, key.status, key.public_key, key.records),
    }


def test_a_restart_keeps_state(start: Start) -> None:
    first = start()
    with first.client() as client:
        assert ended(client, first.send(client))["status"] == "COMPLETED"
        client.request("POST", "/vault/accounts", body={"name": "Second"})
        before = picture(client)
    first.stop()
    assert len(before["accounts"]) == 2

    again = start()
    stable = ("api_key", "tenant_id", "vault_account_id", "asset_id", "address", "operator_token", "base_url")
    assert {name: again.ready[name] for name in stable} == {name: first.ready[name] for name in stable}
    with again.client() as client:
        assert picture(client) == before
        receiver = new_address()
        done = ended(client, again.send(client, destination=destination(receiver)))
        assert (done["status"], again.chain_balance(receiver)) == ("COMPLETED", UNITS)
    again.stop()


def test_a_killed_supervisor_leaves_no_orphan_and_no_obstacle(start: Start) -> None:
    first = start()
    receivers = [new_address() for _ in range(3)]
    with first.client() as client:
        assert ended(client, first.send(client))["status"] == "COMPLETED"
        sent = [first.send(client, destination=destination(receiver)) for receiver in receivers]
    assert len(living_in(first.data_dir)) > 6
    first.kill()  # waits until nothing is left

    again = start()
    with again.client() as client:
        assert {ended(client, one)["status"] for one in sent} == {"COMPLETED"}
        assert ended(client, again.send(client))["status"] == "COMPLETED"
    assert [again.chain_balance(receiver) for receiver in receivers] == [UNITS] * 3
    again.stop()


def test_a_killed_platform_ends_every_transaction_once(start: Start) -> None:
    running = start()
    with running.client() as client:
        sent: dict[str, tuple[str, int]] = {}
        for number in range(9):
            receiver, units = new_address(), 10**15 + number
            sent[running.send(client, destination=destination(receiver), amount=f"0.{units:018d}")] = receiver, units
            if number % 3 == 2:
                running.kill_platform()
        done = {one: ended(client, one) for one in sent}
        assert {one["status"] for one in done.values()} == {"COMPLETED"}
        nonces = [int(running.chain("eth_getTransactionByHash", one["txHash"])["nonce"], 16) for one in done.values()]
        assert sorted(nonces) == list(range(9))
        for receiver, units in sent.values():
            assert running.chain_balance(receiver) == units
        assert int(running.chain("eth_getTransactionCount", running.ready["address"], "latest"), 16) == 9
        assert get(client, next(iter(sent)))["status"] == "COMPLETED"
    running.stop()
