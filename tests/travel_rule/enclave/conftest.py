"""Two enclaves on two databases."""

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.pair import Pair, pair


@pytest.fixture
async def two_databases(enclave_databases: EnclaveDatabases, enclave_templates: dict[str, str]) -> tuple[str, str]:
    """Addresses of an empty migrated database on MariaDB and of one on PostgreSQL."""
    for engine in ("mariadb", "postgresql"):
        await enclave_databases.migrated(engine)
    return enclave_templates["mariadb"], enclave_templates["postgresql"]


@pytest.fixture
async def enclaves(two_databases: tuple[str, str]) -> AsyncIterator[Pair]:
    """A on MariaDB, B on PostgreSQL."""
    async with pair(two_databases) as made:
        yield made
