"""The table says what was measured, what was wanted and whether it was met; so does the JSON."""

import io
import json

from rich.console import Console

from bench.assessments import AssessmentLoad
from bench.ceremonies import KeyTime
from bench.crypto import Ceremony
from bench.figures import Load, Spread
from bench.flow import FlowLoad
from bench.machine import Machine, Memory
from bench.recovery import Recovery
from bench.report import BareLoad, Compared, Report
from bench.split import split
from tests.bench.walks import made_walk

MACHINE = Machine(cores=2, processor="abacus", system="Linux", python="3.11", rustc="rustc 1.95")


def flat(value: float) -> Spread:
    return Spread(count=9, p50=value, p95=value, p99=value)


def load(*, in_flight: int, p50: float, per_second: float) -> Load:
    return Load(in_flight=in_flight, latency_ms=flat(p50), per_second=per_second)


def compared(*, in_flight: int, flow_p50: float, flow_per_second: float, memory: Memory | None = None) -> Compared:
    broadcast = load(in_flight=in_flight, p50=flow_p50, per_second=flow_per_second)
    taken = load(in_flight=in_flight, p50=flow_p50 + 12, per_second=flow_per_second)
    flow = FlowLoad(
        broadcast=broadcast, taken=taken, parts=split([made_walk()]), memory=memory, written_per_transaction=21.5
    )
    return Compared(bare=load(in_flight=in_flight, p50=20, per_second=80), flow=flow)


def made_report(*, memory: Memory | None = None) -> Report:
    return Report(
        machine=MACHINE,
        command="make bench ARGS=--quick",
        crypto=(Ceremony(name="signature 3-of-3", per_party_ms=flat(8), in_all_ms=flat(24)),),
        processes=(BareLoad(kind="2-of-3", load=load(in_flight=8, p50=44, per_second=189)),),
        flow=(
            compared(in_flight=1, flow_p50=50, flow_per_second=19, memory=memory),
            compared(in_flight=16, flow_p50=500, flow_per_second=36, memory=memory),
        ),
        key_times=(
            KeyTime(kind="key ceremony", taken_s=(7.5,)),
            KeyTime(kind="complete refresh", taken_s=(3.0, 5.0, 4.0)),
        ),
        approvals=(load(in_flight=8, p50=30, per_second=240),),
        recoveries=(Recovery(target="platform", taken_s=(4.0, 2.0, 9.0)),),
        assessments=(AssessmentLoad(engine="mariadb", kind="kyt", load=load(in_flight=16, p50=250, per_second=60)),),
    )


def lines(report: Report) -> dict[str, tuple[float | None, bool | None]]:
    return {f"{figure.group}: {figure.name}": (figure.value, figure.is_met) for figure in report.figures()}


def test_ratios_compare_the_product_with_the_bare_processes_of_the_same_run() -> None:
    found = lines(made_report())
    assert found["product / bare: submit → broadcast, p50, 1 in flight"] == (2.5, True)
    assert found["product / bare: submit → node has it, p50, 1 in flight"] == (3.1, False)
    assert found["product / bare: rate, 16 in flight"] == (0.45, False)


def test_recovery_is_the_median_and_the_longest_of_all_kills() -> None:
    found = lines(made_report())
    assert found["recovery: platform killed → next payment COMPLETED, 3 times, median"] == (4.0, None)
    assert found["recovery: platform killed → next payment COMPLETED, 3 times, longest"] == (9.0, None)


def test_a_ceremony_that_was_held_once_has_one_figure_and_several_have_two() -> None:
    found = {name: value for name, (value, _) in lines(made_report()).items() if name.startswith("keys")}
    assert found == {
        "keys: key ceremony, once, median": 7.5,
        "keys: complete refresh, 3 times, median": 4.0,
        "keys: complete refresh, 3 times, longest": 5.0,
    }


def test_approvals_have_their_latency_and_their_rate() -> None:
    found = lines(made_report())
    assert found["approvals: gateway → stored, 8 in flight, p50"] == (30, None)
    assert found["approvals: gateway → stored, 8 in flight, rate"] == (240, None)


def test_memory_is_the_largest_that_was_seen_and_has_a_bound() -> None:
    memory = Memory(processes=5, resident_bytes=700_000_000, proportional_bytes=400_000_000)
    assert lines(made_report(memory=memory))["memory: all Python processes, resident"] == (700, True)
    assert lines(made_report())["memory: all Python processes, resident"] == (None, None)


def test_what_was_not_measured_has_no_line() -> None:
    assert Report(machine=MACHINE, command="").figures() == []


def test_the_table_shows_machine_figures_targets_split_and_how_to_do_it_again() -> None:
    console = Console(width=120, file=io.StringIO())
    with console.capture() as capture:
        made_report().print(console)
    text = capture.get()
    for expected in ("abacus", "8.00 ms CPU", "189.00 /s", "≤ 3", "≥ 0.5", "yes", "no", "not measured", "Again: make"):
        assert expected in text
    assert [line.split("│")[1].strip() for line in text.splitlines() if "│ 5b " in line] == ["5b"]


def test_the_json_has_the_table_and_what_is_under_it() -> None:
    value = json.loads(json.dumps(made_report().as_json()))
    ratio = next(line for line in value["figures"] if line["name"] == "rate, 16 in flight")
    assert (ratio["value"], ratio["target"], ratio["met"]) == (0.45, "≥ 0.5", False)
    assert value["machine"]["cores"] == 2
    assert value["flow"][0]["flow"]["parts"][0] == {"step": "1", "gap_ms": 1, "step_ms": 2}


def test_assessments_are_shown_by_engine_kind_and_load() -> None:
    found = lines(made_report())
    assert found["risk assessments, mariadb: kyt, 16 in flight, p50"] == (250, None)
    assert found["risk assessments, mariadb: kyt, 16 in flight, rate"] == (60, None)
