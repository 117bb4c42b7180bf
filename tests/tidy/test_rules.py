"""Every rule holds over the tree, refuses its own bad examples, and lets its good ones pass."""

import pytest

from tests.tidy.rule import Rule
from tests.tidy.rules import RULES
from tests.tidy.source import Source, project

REFUSED = [(rule, path, text) for rule in RULES for path, text in rule.refused]
ALLOWED = [(rule, path, text) for rule in RULES for path, text in rule.allowed]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    complaints = [complaint for source in project() for complaint in rule.check(source)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("rule", "path", "text"), REFUSED, ids=[f"{rule.name}-{path}" for rule, path, _ in REFUSED])
def test_the_rule_refuses_its_bad_example(rule: Rule, path: str, text: str) -> None:
    assert list(rule.check(Source(path=path, text=text)))


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED, ids=[f"{rule.name}-{path}" for rule, path, _ in ALLOWED])
def test_the_rule_passes_its_good_example(rule: Rule, path: str, text: str) -> None:
    assert not list(rule.check(Source(path=path, text=text)))
