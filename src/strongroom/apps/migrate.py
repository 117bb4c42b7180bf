"""Brings every database of one environment to this release: made where absent, migrated, granted."""

import asyncio
from collections.abc import Mapping

from strongroom.apps.catalog import SERVICES, Entry
from strongroom.kernel.ids import Environment
from strongroom.runtime.db import DatabaseNames, Passwords, migrate, provision


async def migrate_all(
    *, admin_dsn: str, environment: Environment, passwords: Mapping[str, str], auditor_password: str
) -> Mapping[str, tuple[str, ...]]:
    """Make and migrate the databases of every service, several at a time; safe to call from many processes.

    Args:
        admin_dsn: of a role that may create databases and roles.
        passwords: of each service's role, by service.
        auditor_password: of the environment's read-only role.

    Returns:
        By service, the migrations that were applied now.

    Raises:
        StrongroomError: as ``runtime.db.migrate``.
    """
    owners = [entry for entry in SERVICES if entry.has_database]
    async with asyncio.TaskGroup() as group:
        tasks = {
            entry.name: group.create_task(
                _bring_up(entry, admin_dsn, environment, passwords[entry.name], auditor_password)
            )
            for entry in owners
        }
    return {name: task.result() for name, task in tasks.items()}


async def _bring_up(
    entry: Entry, admin_dsn: str, environment: Environment, password: str, auditor_password: str
) -> tuple[str, ...]:
    names = DatabaseNames(environment.value, entry.name)
    await provision(admin_dsn, names=names, passwords=Passwords(service=password, auditor=auditor_password))
    return await migrate(admin_dsn, names=names, migrations=entry.migrations, grants=entry.grants)
