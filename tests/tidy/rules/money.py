"""Money is integers in minor units; a binary fraction near it is a defect waiting for a large amount (style 4)."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

MONEY = re.compile(
    r"(^|_)(amounts?|fees?|prices?|balances?|values?_wei|wei|gwei|units|nonces?|money|totals?_units|limits?_units)(_|$)"
)
NO_FLOAT_AT_ALL = ("src/strongroom/kernel", "src/strongroom/policy")


def named(node: ast.AST) -> str:
    """The last name in an expression: `x.fee_units` and `fee_units` are both fee_units."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return name
        case ast.Subscript(value=value) | ast.Call(func=value):
            return named(value)
        case _:
            return ""


def is_money(node: ast.AST) -> bool:
    """Whether the expression's name says that it holds money."""
    return MONEY.search(named(node)) is not None


def mentions_float(node: ast.AST | None) -> bool:
    """Whether `float` or a fractional literal stands anywhere in the expression."""
    return node is not None and any(
        (isinstance(inner, ast.Name) and inner.id == "float")
        or (isinstance(inner, ast.Constant) and isinstance(inner.value, float))
        for inner in ast.walk(node)
    )


def declares(node: ast.AST) -> bool:
    """Whether a name of money is declared, set or passed as a binary fraction."""
    match node:
        case ast.arg(annotation=annotation):
            return is_money(node) and mentions_float(annotation)
        case ast.AnnAssign(target=target, annotation=annotation, value=value):
            return is_money(target) and (mentions_float(annotation) or mentions_float(value))
        case ast.Assign(targets=targets, value=value):
            return any(is_money(target) for target in targets) and mentions_float(value)
        case ast.keyword(arg=str() as name, value=value):
            return MONEY.search(name) is not None and mentions_float(value)
        case _:
            return False


def computes(node: ast.AST) -> bool:
    """Whether money is turned into a binary fraction or reckoned with one."""
    match node:
        case ast.Call(func=ast.Name(id="float"), args=arguments):
            return any(is_money(argument) for argument in arguments)
        case ast.BinOp(left=left, op=operator, right=right):
            fraction = isinstance(operator, ast.Div) or mentions_float(left) or mentions_float(right)
            return fraction and (is_money(left) or is_money(right))
        case _:
            return False


def floats(source: Source) -> Iterator[tuple[int, str]]:
    """Anywhere: a name of money beside a float or a true division. In kernel/ and policy/: any float at all."""
    strict = source.is_under(*NO_FLOAT_AT_ALL)
    for node in ast.walk(source.tree):
        if declares(node) or computes(node):
            yield getattr(node, "lineno", 1), "a binary fraction beside money; count in minor units"
        elif strict and isinstance(node, ast.Name | ast.Constant) and mentions_float(node):
            yield node.lineno, "no binary fraction in kernel/ or policy/"


RULES = (
    Rule(
        name="no-float-near-money",
        covers=lambda source: source.is_python and source.is_under("src"),
        find=floats,
        refused=(
            ("src/strongroom/custody/x/domain.py", "def f(*, fee_units: float) -> None: ..."),
            ("src/strongroom/custody/x/domain.py", "half = intent.amount_units / 2"),
            ("src/strongroom/custody/x/domain.py", "cap = fee_units * 1.25"),
            ("src/strongroom/custody/x/domain.py", "shown = float(row.balance)"),
            ("src/strongroom/custody/x/domain.py", "amount = 0.1"),
            ("src/strongroom/custody/x/domain.py", "f(max_fee=0.5)"),
            ("src/strongroom/policy/rules.py", "weight = 0.5"),
        ),
        allowed=(
            ("src/strongroom/custody/x/domain.py", "def f(*, timeout_s: float = 0.5) -> None: ..."),
            ("src/strongroom/custody/x/domain.py", "cap = fee_units * 5 // 4"),
            ("src/strongroom/policy/rules.py", "weight = 5"),
        ),
    ),
)
