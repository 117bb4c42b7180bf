"""flow.toml, the operations that do the steps, the manager's statuses and the interfaces hold together.

A step whose code moved to another service, lost its docstring, or calls along an arrow that access.toml does not allow
is noticed here and not by a reader.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from strongroom import custody
from strongroom.apps.catalog import SERVICES
from strongroom.custody.transaction_manager.domain.status import ARROWS, TERMINAL, Status
from strongroom.custody.transaction_manager.domain.steps import STEPS
from tools.generators import ROOT

INTERFACES = files("strongroom.interfaces")
FLOW: list[dict[str, Any]] = tomllib.loads(INTERFACES.joinpath("flow.toml").read_text("utf-8"))["step"]
ACCESS: Mapping[str, dict[str, Any]] = tomllib.loads(INTERFACES.joinpath("access.toml").read_text("utf-8"))["rpc"]
SOURCE = Path(custody.__path__[0]).parent
NUMBERS = [step["number"] for step in FLOW]
STEP = re.compile(r"Step (\w+) — ")
# Who may say "Step N —": the tail makes the call, the head does the work, the manager keeps the record of some.
DOERS: Mapping[str, set[str]] = {
    "1": {"gateway"},
    "2": {"auth_engine"},
    "3": {"auth_engine"},
    "4": {"auth_engine"},
    "5": {"transaction_manager"},
    "5a": {"transaction_manager", "balances"},
    "5b": {"transaction_manager", "screening"},
    "5c": {"transaction_manager", "screening"},
    "6": {"transaction_manager", "policy_engine"},
    "7": {"policy_engine"},
    "8": {"transaction_manager", "secure_vault"},
    "9": {"cosigner_engine"},
    "10": {"cosigner_engine", "cosigner"},
    "10a": {"cosigner"},
    "11": {"cosigner_engine", "auth_engine"},
    "12": {"secure_vault"},
    "13": {"nodes"},
    "14": {"nodes", "transaction_manager"},
}
# The RPC of each arrow between services; steps 1, 7, 10a and 14 have none: a request, a decision, a handler, a chain.
RPCS: Mapping[str, str] = {
    "2": "auth_engine.v1.AuthEngine/Authenticate",
    "3": "auth_engine.v1.AuthEngine/Authenticate",
    "4": "auth_engine.v1.AuthEngine/Authenticate",
    "5": "transaction_manager.v1.TransactionManager/CreateTransaction",
    "5a": "balances.v1.Balances/CheckBalance",
    "5b": "screening.v1.Screening/ScreenTransaction",
    "5c": "screening.v1.Screening/ExchangeTravelRule",
    "6": "policy_engine.v1.PolicyEngine/EvaluateTransaction",
    "8": "secure_vault.v1.SecureVault/AdmitTransaction",
    "9": "cosigner_engine.v1.CosignerEngine/OpenCeremony",
    "11": "auth_engine.v1.AuthEngine/VerifyPartials",
    "12": "secure_vault.v1.SecureVault/AssembleTransaction",
    "13": "nodes.v1.Nodes/BroadcastTransaction",
}
CO_SIGNERS = "cosigner_engine.v1.CosignerLink/Connect"


def operations_by_step() -> Mapping[str, set[str]]:
    """Which services have an operation whose docstring opens with a step's number."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in SOURCE.glob("**/*.py"):
        parts = path.relative_to(SOURCE).parts
        service = parts[1] if parts[0] == "custody" else parts[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                opening = STEP.match(ast.get_docstring(node) or "")
                if opening:
                    assert "operations" in path.relative_to(SOURCE).as_posix(), f"{path}: a step is an operation"
                    found[opening[1]].add(service)
    return found


def rpcs_of_protos() -> set[str]:
    """Every RPC that a proto file declares, as access.toml names it."""
    found: set[str] = set()
    for path in (ROOT / "proto").glob("strongroom/*/v1/*.proto"):
        text = path.read_text("utf-8")
        package = re.search(r"^package strongroom\.(\S+);", text, flags=re.MULTILINE)
        assert package, path
        for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL):
            found |= {f"{package[1]}.{service}/{rpc}" for rpc in re.findall(r"^\s*rpc (\w+)", body, flags=re.MULTILINE)}
    return found


def test_there_are_fourteen_steps_in_order() -> None:
    assert list(DOERS) == NUMBERS == list(STEPS)
    assert [number for number in NUMBERS if number.isdecimal()] == [str(number) for number in range(1, 15)]


def test_each_step_is_done_where_the_flow_says() -> None:
    assert operations_by_step() == DOERS


@pytest.mark.parametrize("step", FLOW, ids=NUMBERS)
def test_a_step_is_done_at_the_head_of_its_arrow_or_at_its_tail(step: dict[str, Any]) -> None:
    tail, head = step["arrow"]
    assert DOERS[step["number"]] & {tail.removesuffix("_3"), head}


def test_access_and_protos_name_the_same_rpcs() -> None:
    assert set(ACCESS) == rpcs_of_protos()
    known = {entry.name for entry in SERVICES} | {"cosigner-1", "cosigner-2", "cosigner-3"}
    assert {caller for rule in ACCESS.values() for caller in rule["callers"]} <= known


def test_every_arrow_between_services_is_an_rpc_that_its_tail_alone_may_make() -> None:
    for step in FLOW:
        number, (tail, head) = step["number"], step["arrow"]
        if number not in RPCS:
            assert number in {"1", "7", "10", "10a", "14"}
            continue
        rpc = RPCS[number]
        assert rpc.split(".")[0] == head, number
        assert ACCESS[rpc]["callers"] == [tail], number
        carries = ACCESS[rpc].get("transaction", False)
        assert carries or number in {"2", "3", "4", "5"}, f"step {number}: the handoff names the transaction"
    assert ACCESS[CO_SIGNERS]["callers"] == ["cosigner-1", "cosigner-2", "cosigner-3"]


def test_steps_are_reported_by_those_who_may_report() -> None:
    reporters = {rule.reporter for rule in STEPS.values() if rule.reporter}
    assert reporters == set(ACCESS["transaction_manager.v1.TransactionManager/RecordStep"]["callers"])
    assert ACCESS["transaction_manager.v1.TransactionManager/ConfirmTransaction"]["callers"] == ["nodes"]


def test_the_statuses_of_the_flow_follow_one_another() -> None:
    walked = list(dict.fromkeys(Status(step["status"]) for step in FLOW if step["status"]))
    walked.insert(walked.index(Status.PENDING_SIGNATURE), Status.QUEUED)  # step 8 passes through it
    walked.append(Status.COMPLETED)
    for before, after in pairwise(walked):
        assert after in ARROWS[before], f"{before} -> {after}"
    for step in FLOW:
        assert {Status(end) for end in step["ends"]} <= TERMINAL


def test_every_row_of_the_flow_is_a_table_of_the_service_that_is_named() -> None:
    migrations = {
        entry.name: "".join(path.read_text("utf-8") for path in sorted(entry.migrations.glob("*.sql")))
        for entry in SERVICES
        if entry.has_database
    }
    for step in FLOW:
        row = step["row"]
        if row["table"]:
            table = re.search(
                rf"^create table if not exists {row['table']} \((.*?)^\);",
                migrations[row["database"]],
                flags=re.MULTILINE | re.DOTALL,
            )
            assert table, step["number"]
            assert re.search(rf"^\s+{row.get('column', '')}", table[1], flags=re.MULTILINE), step["number"]
