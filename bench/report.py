"""The figures as one table for people and one JSON value for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.assessments import AssessmentLoad
from bench.ceremonies import KeyTime
from bench.crypto import Ceremony
from bench.figures import Figure, Load, Target, percentile
from bench.flow import FlowLoad
from bench.machine import Machine
from bench.recovery import Recovery
from bench.verifications import Reading, Stored, Verifications

MAX_LATENCY_RATIO = Target(bound=3, at_most=True)
MIN_THROUGHPUT_RATIO = Target(bound=0.5, at_most=False)
MAX_RESIDENT_MB = Target(bound=1000, at_most=True)
MAX_VERIFICATION_MS = Target(bound=15, at_most=True)
MIN_VERIFICATIONS = Target(bound=300, at_most=False)
MIN_PAYLOADS = Target(bound=50_000, at_most=False)
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BareLoad:
    """What the three bare processes did of one kind."""

    kind: str
    load: Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The product at one level of load, with bare 3-of-3 signatures before and after it."""

    bare: Load
    flow: FlowLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRule:
    """The Travel Rule's part: payloads alone, and whole verifications."""

    reading: Reading
    verifications: tuple[Verifications, ...]
    stored: tuple[Stored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one run measured; what was left out is empty."""

    machine: Machine
    command: str
    crypto: tuple[Ceremony, ...] = ()
    processes: tuple[BareLoad, ...] = ()
    flow: tuple[Compared, ...] = ()
    key_times: tuple[KeyTime, ...] = ()
    approvals: tuple[Load, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    travel_rule: TravelRule | None = None
    assessments: tuple[AssessmentLoad, ...] = ()

    def figures(self) -> list[Figure]:
        """Every line of the table, in order."""
        return [
            *(figure for ceremony in self.crypto for figure in _of_ceremony(ceremony)),
            *(
                figure
                for bare in self.processes
                for figure in _of_load("bare processes", f"{bare.kind}, {bare.load.in_flight} in flight", bare.load)
            ),
            *(figure for compared in self.flow for figure in _of_flow(compared)),
            *_ratios(self.flow),
            *_memory(self.flow),
            *(figure for taken in self.key_times for figure in _of_key_time(taken)),
            *(
                figure
                for load in self.approvals
                for figure in _of_load("approvals", f"gateway → stored, {load.in_flight} in flight", load)
            ),
            *(figure for recovery in self.recoveries for figure in _of_recovery(recovery)),
            *_of_travel_rule(self.travel_rule),
            *(figure for assessed in self.assessments for figure in _of_assessments(assessed)),
        ]

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values; ``figures`` are the table's lines, with ``met`` true, false or null."""
        lines = [
            asdict(figure) | {"target": str(figure.target) if figure.target else None, "met": figure.is_met}
            for figure in self.figures()
        ]
        return {**asdict(self), "figures": lines}

    def print(self, console: Console) -> None:
        """The machine, the table, where the time goes, and how to get the same again."""
        console.print(f"\n{self.machine}\n", highlight=False)
        console.print(_table(self.figures()))
        if self.flow:
            console.print(_split_table(self.flow))
        console.print(
            "Load and product share the cores. Bare figures beside the product's: median of runs before and after."
            f"\nAgain: {self.command}",
            highlight=False,
        )


def _of_ceremony(ceremony: Ceremony) -> list[Figure]:
    return [
        Figure(group="crypto", name=f"{ceremony.name}, {who} {which}", value=value, unit="ms CPU")
        for who, spread in (("per party", ceremony.per_party_ms), ("in all", ceremony.in_all_ms))
        for which, value in (("p50", spread.p50), ("p95", spread.p95))
    ]


def _of_load(group: str, name: str, load: Load) -> list[Figure]:
    latency = load.latency_ms
    return [
        *(
            Figure(group=group, name=f"{name}, {which}", value=value, unit="ms")
            for which, value in (("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99))
        ),
        Figure(group=group, name=f"{name}, rate", value=load.per_second, unit="/s"),
    ]


def _of_assessments(assessed: AssessmentLoad) -> list[Figure]:
    load = assessed.load
    return _of_load(f"risk assessments, {assessed.engine}", f"{assessed.kind}, {load.in_flight} in flight", load)


def _of_flow(compared: Compared) -> list[Figure]:
    flow, level = compared.flow, f"{compared.bare.in_flight} in flight"
    counted = (
        ("commits that write, per transaction", flow.written_per_transaction),
        ("database round trips, per transaction", flow.asked_per_transaction),
    )
    broadcast = _of_load("product", f"submit → broadcast, {level}", flow.broadcast)
    return [
        *_of_load("bare beside it", f"3-of-3, {level}", compared.bare),
        *broadcast,
        Figure(group="product", name=f"submit → node has it, {level}, p50", value=flow.taken.latency_ms.p50, unit="ms"),
        *(
            Figure(group="product", name=f"{name}, {level}", value=value, unit="")
            for name, value in counted
            if value is not None
        ),
    ]


def _of_key_time(taken: KeyTime) -> list[Figure]:
    return _times("keys", f"{taken.kind}, {_count(taken.taken_s)}", taken.taken_s)


def _times(group: str, name: str, taken_s: Sequence[float]) -> list[Figure]:
    """The median, and the longest where there are several."""
    longest = (("longest", max(taken_s)),) if len(taken_s) > 1 else ()
    return [
        Figure(group=group, name=f"{name}, {which}", value=value, unit="s")
        for which, value in (("median", percentile(taken_s, 50)), *longest)
    ]


def _count(taken_s: Sequence[float]) -> str:
    return "once" if len(taken_s) == 1 else f"{len(taken_s)} times"


def _of_recovery(recovery: Recovery) -> list[Figure]:
    count, target = len(recovery.taken_s), recovery.target
    name = f"{target} killed → next payment COMPLETED, {count} times"
    return [
        Figure(group="recovery", name=f"{name}, {which}", value=value, unit="s")
        for which, value in (("median", percentile(recovery.taken_s, 50)), ("longest", max(recovery.taken_s)))
    ]


def _of_travel_rule(measured: TravelRule | None) -> list[Figure]:
    if measured is None:
        return []
    reading = measured.reading
    name = f"IVMS101 parsed and validated, {reading.payload_bytes} bytes, by one core"
    figures = [Figure(group="travel rule", name=name, value=reading.per_second, unit="/s", target=MIN_PAYLOADS)]
    for each in measured.verifications:
        in_flight = each.load.in_flight
        level = f"verification, {each.key_type}, {each.engine}, {in_flight} in flight"
        for figure in _of_load("travel rule", level, each.load):
            if in_flight == 1 and figure.name.endswith("p50"):
                figures.append(replace(figure, target=MAX_VERIFICATION_MS))
            elif in_flight == 16 and figure.unit == "/s":
                figures.append(replace(figure, target=MIN_VERIFICATIONS))
            else:
                figures.append(figure)
    return [*figures, *(figure for each in measured.stored for figure in _of_stored(each))]


def _of_stored(stored: Stored) -> list[Figure]:
    required = Target(bound=stored.required_bytes, at_most=True) if stored.required_bytes else None
    name = f"{stored.engine}, {stored.side}: {stored.table}, {stored.rows} rows"
    return [
        Figure(group="travel rule, a row", name=f"{name}, columns", value=stored.row_bytes, unit="B", target=required),
        Figure(group="travel rule, a row", name=f"{name}, on disk", value=stored.disk_bytes, unit="B"),
    ]


def _ratios(flow: Sequence[Compared]) -> list[Figure]:
    figures: list[Figure] = []
    first, last = (_at(flow, 1), _at(flow, 16))
    if first is not None:
        bare_ms = first.bare.latency_ms.p50
        for name, load in (("broadcast", first.flow.broadcast), ("node has it", first.flow.taken)):
            figures.append(
                Figure(
                    group="product / bare",
                    name=f"submit → {name}, p50, 1 in flight",
                    value=load.latency_ms.p50 / bare_ms,
                    unit="times",
                    target=MAX_LATENCY_RATIO,
                )
            )
    if last is not None:
        figures.append(
            Figure(
                group="product / bare",
                name="rate, 16 in flight",
                value=last.flow.taken.per_second / last.bare.per_second,
                unit="times",
                target=MIN_THROUGHPUT_RATIO,
            )
        )
    return figures


def _memory(flow: Sequence[Compared]) -> list[Figure]:
    held = [compared.flow.memory for compared in flow if compared.flow.memory is not None]
    if not flow:
        return []
    return [
        Figure(
            group="memory",
            name="all Python processes, resident",
            value=max(memory.resident_bytes for memory in held) / _MEGABYTE if held else None,
            unit="MB",
            target=MAX_RESIDENT_MB,
        ),
        Figure(
            group="memory",
            name="all Python processes, shared pages divided",
            value=max(memory.proportional_bytes for memory in held) / _MEGABYTE if held else None,
            unit="MB",
        ),
    ]


def _at(flow: Sequence[Compared], in_flight: int) -> Compared | None:
    return next((compared for compared in flow if compared.bare.in_flight == in_flight), None)


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(title="Figures", title_justify="left")
    for heading in ("", "figure"):
        table.add_column(heading, overflow="fold")
    for heading in ("value", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("met", no_wrap=True)
    group = ""
    for figure in figures:
        if figure.group != group:
            table.add_section()
        shown = "" if figure.group == group else figure.group
        table.add_row(shown, figure.name, _value(figure), str(figure.target or ""), _met(figure))
        group = figure.group
    return table


def _split_table(flow: Sequence[Compared]) -> Table:
    table = Table(
        title="Where the time goes: median ms of each step, and of the gap before it",
        title_justify="left",
    )
    table.add_column("step")
    for compared in flow:
        table.add_column(f"step, {compared.bare.in_flight} in flight", justify="right")
        table.add_column("gap", justify="right", style="dim")
    for rows in zip(*(compared.flow.parts for compared in flow), strict=True):
        cells = [f"{value:.2f}" for part in rows for value in (part.step_ms, part.gap_ms)]
        table.add_row(rows[0].step, *cells)
    return table


def _value(figure: Figure) -> str:
    return "not measured" if figure.value is None else f"{figure.value:,.2f} {figure.unit}".rstrip()


def _met(figure: Figure) -> str:
    return {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.is_met]
