"""Where SQL may stand and what it may not say (style 2 and 4)."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

STATEMENT = re.compile(
    r"^\s*(select\s.+\sfrom\s|select\s+\w+\(|insert\s+into\s|update\s+[\w.{}\"]+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\("
    r"|(create|alter|drop|truncate)\s+(table|role|database|schema|index|function|trigger|type|policy|view)\s"
    r"|grant\s+\w+|revoke\s+\w+\s|set\s+(local|role)\s|begin\s+immediate|notify\s+\w+$|listen\s+\w+$)",
    re.IGNORECASE | re.DOTALL,
)
STAR = re.compile(r"\bselect\s+(\w+\.)?\*", re.IGNORECASE)
# The rooms where a database is spoken to; the embedded server's own roles and databases are made by who starts it.
SQL_ROOMS = re.compile(
    r"(^src/strongroom/runtime/|/store(\.py$|/)|^src/strongroom/apps/embedded/(postgres|mariadb)|^tests/|^bench/)"
)
COMMIT_ROOMS = re.compile(r"(^src/strongroom/runtime/(db|work|bus)|/(store|flow|journal|operations)(\.py$|/))")


def literals(source: Source) -> Iterator[tuple[int, str]]:
    """Every string that is not a docstring, with the fixed parts of formatted strings joined."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )


def statements(source: Source) -> Iterator[tuple[int, str]]:
    """A statement outside the store hides what a service does to its tables."""
    for line, text in literals(source):
        if STATEMENT.match(text):
            yield line, f"SQL outside store.py: {' '.join(text.split())[:60]}"


def stars(source: Source) -> Iterator[tuple[int, str]]:
    """A star reads columns that a later migration adds, in an order nobody chose."""
    texts = literals(source) if source.is_python else enumerate(source.lines, 1)
    for line, text in texts:
        if STAR.search(re.sub(r"--.*", "", text)):
            yield line, "columns are named, never starred"


def commits(source: Source) -> Iterator[tuple[int, str]]:
    """A commit away from where the transaction began cannot be seen by who reads either."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"commit", "rollback"}
        ):
            yield node.lineno, f".{node.func.attr}() away from where the transaction began"


RULES = (
    Rule(
        name="sql-in-store",
        covers=lambda source: source.is_python and not SQL_ROOMS.search(source.path) and not source.is_under("tools"),
        find=statements,
        refused=(
            ("src/strongroom/custody/x/operations.py", 'Q = "select id from transactions where id = $1"'),
            ("src/strongroom/custody/x/jobs.py", 'Q = f"update {table} set status = 1"'),
            ("src/strongroom/cli/main.py", 'Q = """\n  INSERT INTO keys (id) VALUES ($1)"""'),
        ),
        allowed=(
            ("src/strongroom/custody/x/store.py", 'Q = "select id from transactions where id = $1"'),
            ("src/strongroom/custody/x/operations.py", '"""Select the fee from the intent."""\nX = "select a level"'),
        ),
    ),
    Rule(
        name="no-select-star",
        covers=lambda source: source.is_under("src") and (source.is_python or source.path.endswith(".sql")),
        find=stars,
        refused=(
            ("src/strongroom/custody/x/store.py", 'Q = "select * from keys"'),
            ("src/strongroom/custody/x/migrations/0001.sql", "create view v as select k.* from keys k;"),
        ),
        allowed=(
            ("src/strongroom/custody/x/store.py", 'Q = "select count(*) from keys"'),
            ("src/strongroom/custody/x/migrations/0001.sql", "-- never select * here\nselect 1;"),
        ),
    ),
    Rule(
        name="commit-where-it-began",
        covers=lambda source: source.is_python and source.is_under("src") and not COMMIT_ROOMS.search(source.path),
        find=commits,
        refused=(("src/strongroom/custody/x/servicer.py", "async def f(c):\n    await c.commit()"),),
        allowed=(("src/strongroom/runtime/db/pool.py", "async def f(c):\n    await c.commit()"),),
    ),
)
