"""What the demonstration prints."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from strongroom.apps.travel_rule.store import ENCRYPTED
from strongroom.apps.travel_rule.story import Found
from strongroom.apps.travel_rule.town import Town

_CIPHERTEXT_SHOWN = 40


def show_found(console: Console, town: Town, found: Found) -> None:
    """What each side stored, what passed the hub, and what is missing."""
    for side in (town.a, town.b):
        stored = found.stored[side.name]
        console.print(f"\nWhat {side.title} stored, on {side.engine}", style="bold", highlight=False)
        for uuid, row in stored["rows"].items():
            _show_row(console, uuid, row)
        counts = ", ".join(f"{table} {rows}" for table, rows in stored["counts"].items())
        console.print(f"  rows: {counts}", highlight=False)
    console.print("\nWhat the hub stored: that messages passed, and nothing of what they held", style="bold")
    table = Table("kind", "from", "to", "bytes there", "and back", "outcome", "ms", box=None, pad_edge=False)
    for passage in found.hub:
        there, back = passage["bytes"]
        table.add_row(
            passage["kind"],
            passage["from"],
            passage["to"],
            str(there),
            str(back),
            passage["outcome"],
            str(passage["ms"]),
        )
    console.print(table)
    for what in found.missing:
        console.print(f"MISSING: {what}", style="bold red", highlight=False)


def _show_row(console: Console, uuid: str, row: Mapping[str, str | None]) -> None:
    console.print(f"  verification {uuid}", highlight=False)
    for column, value in row.items():
        if value is None:
            continue
        is_long = column in ENCRYPTED
        shown = f"{value[:_CIPHERTEXT_SHOWN]}… ({len(value)} characters of ciphertext)" if is_long else value
        console.print(f"    {column:<27}{shown}", style="dim" if is_long else None, highlight=False, soft_wrap=True)
