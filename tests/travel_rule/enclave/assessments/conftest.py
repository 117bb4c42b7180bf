"""An enclave with the screening companies, on each engine in turn, or on one of them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongroom.vendors.chainalysis.simulator import ChainalysisSimulator
from strongroom.vendors.refinitiv.simulator import WorldCheckSimulator
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.assessments.world import Companies, World, world

LISTS = Path(__file__).parents[3] / "data" / "sanctions"
LISTED = ("Gildong Hong", "Sanctioned Trading Limited")


@pytest.fixture(scope="session")
def sanctioned() -> list[str]:
    """Addresses of a public list."""
    return json.loads((LISTS / "sanctioned_addresses_ETH.json").read_text())


@pytest.fixture
def companies(sanctioned: list[str]) -> Companies:
    """Every address of the list is sanctioned, and its transfers have three alerts."""
    addresses = frozenset(sanctioned)
    return Companies(
        chainalysis=ChainalysisSimulator(sanctioned=addresses, risky=addresses, polls=1, alerts=3),
        world_check=WorldCheckSimulator(listed=frozenset(LISTED), polls=2, results=5),
    )


@pytest.fixture
async def enclave_url(
    enclave_databases: EnclaveDatabases, enclave_templates: dict[str, str], enclave_engine: str
) -> str:
    """An empty migrated database on each engine in turn."""
    await enclave_databases.migrated(enclave_engine)
    return enclave_templates[enclave_engine]


@pytest.fixture
async def postgres_url(enclave_databases: EnclaveDatabases, enclave_templates: dict[str, str]) -> str:
    """One on PostgreSQL."""
    await enclave_databases.migrated("postgresql")
    return enclave_templates["postgresql"]


@pytest.fixture
async def screened(enclave_url: str, companies: Companies) -> AsyncIterator[World]:
    """On each engine in turn."""
    async with world(enclave_url, companies) as made:
        yield made


@pytest.fixture
async def screened_once(postgres_url: str, companies: Companies) -> AsyncIterator[World]:
    """On PostgreSQL alone: for what no database has a part in."""
    async with world(postgres_url, companies) as made:
        yield made
