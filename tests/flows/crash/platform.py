"""The platform process, with a place before and after every commit: ``python -m tests.flows.crash.platform FILE``."""

import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from strongroom.apps import serve
from strongroom.custody.cosigner_engine.config import EngineConfig
from strongroom.runtime.db import Database, DatabaseConfig, Statement
from strongroom.runtime.work import Work
from tests.flows.crash.fault import HURRIED_S, HURRY, Places

PROCESS = "platform"
_CHANGE = re.compile(r"\s*(insert)\s+into\s+(\w+)|\s*(update)\s+(\w+)|\s*(delete)\s+from\s+(\w+)", re.IGNORECASE)
_OPERATIONS: dict[str, int] = {"insert": 1, "finished_at = $1": 2, "due_at = $1": 4}
"""Which argument of a statement on ``work`` names the operation."""


def place_of(service: str, statements: Sequence[Statement]) -> str:
    """A commit's name: the service, and what it changes."""
    return f"{service}: " + ", ".join(map(_name, statements))


def _name(statement: Statement) -> str:
    found = _CHANGE.match(statement.sql)
    assert found is not None, statement.sql
    verb, table = (part for part in found.groups() if part)
    if table != "work" or verb == "delete":
        return f"{verb} {table}"
    for words, argument in _OPERATIONS.items():
        if words in statement.sql:
            doing = {"insert": "begin", "finished_at = $1": "finish", "due_at = $1": "postpone"}[words]
            return f"{doing} {statement.args[argument]}"
    return "lease work"


def watch_commits(places: Places) -> None:
    """Put a place before and after every commit of every service."""
    services: WeakKeyDictionary[Database, str] = WeakKeyDictionary()
    open_, commit = Database.open, Database.commit

    async def opened(config: DatabaseConfig) -> Database:
        database = await open_(config)
        services[database] = urlsplit(config.dsn).path.partition("_")[2]
        return database

    async def committed(database: Database, *statements: Statement) -> list[int]:
        if not statements:
            return []
        place = place_of(services[database], statements)
        places.reach(place)
        counts = await commit(database, *statements)
        places.leave(place)
        return counts

    wrapped: dict[str, Any] = {"open": staticmethod(opened), "commit": committed}
    for name, function in wrapped.items():
        setattr(Database, name, function)


def hurry() -> None:
    """Short limits, by the settings that there are: an embedded platform reads them from nowhere."""
    work: Any = Work.__init__
    work.__kwdefaults__["lease_s"] = HURRIED_S
    engine: Any = EngineConfig.__init__
    engine.__kwdefaults__.update(consent_timeout_s=HURRIED_S, round_timeout_s=HURRIED_S)


if __name__ == "__main__":
    if HURRY in os.environ:
        hurry()
    watch_commits(Places(PROCESS))
    serve.main()
