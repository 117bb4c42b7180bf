"""A second ``strongroom up`` on a folder that another runs: refused before it has changed anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from strongroom.apps.embedded.layout import Layout
from strongroom.apps.embedded.supervisor import lock_folder
from strongroom.apps.up import READY_FILE, Ready, run_embedded
from strongroom.kernel.errors import Code, StrongroomError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a run has made, as far as the next one makes it anew."""
    layout = Layout.at(tmp_path / "data")
    for place in (layout.postgres, layout.chain):
        place.mkdir()
        (place / "port").write_text("1\n")
    for name in (layout.platform_settings.name, READY_FILE, "http_port", "link_port", "secrets.json"):
        (layout.data_dir / name).write_text(json.dumps({"kept": name}))
    return layout.data_dir


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


async def never(_: Ready) -> bool:
    raise AssertionError


def test_a_second_run_changes_nothing_in_the_folder(folder: Path) -> None:
    told = list[str]()
    with lock_folder(folder):
        before = contents(folder)
        with pytest.raises(StrongroomError, match="in use by another running Strongroom") as refused:
            run_embedded(folder, port=0, tell=told.append, when_ready=never, travel_rule=None)
        assert refused.value.code is Code.STATUS_CONFLICT
        assert contents(folder) == before
    assert told == []


def test_a_second_run_leaves_the_ready_file_of_the_first(folder: Path, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    ready_file.write_text("of the first")
    command = (sys.executable, "-m", "strongroom.cli.main", "up", "--data", folder, "--ready-file", ready_file)
    with lock_folder(folder):
        before = contents(folder)
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert second.returncode not in (0, None)
        assert "in use by another running Strongroom" in second.stdout + second.stderr
        assert contents(folder) == before
    assert ready_file.read_text() == "of the first"
