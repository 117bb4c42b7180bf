"""Somebody who is needed is not there: the transaction waits, and goes on when they return; nothing is paid twice."""

import json
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import final
from urllib.parse import urlsplit

import pytest
from typing_extensions import override

from strongroom.client import Code, Strongroom, StrongroomError
from tests.fixtures.embedded import FINAL, Embedded, destination, ended, get, new_address, reached, until

UNITS = 250_000_000_000_000_000
_LONG_S = 2.0
"""Long against the 0.1 s that a signature takes."""


def stays(client: Strongroom, transaction_id: str, status: str) -> None:
    """It has that status, and still has it after a while in which it would have ended."""
    reached(client, transaction_id, status)
    threading.Event().wait(_LONG_S)
    assert get(client, transaction_id)["status"] == status


def test_a_co_signer_that_does_not_answer_is_waited_for(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    with embedded.halted("cosigner-3"):
        sent = embedded.send(client, destination=destination(receiver))
        stays(client, sent, "PENDING_SIGNATURE")
        assert embedded.chain_balance(receiver) == 0
    done = ended(client, sent)
    assert (done["status"], embedded.chain_balance(receiver)) == ("COMPLETED", UNITS)


@pytest.mark.parametrize("index", [1, 3])
def test_a_co_signer_that_was_killed_comes_back_and_signs(embedded: Embedded, client: Strongroom, index: int) -> None:
    before = embedded.pid(f"cosigner-{index}")
    receivers = [new_address() for _ in range(3)]
    first = embedded.send(client, destination=destination(receivers[0]))
    os.kill(before, signal.SIGKILL)
    sent = [first, *(embedded.send(client, destination=destination(receiver)) for receiver in receivers[1:])]
    assert {ended(client, one)["status"] for one in sent} == {"COMPLETED"}
    assert embedded.pid(f"cosigner-{index}") != before
    assert [embedded.chain_balance(receiver) for receiver in receivers] == [UNITS] * 3


def test_a_node_that_is_slow_is_waited_for(embedded: Embedded, client: Strongroom) -> None:
    receiver, asset = new_address(), embedded.ready["asset_id"]
    with embedded.halted("chain"):
        sent = embedded.send(client, destination=destination(receiver))
        stays(client, sent, "SUBMITTED")
        with pytest.raises(StrongroomError) as refused:
            client.request("GET", f"/vault/accounts/{embedded.ready['vault_account_id']}/{asset}")
        assert refused.value.code is Code.NODE_UNAVAILABLE
    assert ended(client, sent)["status"] == "COMPLETED"
    assert embedded.chain_balance(receiver) == UNITS


def test_a_node_that_is_lost_after_the_broadcast_confirms_later(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    sent = embedded.send(client, destination=destination(receiver))
    until(lambda: get(client, sent)["status"] in {"BROADCASTING", "CONFIRMING", *FINAL}, what="it is on its way")
    with embedded.halted("chain"):
        threading.Event().wait(_LONG_S)
    done = ended(client, sent)
    assert (done["status"], embedded.chain_balance(receiver)) == ("COMPLETED", UNITS)


@final
class Garbage(BaseHTTPRequestHandler):
    """A node whose every answer is nonsense, but well-formed."""

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": "0xgarbage"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def garbage_at(url: str) -> Generator[None]:
    """A server of garbage at the node's own address."""
    with ThreadingHTTPServer(("127.0.0.1", urlsplit(url).port or 0), Garbage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_a_node_that_answers_garbage_is_not_believed(embedded: Embedded, client: Strongroom) -> None:
    receiver, wallet = new_address(), f"/vault/accounts/0/{embedded.ready['asset_id']}"
    before = embedded.chain_balance(embedded.ready["address"])
    node = embedded.pid("chain")
    os.kill(embedded.supervisor.pid, signal.SIGSTOP)  # it would start the node again at once
    try:
        os.kill(node, signal.SIGINT)
        until(lambda: not is_listening(embedded), what="the node is gone")
        with garbage_at(embedded.ready["chain_rpc_url"]):
            sent = embedded.send(client, destination=destination(receiver))
            stays(client, sent, "SUBMITTED")
            with pytest.raises(StrongroomError) as refused:
                client.request("GET", wallet)
            assert refused.value.code is Code.NODE_UNAVAILABLE
    finally:
        os.kill(embedded.supervisor.pid, signal.SIGCONT)
    done = ended(client, sent)
    assert (done["status"], embedded.chain_balance(receiver)) == ("COMPLETED", UNITS)
    assert before - UNITS > embedded.chain_balance(embedded.ready["address"]) > before - 2 * UNITS


def is_listening(embedded: Embedded) -> bool:
    try:
        return bool(embedded.chain("eth_chainId"))
    except OSError:
        return False
