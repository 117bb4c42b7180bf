"""The whole product for a measurement: ``strongroom up`` in a folder of its own, its accounts, and what it keeps."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from bench.processes import PROJECT
from strongroom.apps.embedded.anvil import fund
from strongroom.apps.embedded.layout import ENVIRONMENT, Layout
from strongroom.apps.embedded.postgres import delete_postgres
from strongroom.apps.embedded.process import Command, ManagedProcess
from strongroom.apps.serve import PlatformSettings
from strongroom.client import ApiCredentials, Strongroom
from strongroom.runtime.db import Database, DatabaseConfig, DatabaseNames
from strongroom.runtime.entropy import SystemEntropy

START_TIMEOUT_S = 180.0
_START_POLL_S = 0.1
FUNDS_UNITS = 10 * 10**18
SETTLE_S = 11.0
"""PostgreSQL's sessions report their counts after ten idle seconds at the latest (pgstat.c, PGSTAT_IDLE_INTERVAL)."""


class Facts(msgspec.Struct, frozen=True):
    """What the ready file says, as far as it is needed."""

    base_url: str
    api_key: str
    api_private_key_pem: str
    asset_id: str
    chain_rpc_url: str
    data_dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """Counters of the database server: ``written`` commits that changed something, ``asked`` all round trips."""

    written: int
    asked: int


@dataclass(frozen=True, slots=True)
class Product:
    """A running Strongroom."""

    facts: Facts
    pid: int
    credentials: ApiCredentials

    def open_accounts(self, count: int) -> tuple[str, ...]:
        """Open vault accounts with a funded wallet each; their ids."""
        with Strongroom(self.facts.base_url, credentials=self.credentials) as client:
            return tuple(self._open_account(client, number) for number in range(count))

    def _open_account(self, client: Strongroom, number: int) -> str:
        account = str(client.request("POST", "/vault/accounts", body={"name": f"Load {number}"})["id"])
        wallet = client.request("POST", f"/vault/accounts/{account}/{self.facts.asset_id}")
        fund(rpc_url=self.facts.chain_rpc_url, address=str(wallet["address"]), value_units=FUNDS_UNITS)
        return account


class Records:
    """The product's databases through the auditor's eyes: read-only, outside the product's own path."""

    def __init__(self, nodes: Database, transactions: Database) -> None:
        self._nodes, self._transactions = nodes, transactions
        self._questions = 0

    async def find_taken(self, transaction_ids: Collection[str]) -> dict[str, int]:
        """By transaction, when a node took its bytes, in Unix microseconds; those that none took yet are absent."""
        self._questions += 1
        rows = await self._nodes.fetch(
            "select transaction_id::text as id, (extract(epoch from min(answered_at)) * 1000000)::bigint as taken_at_us"
            " from broadcast_outcomes where transaction_id = any($1::uuid[]) and outcome = any($2)"
            " group by transaction_id",
            list(transaction_ids),
            ["accepted", "already known"],
        )
        return {row["id"]: row["taken_at_us"] for row in rows}

    async def wait_until_final(self, *, timeout_s: float = 120) -> None:
        """Wait until no transaction is under way.

        Raises:
            TimeoutError: some still are.
        """
        async with asyncio.timeout(timeout_s):
            while not await self._is_at_rest():  # noqa: ASYNC110  # another process decides when
                await asyncio.sleep(0.2)

    async def _is_at_rest(self) -> bool:
        return not await self._transactions.fetchval(
            "select exists (select 1 from transactions"
            " where status not in ('COMPLETED', 'CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED'))"
        )

    async def count_commits(self) -> Commits:
        """The counters now, without this class's own questions; exact only when the server has been idle a while."""
        row = await self._transactions.fetchrow(
            "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as written,"
            " (select sum(xact_commit)::bigint from pg_stat_database where starts_with(datname, $1)) as asked",
            f"{ENVIRONMENT.value}_",
        )
        assert row is not None, "a question without tables has one row"
        return Commits(written=row["written"], asked=row["asked"] - self._questions)


@dataclass(frozen=True, slots=True)
class Running:
    """A started product, and the process that is its supervisor."""

    product: Product
    process: ManagedProcess

    def close(self) -> None:
        """End it and delete its state."""
        self.process.stop()
        data = Path(self.product.facts.data_dir)
        delete_postgres(data / "postgres")  # some of it may be kept outside the data folder
        shutil.rmtree(data, ignore_errors=True)


def start_product(folder: Path) -> Running:
    """Start ``strongroom up`` below ``folder``, over the state that an earlier one left there.

    Raises:
        RuntimeError: it ended before it was ready.
        TimeoutError: it was not ready in time.
    """
    ready_file, data = folder / "ready.json", folder / "data"
    for path in (folder, data):
        path.mkdir(exist_ok=True)
        path.chmod(0o711)  # PostgreSQL's own account has to get to its data
    ready_file.unlink(missing_ok=True)  # of one that was killed
    program = (sys.executable, "-m", "strongroom.cli.main", "up")
    command = Command(
        name="strongroom up",
        arguments=(*program, "--data", str(data), "--ready-file", str(ready_file)),
        log_path=folder / "up.log",
        pid_path=folder / "up.pid",
        directory=PROJECT,
        environment=dict(os.environ),
        grace_s=30,
    )
    process = ManagedProcess.start(command)
    try:
        facts = _await_ready(process, ready_file)
        credentials = ApiCredentials.from_pem(facts.api_key, facts.api_private_key_pem.encode())
    except BaseException:
        process.stop()
        raise
    return Running(Product(facts, process.pid, credentials), process)


@asynccontextmanager
async def open_product(folder: Path) -> AsyncGenerator[Product]:
    """Start the product in a new data folder below ``folder``; end it and delete its state with the block.

    Raises:
        RuntimeError: it ended before it was ready.
        TimeoutError: it was not ready in time.
    """
    running = start_product(folder)
    try:
        yield running.product
    finally:
        running.close()


def _await_ready(process: ManagedProcess, ready_file: Path) -> Facts:
    """Blocks, for nothing else has to happen meanwhile."""
    for _ in range(round(START_TIMEOUT_S / _START_POLL_S)):
        if ready_file.exists():
            return msgspec.json.decode(ready_file.read_bytes(), type=Facts)
        if process.wait(timeout_s=_START_POLL_S) is not None:
            raise RuntimeError(f"`strongroom up` ended before it was ready:\n{process.log_tail(lines=20)}")
    raise TimeoutError(f"`strongroom up` was not ready in {START_TIMEOUT_S:g} s:\n{process.log_tail(lines=20)}")


@asynccontextmanager
async def open_records(product: Product) -> AsyncGenerator[Records]:
    """Connect to the product's databases as its auditor."""
    async with contextlib.AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(await open_database(product, service))
            for service in ("nodes", "transaction_manager")
        ]
        yield Records(*databases)


async def open_database(product: Product, service: str) -> Database:
    """One service's database through the auditor's eyes; to be closed, or entered as a block."""
    layout = Layout(Path(product.facts.data_dir))
    settings = msgspec.json.decode(layout.platform_settings.read_bytes(), type=PlatformSettings)
    password = layout.secrets((), SystemEntropy()).auditor_password
    dsn = _dsn(service, settings.database_address, password)
    return await Database.open(DatabaseConfig(dsn=dsn, max_connections=1))


def _dsn(service: str, address: str, password: str) -> str:
    names = DatabaseNames(ENVIRONMENT.value, service)
    return f"postgresql://{names.auditor_role}:{quote(password, safe='')}@{address}/{names.database}"
