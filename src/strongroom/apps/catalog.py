"""Every service there is: how to build it, and whether it owns a database. The only list of its kind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strongroom import custody
from strongroom.custody.auth_engine.app import build as build_auth_engine
from strongroom.custody.balances.app import build as build_balances
from strongroom.custody.cosigner_engine.app import build as build_cosigner_engine
from strongroom.custody.nodes.app import build as build_nodes
from strongroom.custody.policy_engine.app import build as build_policy_engine
from strongroom.custody.screening.app import build as build_screening
from strongroom.custody.secure_vault.app import build as build_secure_vault
from strongroom.custody.transaction_manager.app import build as build_transaction_manager
from strongroom.gateway.app import build as build_gateway
from strongroom.runtime.service import Service

_CUSTODY = Path(custody.__path__[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service.

    Args:
        name: as in ``interfaces/access.toml``.
        build: its composition root.
        folder: its package.
        has_database: whether it owns one.
        has_work: whether it makes durable calls.
    """

    name: str
    build: Callable[[Any, Any], Service]
    folder: Path
    has_database: bool = True
    has_work: bool = True

    @property
    def migrations(self) -> Path:
        """Its versioned SQL."""
        return self.folder / "migrations"

    @property
    def grants(self) -> Path:
        """What its role may do."""
        return self.folder / "grants.sql"


def _entry(name: str, build: Callable[[Any, Any], Service], **facts: bool) -> Entry:
    return Entry(name=name, build=build, folder=_CUSTODY / name, **facts)


SERVICES: tuple[Entry, ...] = (
    _entry("auth_engine", build_auth_engine),
    _entry("transaction_manager", build_transaction_manager),
    _entry("balances", build_balances, has_database=False, has_work=False),
    _entry("screening", build_screening),
    _entry("policy_engine", build_policy_engine),
    _entry("secure_vault", build_secure_vault),
    _entry("cosigner_engine", build_cosigner_engine),
    _entry("nodes", build_nodes),
    Entry(
        name="gateway",
        build=build_gateway,
        folder=_CUSTODY.parent / "gateway",
        has_database=False,
        has_work=False,
    ),
)
"""In the order of starting: who is called before who calls, as far as a circle allows."""
