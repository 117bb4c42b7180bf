"""Precision and recall on our tables of pairs do not fall below what docs/name_matching.md says."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import pytest

from strongroom.travel_rule.names.companies import compare_companies
from strongroom.travel_rule.names.persons import compare_persons
from strongroom.travel_rule.names.verdict import Comparison, Verdict
from tests.travel_rule.ivms101.samples import DATA
from tools.generators import ROOT

DOCUMENT = ROOT / "docs" / "name_matching.md"
ROW = re.compile(r"^\| (names\w*), (persons|companies) \| (\d+) \|((?: [01]\.\d{3} \|){4})$", re.MULTILINE)
MATCH = frozenset({Verdict.MATCH})
EITHER = frozenset({Verdict.MATCH, Verdict.CLOSE})


@dataclass(frozen=True, kw_only=True)
class Pair:
    kind: str
    is_same: bool
    left: str
    right: str

    def compared(self) -> Comparison:
        compare = compare_persons if self.kind == "person" else compare_companies
        return compare(self.left, self.right)


def read_pairs(table: str) -> list[Pair]:
    with (DATA / f"{table}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Pair(kind=row["kind"], is_same=row["label"] == "same", left=row["left"], right=row["right"]) for row in rows
    ]


PAIRS = {table: read_pairs(table) for table in ("names", "names_unseen")}


def figures(pairs: list[Pair]) -> tuple[Fraction, ...]:
    """Precision and recall of match, then of match or close."""
    answers = Counter((pair.is_same, pair.compared().verdict) for pair in pairs)
    same = sum(count for (is_same, _), count in answers.items() if is_same)
    found: list[Fraction] = []
    for verdicts in (MATCH, EITHER):
        right = sum(answers[True, verdict] for verdict in verdicts)
        wrong = sum(answers[False, verdict] for verdict in verdicts)
        found += [Fraction(right, right + wrong), Fraction(right, same)]
    return tuple(found)


def test_the_tables_are_as_large_and_as_hard_as_said() -> None:
    everything = [pair for pairs in PAIRS.values() for pair in pairs]
    assert len({(pair.kind, pair.left, pair.right) for pair in everything}) == len(everything)
    assert len(everything) >= 400
    assert sum(not pair.is_same for pair in everything) >= 150


def test_every_figure_is_documented() -> None:
    rows = ROW.findall(DOCUMENT.read_text())
    assert {(table, kind) for table, kind, *_ in rows} == {
        (table, kind) for table in PAIRS for kind in ("persons", "companies")
    }


@pytest.mark.parametrize("row", ROW.findall(DOCUMENT.read_text()), ids=lambda row: f"{row[0]}-{row[1]}")
def test_measured_is_no_worse_than_documented(row: tuple[str, str, str, str]) -> None:
    table, kind, count, texts = row
    pairs = [pair for pair in PAIRS[table] if pair.kind == {"persons": "person", "companies": "company"}[kind]]
    documented = [Fraction(text) for text in texts.replace("|", " ").split()]
    assert len(pairs) == int(count)
    assert all(measured >= said for measured, said in zip(figures(pairs), documented, strict=True)), figures(pairs)


@pytest.mark.parametrize("pair", [pair for pairs in PAIRS.values() for pair in pairs], ids=lambda pair: pair.left)
def test_the_order_of_the_two_changes_nothing(pair: Pair) -> None:
    turned = Pair(kind=pair.kind, is_same=pair.is_same, left=pair.right, right=pair.left)
    assert pair.compared() == turned.compared()
