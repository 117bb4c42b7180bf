"""Running the demonstration: start everything, tell the story, show what each side stored."""

import asyncio
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import uvloop
from rich.console import Console

from strongroom.apps.embedded.postgres import delete_postgres
from strongroom.apps.travel_rule.show import show_found
from strongroom.apps.travel_rule.story import Api, Found, Story
from strongroom.apps.travel_rule.town import open_town


def run_travel_rule_demo(*, data_dir: Path | None, json_path: Path | None, console: Console) -> bool:
    """Two VASPs exchange originator and beneficiary data through a hub; True only if every check passed.

    Args:
        data_dir: used and kept; None for a temporary folder, which is deleted after a success.
        json_path: where to write the result as data; None for nowhere.
        console: what is printed on.

    Raises:
        StrongroomError: when something could not be started or did not answer.
    """
    folder = data_dir or Path(tempfile.mkdtemp(prefix="strongroom-travel-rule-"))
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if data_dir is None:
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
    console.print("Strongroom: two VASPs exchange originator and beneficiary data", style="bold")
    console.print(f"data folder {folder}\n", highlight=False)
    found = Found()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_tell_story(folder, console))
    finally:
        if json_path:
            json_path.write_text(json.dumps({"ok": found.ok, **asdict(found)}, indent=2) + "\n")
    if data_dir is None and found.ok:
        delete_postgres(folder / "postgres")
        shutil.rmtree(folder)
    return found.ok


async def _tell_story(folder: Path, console: Console) -> Found:
    console.print("  starting databases, hub, two enclaves and a robot for each", highlight=False)
    async with open_town(folder) as town, Api(town.a) as a, Api(town.b) as b:
        story = Story(town, a, b, tell=lambda line: console.print(f"  {line}", highlight=False))
        await story.run()
        show_found(console, town, story.found)
        return story.found
