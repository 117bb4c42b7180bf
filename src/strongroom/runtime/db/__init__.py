"""PostgreSQL for one service: statements by hand, one commit a step, versioned migrations, least privilege.

A step stores everything it changes with ``Database.commit``: one statement, one round trip, one fsync. Roles, databases
and tables come from ``provision`` and ``migrate``. Services keep their SQL in ``store.py`` and import only this.
"""

from strongroom.runtime.db.database import Database, DatabaseConfig, Transaction
from strongroom.runtime.db.failures import violated_constraint
from strongroom.runtime.db.handoffs import REPLAY_CONSTRAINT, insert_handoff, list_handoffs
from strongroom.runtime.db.migrate import migrate
from strongroom.runtime.db.names import DatabaseNames
from strongroom.runtime.db.provision import Passwords, provision
from strongroom.runtime.db.statement import Row, Statement

__all__ = [
    "REPLAY_CONSTRAINT",
    "Database",
    "DatabaseConfig",
    "DatabaseNames",
    "Passwords",
    "Row",
    "Statement",
    "Transaction",
    "insert_handoff",
    "list_handoffs",
    "migrate",
    "provision",
    "violated_constraint",
]
