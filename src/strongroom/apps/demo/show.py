"""What the demo prints."""

from typing import Any

from rich.console import Console
from rich.table import Table

from strongroom.apps.demo.proof import Proof
from strongroom.apps.flow import FlowStep
from strongroom.kernel.money import format_amount


def show_heading(console: Console) -> None:
    """What the two lines of each step say."""
    console.print("step  arrow: operation; below it what was decided, and the row written", style="bold")


def show_step(console: Console, step: dict[str, Any], flow: tuple[FlowStep, ...]) -> None:
    """One step, once it has been done."""
    row = find_row(step, flow)
    arrow = f"{step['fromService']} -> {step['toService']}: {step['operation']}"
    milliseconds = f"{step['durationUs'] / 1000:.1f} ms"
    style = "green" if step["outcome"] == "OK" else "red"
    console.print(f" {step['step']:<4} {arrow:<60} {milliseconds:>10}", style=style, highlight=False)
    column = f".{row.column}" if row and row.column else ""
    written = f"row {row.database}.{row.table}{column}" if row and row.table else "no row"
    detail = f"{step['detail'].removesuffix('.')}; " if step["detail"] else ""
    console.print(f"      {detail}{written}", style="dim", highlight=False, soft_wrap=True)


def find_row(step: dict[str, Any], flow: tuple[FlowStep, ...]) -> FlowStep | None:
    """The flow's entry of a step's own arrow; None for an arrow inside a step, such as balances asking nodes."""
    for entry in flow:
        if entry.number == step["step"] and entry.tail == step["fromService"]:
            return entry
    return None


def show_receipt(console: Console, transaction: dict[str, Any], proof: Proof) -> None:
    """What the chain said, and what was read back."""
    table = _facts()
    block: dict[str, Any] = transaction.get("blockInfo") or {}
    table.add_row("transaction", transaction["id"])
    table.add_row("status", f"[bold]{transaction['status']}[/bold]")
    table.add_row("hash on chain", str(transaction.get("txHash")))
    table.add_row("block", f"{block.get('blockHeight')} ({transaction.get('numOfConfirmations')} confirmations)")
    table.add_row("network fee", f"{transaction.get('networkFee')} {transaction['assetId']}")
    table.add_row("rows read back", "\n".join(sorted({f"{row.database}.{row.table}" for row in proof.rows})))
    table.add_row("handoffs", f"{proof.handoffs} recorded, each signed by its caller")
    console.print()
    console.print(table)
    for what in proof.missing:
        console.print(f"MISSING: {what}", style="bold red")


def show_balances(console: Console, names: dict[str, str], before: dict[str, int], after: dict[str, int]) -> None:
    """Balances on chain, before and after."""
    table = _facts()
    for address, name in names.items():
        was, now = (format_amount(units[address], decimals=18) for units in (before, after))
        table.add_row(name, f"{address}\n{was} -> {now}")
    console.print("\nBalances on chain (ETH_TEST), before -> after", style="bold")
    console.print(table)


def _facts() -> Table:
    """Names and values; a value that does not fit is folded and never cut: a hash must be whole."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
