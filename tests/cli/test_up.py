"""What ``strongroom up`` writes for other programs."""

import stat
from pathlib import Path

from strongroom.cli.files import remove, write_private


def test_a_ready_file_is_for_its_owner_alone_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "run" / "ready.json"
    write_private(path, b"old and longer")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_holds_either_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    write_private(path, b"old")
    with path.open("rb") as reader:
        write_private(path, b"new")
        assert reader.read() == b"old"


def test_what_is_absent_is_removed_already(tmp_path: Path) -> None:
    remove(tmp_path / "ready.json")
    assert list(tmp_path.iterdir()) == []
