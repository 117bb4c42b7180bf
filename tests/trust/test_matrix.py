"""The threat model is complete: every party tries everything, or a sentence says why it cannot."""

import importlib
import itertools
from pathlib import Path

from tests.trust.matrix import HOLDINGS, SENSELESS, TRIED, Attack, Party
from tools.generators import ROOT

for path in sorted(Path(__file__).parent.glob("test_*.py")):
    if path.name != "test_matrix.py":
        importlib.import_module(f"tests.trust.{path.stem}")


def test_every_party_tries_every_attack_or_a_sentence_says_why_not() -> None:
    cells = set(itertools.product(Party, Attack))
    assert cells - TRIED.keys() - SENSELESS.keys() == set()


def test_no_sentence_excuses_what_is_tried() -> None:
    assert SENSELESS.keys() & TRIED.keys() == set()
    assert all(sentence.endswith(".") for sentence in SENSELESS.values())


def test_every_party_holds_what_it_is_named_for() -> None:
    assert set(HOLDINGS) == set(Party)


def test_every_test_that_tries_something_stands_in_the_threat_table() -> None:
    written = (ROOT / "SECURITY.md").read_text()
    assert {name for names in TRIED.values() for name in names if name not in written} == set()
