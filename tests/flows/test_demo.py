"""`strongroom demo`: it says that it succeeded exactly when everything it names is there."""

import asyncio
import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from strongroom.apps.demo.proof import prove
from strongroom.apps.demo.store import Auditor
from strongroom.apps.embedded.postgres import start_postgres
from strongroom.apps.flow import load_flow
from strongroom.client import Strongroom
from strongroom.kernel.ids import Environment
from tests.fixtures.embedded import Embedded, data_folder, ended, living_in, run_strongroom, steps_of

# requirements: "14-Step Transaction Flow", its sequence diagram, in our names
ARROWS = [
    ("1", "user", "gateway"),
    ("2", "gateway", "auth_engine"),
    ("3", "gateway", "auth_engine"),
    ("4", "gateway", "auth_engine"),
    ("5", "gateway", "transaction_manager"),
    ("5a", "transaction_manager", "balances"),
    ("5b", "transaction_manager", "screening"),
    ("5c", "transaction_manager", "screening"),
    ("6", "transaction_manager", "policy_engine"),
    ("7", "policy_engine", "policy_engine"),
    ("8", "policy_engine", "secure_vault"),
    ("9", "secure_vault", "cosigner_engine"),
    ("10", "cosigner_engine", "cosigner_1"),
    ("10", "cosigner_engine", "cosigner_2"),
    ("10", "cosigner_engine", "cosigner_3"),
    ("11", "cosigner_engine", "auth_engine"),
    ("12", "cosigner_engine", "secure_vault"),
    ("13", "secure_vault", "nodes"),
    ("14", "nodes", "blockchain"),
]
TABLES = {
    "1": "transactions",
    "2": "auth_tokens",
    "4": "auth_tokens",
    "5": "transactions",
    "5b": "aml_screening_results",
    "5c": "travel_rule_records",
    "6": "approval_requests",
    "7": "approval_decisions",
    "8": "transactions",
    "9": "signing_requests",
    "10": "signing_events",
    "12": "transactions",
    "13": "broadcast_attempts",
    "14": "transactions",
}
STATELESS = {"5a", "11"}


def from_the_flow() -> list[tuple[str, str, str]]:
    """The arrows of flow.toml that every transaction has, with the three co-signers apart."""
    arrows: list[tuple[str, str, str]] = []
    for step in tomllib.loads(files("strongroom.interfaces").joinpath("flow.toml").read_text("utf-8"))["step"]:
        if step.get("optional"):
            continue
        tail, head = step["arrow"]
        heads = [f"{head}_{index}" for index in (1, 2, 3)] if head == "cosigner" else [head]
        arrows += [(step["number"], tail, one) for one in heads]
    return arrows


@pytest.fixture(scope="module")
def demonstrated() -> Iterator[tuple[Path, int, str, dict[str, Any]]]:
    """A data folder in which the demo has run: folder, exit code, what it printed, what it wrote."""
    with data_folder() as folder:
        written = folder.parent / "demo.json"
        ran = run_strongroom("demo", "--data", str(folder), "--json", str(written))
        yield folder, ran.returncode, ran.stdout + ran.stderr, json.loads(written.read_bytes())


def test_it_walks_the_arrows_of_the_requirement(demonstrated: tuple[Path, int, str, dict[str, Any]]) -> None:
    folder, code, printed, written = demonstrated
    assert (code, written["ok"]) == (0, True), printed
    (transaction,) = written["transactions"]
    assert transaction["status"] == "COMPLETED"
    assert len(bytes.fromhex(transaction["tx_hash"].removeprefix("0x"))) == 32
    shown = [(step["step"], step["from"], step["to"]) for step in transaction["steps"]]
    assert shown == ARROWS == from_the_flow()
    assert {step["step"]: step["table"] for step in transaction["steps"] if step["step"] in TABLES} == TABLES
    assert all(step["table"] is None for step in transaction["steps"] if step["step"] in STATELESS)
    assert all(step["operation"] and step["ms"] >= 0 for step in transaction["steps"])
    assert transaction["tx_hash"] in printed.replace("\n", "")
    assert living_in(folder) == {}


def test_it_fails_when_a_row_is_missing(demonstrated: tuple[Path, int, str, dict[str, Any]]) -> None:
    """Somebody with the keys of the database lets the access tokens vanish; all else goes well, the coins move."""
    folder, _, _, _ = demonstrated
    server = start_postgres(folder / "postgres")
    try:
        asyncio.run(_let_rows_vanish(server.admin_dsn(database="sandbox_auth_engine")))
    finally:
        server.stop()
    written = folder.parent / "second.json"
    ran = run_strongroom("demo", "--data", str(folder), "--json", str(written))
    told = json.loads(written.read_bytes())
    assert (ran.returncode, told["ok"], told["transactions"][0]["status"]) == (1, False, "COMPLETED"), ran.stdout
    assert "MISSING: auth_engine.auth_tokens" in ran.stdout
    assert ran.stdout.count("MISSING") == 2  # steps 2 and 4
    assert living_in(folder) == {}


async def _let_rows_vanish(admin_dsn: str) -> None:
    connection = await asyncpg.connect(admin_dsn)
    await connection.execute(
        """create function vanish() returns trigger language plpgsql as 'begin return null; end'"""
    )
    await connection.execute(
        "create trigger vanish before insert on auth_tokens for each row execute function vanish()"
    )
    await connection.close()


async def test_its_proof_names_what_is_missing(embedded: Embedded, client: Strongroom) -> None:
    auditor = Auditor(
        environment=Environment.SANDBOX,
        address=embedded.settings["database_address"],
        password=json.loads((embedded.data_dir / "secrets.json").read_bytes())["auditor_password"],
    )
    done = ended(client, embedded.send(client))
    steps = steps_of(client, done["id"])
    flow = load_flow()
    assert (await prove(auditor=auditor, flow=flow, transaction=done, steps=steps)).missing == ()

    without_one = [step for step in steps if step["toService"] != "cosigner_2"]
    proof = await prove(auditor=auditor, flow=flow, transaction=done, steps=without_one)
    assert proof.missing == ("step 10: cosigner_engine -> cosigner",)

    other_hash = {**done, "txHash": "0x" + "00" * 32}
    proof = await prove(auditor=auditor, flow=flow, transaction=other_hash, steps=steps)
    assert proof.missing == ("transaction_manager.transactions tx_hash",)

    blocked = ended(client, embedded.send(client, amount="20.000000000000000001"))
    proof = await prove(auditor=auditor, flow=flow, transaction=blocked, steps=steps)
    assert {"cosigner_engine.signing_events", "nodes.broadcast_attempts"} <= set(proof.missing)
    assert "status COMPLETED (it is BLOCKED)" in proof.missing
    assert "policy_engine.approval_requests" not in proof.missing
    assert await auditor.count("policy_engine", "approval_requests", transaction_id=UUID(blocked["id"])) == 1
