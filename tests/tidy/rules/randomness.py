"""Time and chance come through the ports of runtime/, so that a test can move the one and repeat the other."""

import ast
from collections.abc import Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

# The client is used without a platform around it and may not import runtime/, so it has a port module of its own.
PORTS = ("src/strongroom/runtime", "src/strongroom/client/ports.py")
CHANCE = frozenset({"random", "secrets", "os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "uuid.uuid7"})
CLOCK = frozenset(
    [f"{owner}.{name}" for owner in ("datetime", "datetime.datetime") for name in ("now", "utcnow", "today")]
    + ["date.today", "datetime.date.today", "time.time", "time.time_ns", "time.gmtime", "time.localtime"]
)
STOPWATCH = frozenset(
    f"time.{name}" for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")
)


def dotted(node: ast.expr) -> str:
    """`a.b.c` for an attribute chain of names, else an empty string."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr) if before := dotted(value):
            return f"{before}.{attr}"
        case _:
            return ""


def uses(source: Source) -> Iterator[tuple[int, str]]:
    """Every name the module takes from the clocks or the dice, however it is imported."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute() if name := dotted(node):
                yield node.lineno, name
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str() as module, names=names):
                yield node.lineno, module
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)
            case _:
                continue


def chance_and_time(source: Source) -> Iterator[tuple[int, str]]:
    """The supervisor and the command line may time themselves; nobody else may, and nobody reads the calendar."""
    may_time_itself = source.is_under("src/strongroom/apps", "src/strongroom/cli")
    refused = CHANCE | CLOCK if may_time_itself else CHANCE | CLOCK | STOPWATCH
    for line, name in sorted(set(uses(source))):
        if name in refused:
            yield line, f"`{name}` outside runtime/: take the clock or entropy port"


RULES = (
    Rule(
        name="clock-and-entropy-ports",
        covers=lambda source: source.is_python and source.is_under("src/strongroom") and not source.is_under(*PORTS),
        find=chance_and_time,
        refused=(
            ("src/strongroom/custody/x/operations.py", "import datetime\nX = datetime.datetime.now()"),
            ("src/strongroom/custody/x/operations.py", "from datetime import datetime\nX = datetime.now(tz=None)"),
            ("src/strongroom/custody/x/operations.py", "import time\nX = time.monotonic()"),
            ("src/strongroom/custody/x/operations.py", "from time import time\nX = time()"),
            ("src/strongroom/kernel/ids.py", "import uuid\nX = uuid.uuid4()"),
            ("src/strongroom/apps/demo.py", "import secrets"),
            ("src/strongroom/cli/main.py", "from os import urandom"),
        ),
        allowed=(
            ("src/strongroom/runtime/clock.py", "import time\nX = time.time()"),
            ("src/strongroom/apps/embedded/supervisor.py", "import time\nX = time.monotonic()"),
            ("src/strongroom/kernel/ids.py", "from datetime import datetime\nfrom uuid import UUID\nX: datetime"),
        ),
    ),
)
