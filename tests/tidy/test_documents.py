"""Paths and links in documents lead somewhere."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.tidy.source import Source, project
from tools.generators import ROOT

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"^(src|proto|native|tests|tools|bench|deploy|docs|requirements|\.ci)/[\w./*<>-]*$|^[A-Z]+\.md$")
TIERS = "kernel|interfaces|policy|runtime|client|threshold|chains|vendors|gateway|custody|apps|cli"
SRC_SHORTHAND = re.compile(rf"^({TIERS})/[\w./*<>-]*$")


def leads_somewhere(root: Path, folder: Path, target: str) -> bool:
    """Whether the path names something, from the root, the document's folder or src/strongroom; `<x>` is any."""
    pattern = re.sub(r"<[^>]*>", "*", target.rstrip("/"))
    starts = (root, folder, root / "src/strongroom")
    return any(
        next(start.glob(pattern), None) is not None for start in starts if pattern and not pattern.startswith("/")
    )


def complaints(root: Path, documents: Iterable[Source]) -> list[str]:
    """Every link and every code span that looks like a path of this project and names nothing."""
    found: list[str] = []
    for document in documents:
        folder = (root / document.path).parent
        prose = FENCE.sub("", document.text)
        spans = [word for word in CODE.findall(prose) if PATH.match(word) or SRC_SHORTHAND.match(word)]
        targets = [*LINK.findall(document.text), *spans]
        missing = [target for target in targets if not leads_somewhere(root, folder, target)]
        found += [f"{document.path}: `{target}` is not there" for target in missing]
    return found


def test_every_path_in_every_document_resolves() -> None:
    documents = [source for source in project() if source.path.endswith(".md")]
    assert documents
    found = complaints(ROOT, documents)
    assert not found, "\n".join(found)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src/strongroom/kernel").mkdir(parents=True)
    (tmp_path / "src/strongroom/kernel/ids.py").touch()
    good = "See `kernel/ids.py`, `src/strongroom/<tier>/ids.py`, `make test`, [ids](src/strongroom/kernel/ids.py)."
    bad = "See `kernel/gone.py`, `docs/gone.md`, [gone](gone.md), `GONE.md`."
    assert not complaints(tmp_path, [Source(path="A.md", text=good)])
    assert len(complaints(tmp_path, [Source(path="A.md", text=bad)])) == 4
