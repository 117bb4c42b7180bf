"""``python -m bench [--quick] [--only PART] [--json FILE]``."""

import asyncio
import itertools
import json as json_format
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, get_args

import uvloop
from cyclopts import App, Parameter
from rich.console import Console

from bench.approvals import measure_approvals
from bench.assessments import AssessmentLoad, measure_assessments
from bench.ceremonies import KeyTime, measure_ceremonies
from bench.crypto import Amount, Ceremony, measure
from bench.figures import Load, middle
from bench.flow import ACCOUNTS, Sender
from bench.machine import read_machine
from bench.processes import KINDS, Bare, open_bare
from bench.product import open_product, open_records
from bench.recovery import Recovery, measure_recoveries
from bench.report import BareLoad, Compared, Report, TravelRule
from bench.verifications import measure_reading, measure_verifications

Part = Literal["crypto", "processes", "flow", "ceremonies", "approvals", "recovery", "travel-rule", "assessments"]
PARTS: tuple[Part, ...] = get_args(Part)
IN_FLIGHT = (1, 8, 16)
COMMITS_AT = 16
app = App(name="python -m bench", help="Measure threshold signing alone and inside the whole product.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure.

    ``bare`` signatures and ``transfers`` are by in-flight level, as in ``IN_FLIGHT``; ``key_rounds`` refreshes and
    recoveries; ``approvals`` at each level of their own; ``kills`` of each process;
    ``payloads`` are read; ``verifications`` are pairs of in flight and in all; ``assessments`` of each kind.
    """

    ceremonies: Amount
    bare: tuple[int, ...]
    transfers: tuple[int, ...]
    count_commits: bool
    key_rounds: int
    approvals: int
    kills: int
    payloads: int
    verifications: tuple[tuple[int, int], ...]
    assessments: int


FULL = Plan(
    ceremonies=Amount(keys=5, signatures=200),
    bare=(150, 300, 300),
    transfers=(150, 320, 480),
    count_commits=True,
    key_rounds=5,
    approvals=200,
    kills=5,
    payloads=100_000,
    verifications=((1, 200), (16, 800)),
    assessments=600,
)
QUICK = Plan(
    ceremonies=Amount(keys=1, signatures=30),
    bare=(25, 40, 48),
    transfers=(20, 40, 64),
    count_commits=False,
    key_rounds=1,
    approvals=30,
    kills=1,
    payloads=20_000,
    verifications=((1, 30), (16, 160)),
    assessments=100,
)


@app.default
def bench(
    *,
    quick: Annotated[bool, Parameter(negative="", help="Less of everything: two minutes, and rougher.")] = False,
    only: Annotated[Part | None, Parameter(help="One part alone; flow brings its bare signatures with it.")] = None,
    json: Annotated[Path | None, Parameter(name="--json", help="Where to write the figures as data.")] = None,
) -> None:
    """Measure and print the figures. Nothing fails because the machine is slow."""
    plan = QUICK if quick else FULL
    parts = (only,) if only else PARTS
    crypto = measure(plan.ceremonies, tell=tell) if "crypto" in parts else ()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(_measure(plan, parts, crypto))
    key_times = _measure_ceremonies(plan) if "ceremonies" in parts else ()
    approvals = _measure_approvals(plan) if "approvals" in parts else ()
    recoveries = _measure_recoveries(plan) if "recovery" in parts else ()
    travel_rule = _measure_travel_rule(plan) if "travel-rule" in parts else None
    assessments = _measure_assessments(plan) if "assessments" in parts else ()
    report = replace(
        measured,
        key_times=key_times,
        approvals=approvals,
        recoveries=recoveries,
        travel_rule=travel_rule,
        assessments=assessments,
    )
    if json is not None:
        json.write_text(json_format.dumps(report.as_json(), indent=2) + "\n")
    console = Console()
    report.print(console if console.is_terminal else Console(width=120))


def tell(line: str) -> None:
    """Progress, on stderr so that the table can be piped."""
    print(f"[{time.perf_counter() - _BEGUN_S:6.1f} s] {line}", file=sys.stderr, flush=True)


def _measure_ceremonies(plan: Plan) -> tuple[KeyTime, ...]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        return measure_ceremonies(Path(name), rounds=plan.key_rounds, tell=tell)


def _measure_approvals(plan: Plan) -> tuple[Load, ...]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        return measure_approvals(Path(name), count=plan.approvals, tell=tell)


def _measure_recoveries(plan: Plan) -> tuple[Recovery, ...]:
    tell("a product of its own starts, whose processes are killed")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        return measure_recoveries(Path(name), rounds=plan.kills, tell=tell)


def _measure_assessments(plan: Plan) -> tuple[AssessmentLoad, ...]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(measure_assessments(folder, count=plan.assessments, tell=tell))


def _measure_travel_rule(plan: Plan) -> TravelRule:
    tell(f"{plan.payloads} IVMS101 payloads are read")
    reading = measure_reading(count=plan.payloads)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            done, stored = runner.run(measure_verifications(folder, counts=plan.verifications, tell=tell))
    return TravelRule(reading=reading, verifications=done, stored=stored)


async def _measure(plan: Plan, parts: tuple[Part, ...], crypto: tuple[Ceremony, ...]) -> Report:
    machine, command = read_machine(), f"make bench ARGS={shlex.quote(shlex.join(sys.argv[1:]))}"
    if not {"processes", "flow"} & set(parts):
        return Report(machine=machine, command=command, crypto=crypto)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        tell("three bare processes start and make a key of each kind")
        async with open_bare(folder) as bare:
            processes = await _measure_processes(bare, plan) if "processes" in parts else ()
            flow = await _measure_flow(bare, plan, folder) if "flow" in parts else ()
    return Report(machine=machine, command=command, crypto=crypto, processes=processes, flow=flow)


async def _measure_processes(bare: Bare, plan: Plan) -> tuple[BareLoad, ...]:
    done: list[BareLoad] = []
    for kind, (in_flight, count) in itertools.product(KINDS, zip(IN_FLIGHT, plan.bare, strict=True)):
        tell(f"bare processes: {count} signatures {kind}, {in_flight} in flight")
        done.append(BareLoad(kind=kind, load=await bare.measure(kind, in_flight=in_flight, count=count)))
    return tuple(done)


async def _measure_flow(bare: Bare, plan: Plan, folder: Path) -> tuple[Compared, ...]:
    done: list[Compared] = []
    async with _open_sender(folder) as sender:
        for in_flight, signatures, transfers in zip(IN_FLIGHT, plan.bare, plan.transfers, strict=True):
            tell(f"flow: {signatures} bare signatures, {transfers} transfers, {in_flight} in flight")
            before = await bare.measure("3-of-3", in_flight=in_flight, count=signatures)
            counts = plan.count_commits and in_flight == COMMITS_AT
            flow = await sender.measure(in_flight=in_flight, count=transfers, count_commits=counts)
            after = await bare.measure("3-of-3", in_flight=in_flight, count=signatures)
            done.append(Compared(bare=middle((before, after)), flow=flow))
    return tuple(done)


@asynccontextmanager
async def _open_sender(folder: Path) -> AsyncGenerator[Sender]:
    tell("the product starts, and makes a tenant with a real key")
    async with open_product(folder) as product, open_records(product) as records:
        tell(f"{ACCOUNTS} vault accounts are opened and funded")
        accounts = await asyncio.to_thread(product.open_accounts, ACCOUNTS)
        async with Sender(product, records, accounts) as sender:
            yield sender
        tell("the product ends")


_BEGUN_S = time.perf_counter()

if __name__ == "__main__":
    app()
