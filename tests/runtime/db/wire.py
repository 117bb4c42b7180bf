"""Between a client and the server: counts round trips, or keeps the end of a connection back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from strongroom.runtime.db import DatabaseConfig


@dataclass(slots=True)
class Count:
    """How often the server said that it is ready for the next query."""

    round_trips: int = 0


@asynccontextmanager
async def counting_proxy(config: DatabaseConfig) -> AsyncGenerator[tuple[DatabaseConfig, Count]]:
    """A port that passes everything on and counts; yields the way through it."""
    target = urlsplit(config.dsn).port
    count = Count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_copy(reader, up_writer), _copy_messages(up_reader, writer, count))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield replace(config, dsn=config.dsn.replace(f":{target}/", f":{port}/")), count


@asynccontextmanager
async def deaf_proxy(config: DatabaseConfig) -> AsyncGenerator[tuple[DatabaseConfig, asyncio.Event]]:
    """Of the first connection passes on what the server says last, but not that it has gone.

    Yields the way through it, and the event that it has gone.
    """
    target = urlsplit(config.dsn).port
    gone, over = asyncio.Event(), asyncio.Event()
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        upwards = asyncio.create_task(_copy(reader, up_writer))
        while chunk := await up_reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        if not gone.is_set():
            gone.set()
            await over.wait()
        upwards.cancel()
        for end in (writer, up_writer):
            end.close()
            with suppress(OSError):  # the other side may have been quicker
                await end.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield replace(config, dsn=config.dsn.replace(f":{target}/", f":{port}/")), gone
        over.set()
        await asyncio.gather(*filter(None, serving))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def _copy_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Count) -> None:
    # every message of the server is a type byte and a length (PostgreSQL documentation 54.7); Z is ReadyForQuery
    writer.write(await reader.readexactly(1))  # the answer to the request for TLS has no length
    while head := await reader.read(1):
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size, "big") - 4)
        count.round_trips += head == b"Z"
        writer.write(head + size + body)
        await writer.drain()
    writer.close()
