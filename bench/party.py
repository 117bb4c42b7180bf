"""One bare signing process: ``python -m bench.party NUMBER FOLDER``. It ends when the driver's connection does.

It computes inside its event loop, as the co-signers of the product do. Nothing is encrypted, signed, stored or
checked beyond what the protocol itself does: the least that three processes can take for a signature.
"""

import asyncio
import gc
import sys
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.crypto import PARTIES
from bench.framing import BUFFER_BYTES, Finished, Frame, Generate, Hello, Message, Sign, dial, read, send, socket_path
from strongroom.threshold.backend import KeyShare, Session
from strongroom.threshold.ecdsa import Dkls23


@dataclass(slots=True)
class _Running:
    session: Session[KeyShare] | Session[bytes]
    peers: tuple[int, ...]
    inbox: dict[int, dict[int, bytes]] = field(default_factory=dict[int, dict[int, bytes]])


class Party:
    """One party: its shares, its connections (0 is the driver's), its running sessions."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._shares: dict[bytes, KeyShare] = {}
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._running: dict[bytes, _Running] = {}
        self._early: dict[bytes, list[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._joined, self._over = asyncio.Event(), asyncio.Event()

    async def serve(self, folder: Path) -> None:
        """Listen, dial the parties with higher numbers, and work until the driver leaves."""
        path = socket_path(folder, self._number)
        async with await asyncio.start_unix_server(self._accept, path, limit=BUFFER_BYTES):
            for peer in range(self._number + 1, PARTIES + 1):
                reader, writer = await dial(folder, party=peer, caller=self._number)
                self._tasks.add(asyncio.create_task(self._listen(reader)))
                self._join(peer, writer)
            await self._joined.wait()
            gc.freeze()
            send(self._writers[0], Hello(self._number))
            await self._over.wait()
            for writer in self._writers.values():
                writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = read(reader)
        hello = await anext(frames)
        assert isinstance(hello, Hello), "a connection begins with who dialled"
        self._join(hello.party, writer)
        async for frame in frames:
            self._handle(frame)
        if hello.party == 0:
            self._over.set()

    def _join(self, other: int, writer: asyncio.StreamWriter) -> None:
        self._writers[other] = writer
        if len(self._writers) == PARTIES:  # the driver and every peer
            self._joined.set()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        async for frame in read(reader):
            self._handle(frame)

    def _handle(self, frame: Frame) -> None:
        match frame:
            case Message():
                self._receive(frame)
            case Generate(session=session_id, threshold=threshold):
                session = Dkls23().generate(
                    threshold=threshold, parties=PARTIES, party=self._number, session_id=session_id
                )
                self._begin(session_id, session, tuple(range(1, PARTIES + 1)))
            case Sign(session=session_id, key=key, signers=signers, digest=digest):
                session = self._shares[key].sign(signers=signers, digest=digest, sign_id=session_id)
                self._begin(session_id, session, signers)
            case _:
                raise AssertionError("nobody sends that to a party")

    def _begin(self, session_id: bytes, session: Session[KeyShare] | Session[bytes], parties: tuple[int, ...]) -> None:
        peers = tuple(party for party in parties if party != self._number)
        running = self._running[session_id] = _Running(session, peers)
        for message in self._early.pop(session_id, ()):
            running.inbox.setdefault(message.round, {})[message.sender] = message.body
        self._step(session_id, running, {})
        self._advance(session_id, running)

    def _receive(self, message: Message) -> None:
        running = self._running.get(message.session)
        if running is None:  # a peer heard of the session first
            self._early.setdefault(message.session, []).append(message)
            return
        running.inbox.setdefault(message.round, {})[message.sender] = message.body
        self._advance(message.session, running)

    def _advance(self, session_id: bytes, running: _Running) -> None:
        """Step as long as all messages of the awaited round are there."""
        while len(running.inbox.get(running.session.round, ())) == len(running.peers):
            if self._step(session_id, running, running.inbox.pop(running.session.round)):
                return

    def _step(self, session_id: bytes, running: _Running, messages: dict[int, bytes]) -> bool:
        outcome = running.session.step(messages)
        if isinstance(outcome, dict):
            for receiver, body in outcome.items():
                message = Message(session_id, running.session.round, self._number, body)
                send(self._writers[receiver], message)
            return False
        del self._running[session_id]
        result = outcome
        if not isinstance(result, bytes):
            self._shares[session_id], result = result, result.public_key
        send(self._writers[0], Finished(session_id, self._number, result))
        return True


def main() -> None:
    """What ``bench.processes`` starts."""
    number, folder = int(sys.argv[1]), Path(sys.argv[2])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Party(number).serve(folder))


if __name__ == "__main__":
    main()
