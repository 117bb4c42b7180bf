"""What the database and the roles of one service in one environment are called."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z][a-z0-9_]{0,25}")  # two of them, and a suffix, stay below PostgreSQL's 63 bytes


@dataclass(frozen=True, slots=True)
class DatabaseNames:
    """The names that ``provision`` makes and ``migrate`` uses.

    Args:
        environment: such as ``sandbox``.
        service: such as ``transaction_manager``.

    Raises:
        ValueError: a name that would need quoting or is too long.
    """

    environment: str
    service: str

    def __post_init__(self) -> None:
        for name in (self.environment, self.service):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a name of lower-case letters, digits and underscores: {name!r}")

    @property
    def database(self) -> str:
        """The database."""
        return f"{self.environment}_{self.service}"

    @property
    def service_role(self) -> str:
        """The role of the running service: least privilege, called like the database."""
        return self.database

    @property
    def owner_role(self) -> str:
        """The role that owns the tables and runs migrations; no service runs under it."""
        return f"{self.database}_owner"

    @property
    def auditor_role(self) -> str:
        """The role that may read every database of the environment, and nothing else."""
        return f"{self.environment}_auditor"
