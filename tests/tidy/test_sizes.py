"""No function or file outgrows its bounds, and the ratchet only tightens."""

import pytest

from tests.tidy.sizes import complaints, measure, read_ratchet
from tests.tidy.source import Source, project


def function_of(lines: int) -> Source:
    return Source(path="src/strongroom/a.py", text="class A:\n    def f(self):\n" + "        x = 1\n" * (lines - 1))


def test_the_tree_keeps_its_sizes() -> None:
    found = complaints(measure(project()), read_ratchet())
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "ratchet"),
    [
        (function_of(71), {"src/strongroom/a.py::A.f": 71}),
        (function_of(41), {}),
        (function_of(50), {"src/strongroom/a.py::A.f": 49}),
        (function_of(45), {"src/strongroom/a.py::A.f": 49}),
        (function_of(40), {"src/strongroom/a.py::A.f": 41}),
        (Source(path="src/strongroom/a.py", text="x = 1\n" * 401), {}),
        (Source(path="src/strongroom/a.py", text="x = 1\n" * 601), {"src/strongroom/a.py": 601}),
    ],
)
def test_too_large_grown_or_forgotten_is_refused(source: Source, ratchet: dict[str, int]) -> None:
    assert len(complaints(measure([source]), ratchet)) == 1


@pytest.mark.parametrize(
    ("source", "ratchet"),
    [(function_of(40), {}), (function_of(41), {"src/strongroom/a.py::A.f": 41})],
)
def test_small_or_answered_passes(source: Source, ratchet: dict[str, int]) -> None:
    assert not complaints(measure([source]), ratchet)
