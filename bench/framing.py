"""How the bare processes talk: MessagePack behind a length of four bytes, over Unix sockets. No more than they need."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

BUFFER_BYTES = 1 << 20
_LENGTH = struct.Struct(">I")


class Hello(msgspec.Struct, tag="hello", array_like=True, frozen=True):
    """Who dialled: a party's number, or 0 for the driver."""

    party: int


class Generate(msgspec.Struct, tag="generate", array_like=True, frozen=True):
    """The driver's order to make a key among all parties; the session's id names the key later."""

    session: bytes
    threshold: int


class Sign(msgspec.Struct, tag="sign", array_like=True, frozen=True):
    """The driver's order to sign a digest with a key."""

    session: bytes
    key: bytes
    signers: tuple[int, ...]
    digest: bytes


class Message(msgspec.Struct, tag="message", array_like=True, frozen=True):
    """What one party says to another in a round of a session."""

    session: bytes
    round: int
    sender: int
    body: bytes


class Finished(msgspec.Struct, tag="finished", array_like=True, frozen=True):
    """A party's result for the driver: its signature, or the public key it made."""

    session: bytes
    party: int
    result: bytes


Frame = Hello | Generate | Sign | Message | Finished
_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Frame)


def send(writer: asyncio.StreamWriter, frame: Frame) -> None:
    """Puts a frame into the writer's buffer."""
    content = _ENCODER.encode(frame)
    writer.write(_LENGTH.pack(len(content)) + content)


async def read(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    """Every frame until the other side closes."""
    while True:
        try:
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            content = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return
        yield _DECODER.decode(content)


def socket_path(folder: Path, party: int) -> Path:
    """Where a party listens."""
    return folder / f"party-{party}.sock"


async def dial(
    folder: Path, *, party: int, caller: int, timeout_s: float = 30
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to a party that may still be starting.

    Raises:
        TimeoutError: it did not start.
    """
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(socket_path(folder, party), limit=BUFFER_BYTES)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                send(writer, Hello(caller))
                return reader, writer
