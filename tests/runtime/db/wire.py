"""Counts round trips on the wire: what a client cannot hide."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from strongroom.runtime.db import DatabaseConfig

_SOCKET = ".s.PGSQL.5432"


@dataclass(slots=True)
class Count:
    """How often the server said that it is ready for the next query."""

    round_trips: int = 0


@asynccontextmanager
async def counting_proxy(config: DatabaseConfig, folder: Path) -> AsyncGenerator[tuple[DatabaseConfig, Count]]:
    """A Unix socket in ``folder`` that passes everything on and counts; yields the way through it."""
    target = parse_qs(urlsplit(config.dsn).query)["host"][0]
    count = Count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(f"{target}/{_SOCKET}")
        await asyncio.gather(_copy(reader, up_writer), _copy_messages(up_reader, writer, count))

    server = await asyncio.start_unix_server(serve, folder / _SOCKET)
    async with server:
        yield replace(config, dsn=config.dsn.replace(target, str(folder))), count


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def _copy_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Count) -> None:
    # every message of the server is a type byte and a length (PostgreSQL documentation 54.7); Z is ReadyForQuery
    while head := await reader.read(1):
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size, "big") - 4)
        count.round_trips += head == b"Z"
        writer.write(head + size + body)
        await writer.drain()
    writer.close()
