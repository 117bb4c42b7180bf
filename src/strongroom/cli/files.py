"""Files that the command line writes."""

import os
from contextlib import suppress
from pathlib import Path

from strongroom.cli.failures import WrongUsageError


def write_private(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in place at once: a reader sees all of it or none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(draft)
    _write_new(draft, content)
    draft.replace(path)


def make_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is not there yet: nobody's key is ever written over.

    Raises:
        WrongUsageError: if it is there.
    """
    try:
        _write_new(path, content)
    except FileExistsError:
        raise WrongUsageError(
            f"{path} is there already.", "Name a file that is not: a key is never replaced."
        ) from None


def remove(path: Path) -> None:
    """Remove a file that may be absent."""
    with suppress(FileNotFoundError):
        path.unlink()


def _write_new(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
