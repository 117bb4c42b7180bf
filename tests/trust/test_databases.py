"""A database administrator over a running platform: no grant and no trigger in the way, and still nothing moves."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from uuid import UUID

import asyncpg
import msgspec
import pytest

from strongroom.apps.embedded.postgres import ADMIN_USER
from strongroom.custody.cosigner.domain.digest import transaction_digest
from strongroom.custody.cosigner.domain.entries import Refused
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from tests.fixtures.embedded import Embedded, TimeOverError, data_folder, destination, get, new_address, reached, until
from tests.trust.test_payments import THIEF


@pytest.fixture(scope="module")
def embedded() -> Iterator[Embedded]:
    """One that no other test needs: what is rewritten in it stays stuck."""
    with data_folder() as folder:
        running = Embedded.start(folder)
        yield running
        running.kill()


async def as_superuser(embedded: Embedded, service: str) -> "asyncpg.Connection[asyncpg.Record]":
    host, port = embedded.settings["database_address"].split(":")
    password = (embedded.data_dir / "postgres" / "admin_password").read_text().strip()
    return await asyncpg.connect(
        host=host, port=int(port), database=f"sandbox_{service}", user=ADMIN_USER, password=password
    )


def has_alarm(embedded: Embedded, index: int, reason: str) -> bool:
    """Whether a co-signer's journal holds a refusal for that reason."""
    path = embedded.data_dir / f"cosigner-{index}" / "journal.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        rows = journal.execute("select payload from journal where kind = 'refused'").fetchall()
    return reason in {decode(payload, Refused).reason for (payload,) in rows}


async def rewrite(embedded: Embedded, transaction_id: str) -> None:
    """Pay the thief: intent and payload fit each other, and the engine reads them when it starts again."""
    connection = await as_superuser(embedded, "cosigner_engine")
    try:
        await connection.execute("alter table signing_requests disable trigger all")
        row = await connection.fetchrow(
            "select intent, payload from signing_requests where transaction_id = $1", UUID(transaction_id)
        )
        assert row is not None
        intent = msgspec.structs.replace(decode(row["intent"], Intent), destination=THIEF)
        payload = msgspec.structs.replace(decode(row["payload"], Payload), intent_hash=intent.hash())
        await connection.execute(
            "update signing_requests set intent = $2, payload = $3, digest = $4 where transaction_id = $1",
            UUID(transaction_id),
            intent.encode(),
            payload.encode(),
            transaction_digest(intent=intent, payload=payload),
        )
    finally:
        await connection.close()


async def test_a_signing_request_rewritten_behind_the_engine(embedded: Embedded) -> None:
    """Another destination, with a payload to fit, in the engine's own table while a co-signer is away."""
    receiver = new_address()
    with embedded.client() as client:
        with embedded.halted("cosigner-3"):
            sent = embedded.send(client, destination=destination(receiver))
            reached(client, sent, "PENDING_SIGNATURE")
            await asked(embedded, sent)
            await rewrite(embedded, sent)
            embedded.kill_platform()
        for index in (1, 2, 3):
            until(partial(has_alarm, embedded, index, "INTENT_MISMATCH"), what=f"co-signer {index} refuses")
        assert get(client, sent)["status"] != "COMPLETED"
    assert embedded.chain_balance(THIEF) == 0
    assert embedded.chain_balance(receiver) == 0


async def asked(embedded: Embedded, transaction_id: str) -> None:
    """Wait until the engine has stored the request."""
    for _ in range(600):
        if await embedded.rows(
            "cosigner_engine", "select 1 from signing_requests where transaction_id = $1", UUID(transaction_id)
        ):
            return
        await asyncio.sleep(0.05)
    raise TimeOverError(transaction_id)
