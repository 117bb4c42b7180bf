"""All rules about a single file."""

from tests.tidy.rule import Rule
from tests.tidy.rules import database, interfaces, money, names, proofs, randomness, threats, words

RULES: tuple[Rule, ...] = (
    *names.RULES,
    *database.RULES,
    *randomness.RULES,
    *money.RULES,
    *proofs.RULES,
    *words.RULES,
    *interfaces.RULES,
    *threats.RULES,
)
