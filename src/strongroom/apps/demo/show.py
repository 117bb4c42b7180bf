"""What the demo prints."""

from typing import Any

from rich.console import Console
from rich.table import Table

from strongroom.apps.demo.proof import Proof
from strongroom.apps.flow import FlowStep
from strongroom.kernel.money import format_amount

_WIDTHS = (4, 43, 20, 44, 40, 8)


def show_heading(console: Console) -> None:
    """The heading of the live steps."""
    console.print(_line("step", "from -> to", "operation", "decided", "row written", "ms"), style="bold")


def show_step(console: Console, step: dict[str, Any], flow: tuple[FlowStep, ...]) -> None:
    """One step, once it has been done."""
    row = find_row(step, flow)
    written = f"{row.database}.{row.table}{f'.{row.column}' if row.column else ''}" if row and row.table else "-"
    arrow = f"{step['from']} -> {step['to']}"
    milliseconds = f"{step['durationUs'] / 1000:.1f}"
    style = "green" if step["outcome"] == "OK" else "red"
    console.print(_line(step["step"], arrow, step["operation"], step["detail"], written, milliseconds), style=style)


def find_row(step: dict[str, Any], flow: tuple[FlowStep, ...]) -> FlowStep | None:
    """The flow's entry of a step's own arrow; None for an arrow inside a step, such as balances asking nodes."""
    for entry in flow:
        if entry.number == step["step"] and entry.tail == step["from"]:
            return entry
    return None


def show_receipt(console: Console, transaction: dict[str, Any], proof: Proof) -> None:
    """What the chain said, and what was read back."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    block: dict[str, Any] = transaction.get("blockInfo") or {}
    table.add_row("transaction", transaction["id"])
    table.add_row("status", f"[bold]{transaction['status']}[/bold]")
    table.add_row("hash on chain", str(transaction.get("txHash")))
    table.add_row("block", f"{block.get('blockHeight')} ({transaction.get('numOfConfirmations')} confirmations)")
    table.add_row("network fee", f"{transaction.get('networkFee')} {transaction['assetId']}")
    table.add_row("rows read back", ", ".join(sorted({f"{row.database}.{row.table}" for row in proof.rows})))
    table.add_row("handoffs recorded", str(proof.handoffs))
    console.print()
    console.print(table)
    for what in proof.missing:
        console.print(f"MISSING: {what}", style="bold red")


def show_balances(console: Console, names: dict[str, str], before: dict[str, int], after: dict[str, int]) -> None:
    """Balances on chain, before and after."""
    table = Table("who", "address", "before", "after", title="Balances on chain (ETH_TEST)", title_justify="left")
    for address, name in names.items():
        table.add_row(
            name,
            address,
            format_amount(before[address], decimals=18),
            format_amount(after[address], decimals=18),
        )
    console.print()
    console.print(table)


def _line(*cells: str) -> str:
    cut = (_shorten(cell, width) for cell, width in zip(cells[:-1], _WIDTHS[:-1], strict=True))
    return "  ".join([*(f"{cell:<{width}}" for cell, width in zip(cut, _WIDTHS, strict=False)), cells[-1].rjust(8)])


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
