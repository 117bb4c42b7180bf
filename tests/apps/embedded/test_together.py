"""What ``strongroom up`` does with a database and a chain: start, lose both, get both back, leave nothing."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg

from strongroom.apps.embedded.anvil import AnvilChain
from strongroom.apps.embedded.postgres import PostgresCluster, delete_postgres
from strongroom.apps.embedded.process import find_identity
from strongroom.apps.embedded.supervisor import Event, Happening, Supervisor
from tests.apps.embedded.test_supervisor import Log


def leader(folder: Path) -> tuple[int, str]:
    pid, _, program = (folder / "pid").read_text().strip().split(" ", 2)
    return int(pid), program


async def test_database_and_chain_come_back_and_leave_nothing(tmp_path: Path) -> None:
    cluster = PostgresCluster.prepare(tmp_path / "postgres", durable=False)
    chain = AnvilChain.prepare(tmp_path / "chain")
    log = Log()
    supervisor = Supervisor(tmp_path, [cluster.child(), chain.child()], on_event=log)
    running = asyncio.create_task(supervisor.run_until_stopped())
    await log.until(lambda events: Event(Happening.ALL_READY) in events)
    for folder in ("postgres", "chain"):
        os.kill(leader(tmp_path / folder)[0], signal.SIGKILL)
    await log.until(lambda _: len(log.names(Happening.READY)) == 4)
    connection = await asyncpg.connect(cluster.admin_dsn())
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert chain.is_ready()
    left = [leader(tmp_path / folder) for folder in ("postgres", "chain")]
    supervisor.stop()
    await running
    assert [find_identity(pid, program=program) for pid, program in left] == [None, None]
    delete_postgres(tmp_path / "postgres")
