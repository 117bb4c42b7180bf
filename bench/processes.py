"""Three bare signing processes over Unix sockets: the floor under the product's time for a signature."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.crypto import PARTIES
from bench.figures import Load, Spread
from bench.framing import Finished, Generate, Hello, Sign, dial, read, send
from strongroom.apps.embedded.process import Command, ManagedProcess
from strongroom.threshold.ecdsa import Dkls23

PROJECT = Path(__file__).resolve().parents[1]
KINDS = ("3-of-3", "2-of-3")
WARM_UP = 10
_EVERYONE = tuple(range(1, PARTIES + 1))
_QUORUMS = {"3-of-3": (_EVERYONE,), "2-of-3": tuple(itertools.combinations(_EVERYONE, 2))}
_THRESHOLDS = {"3-of-3": 3, "2-of-3": 2}


@dataclass(slots=True)
class _Awaited:
    parties: int
    everyone: asyncio.Future[bytes]


@dataclass(frozen=True, slots=True)
class _Signed:
    digest: bytes
    signature: bytes
    took_ms: float


class Bare:
    """Three running parties with a key of each kind. ``open_bare`` makes one."""

    def __init__(self) -> None:
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._listeners: set[asyncio.Task[None]] = set()
        self._joined = asyncio.Semaphore(0)
        self._awaited: dict[bytes, _Awaited] = {}
        self._keys: dict[str, tuple[bytes, bytes]] = {}

    async def join(self, folder: Path, kinds: Iterable[str]) -> None:
        """Connect to the three once they are connected to each other, and have them make a key of each kind wanted."""
        for party in _EVERYONE:
            reader, self._writers[party] = await dial(folder, party=party, caller=0)
            self._listeners.add(asyncio.create_task(self._listen(reader)))
        for _ in _EVERYONE:
            await asyncio.wait_for(self._joined.acquire(), timeout=30)
        for kind in kinds:
            session = os.urandom(32)
            order = Generate(session, _THRESHOLDS[kind])
            self._keys[kind] = session, await self._order(session, order, _EVERYONE)

    async def measure(self, kind: str, *, in_flight: int, count: int) -> Load:
        """A closed loop of signatures; one is over when all its signers have it.

        Args:
            kind: one of ``KINDS``.
            in_flight: how many at a time.
            count: how many in all, after a warm-up that is not counted.
        """
        await self._loop(kind, in_flight=in_flight, count=max(WARM_UP, in_flight))
        begun = time.perf_counter()
        signed = await self._loop(kind, in_flight=in_flight, count=count)
        elapsed_s = time.perf_counter() - begun
        self._verify(kind, signed)
        latency = Spread.of([one.took_ms for one in signed])
        return Load(in_flight=in_flight, latency_ms=latency, per_second=count / elapsed_s)

    async def leave(self) -> None:
        """Close the connections, which ends the three."""
        for writer in self._writers.values():
            writer.close()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        async for frame in read(reader):
            if isinstance(frame, Hello):
                self._joined.release()
                continue
            assert isinstance(frame, Finished), "parties tell the driver results alone"
            awaited = self._awaited[frame.session]
            awaited.parties -= 1
            if awaited.parties == 0:
                awaited.everyone.set_result(frame.result)

    async def _loop(self, kind: str, *, in_flight: int, count: int) -> list[_Signed]:
        quorums = itertools.islice(itertools.cycle(_QUORUMS[kind]), count)

        async def work(turns: Iterator[tuple[int, ...]]) -> list[_Signed]:
            return [await self._sign(kind, signers) for signers in turns]

        workers = await asyncio.gather(*(work(quorums) for _ in range(in_flight)))
        return [one for signed in workers for one in signed]

    async def _sign(self, kind: str, signers: tuple[int, ...]) -> _Signed:
        session, digest = os.urandom(32), os.urandom(32)
        begun = time.perf_counter()
        signature = await self._order(session, Sign(session, self._keys[kind][0], signers, digest), signers)
        return _Signed(digest, signature, (time.perf_counter() - begun) * 1000)

    async def _order(self, session: bytes, order: Sign | Generate, parties: tuple[int, ...]) -> bytes:
        awaited = self._awaited[session] = _Awaited(len(parties), asyncio.get_running_loop().create_future())
        for party in parties:
            send(self._writers[party], order)
        try:
            return await asyncio.wait_for(awaited.everyone, timeout=120)
        finally:
            del self._awaited[session]

    def _verify(self, kind: str, signed: list[_Signed]) -> None:
        public_key = self._keys[kind][1]
        for one in signed:
            if not Dkls23().verify(public_key=public_key, digest=one.digest, signature=one.signature):
                raise AssertionError("the parties made a signature that does not verify")


@asynccontextmanager
async def open_bare(folder: Path, *, kinds: Iterable[str] = KINDS) -> AsyncGenerator[Bare]:
    """Start the three processes, make their keys, and end them with the block.

    Args:
        folder: for their sockets and logs; short, because a socket's path is limited to 107 bytes.
        kinds: which kinds of key they make.
    """
    processes: list[ManagedProcess] = []
    bare = Bare()
    try:
        processes.extend(_start(folder, party) for party in _EVERYONE)
        await bare.join(folder, kinds)
        yield bare
    finally:
        await bare.leave()
        for process in processes:
            process.stop()


def _start(folder: Path, party: int) -> ManagedProcess:
    command = Command(
        name=f"bare party {party}",
        arguments=(sys.executable, "-m", "bench.party", str(party), str(folder)),
        log_path=folder / f"party-{party}.log",
        pid_path=folder / f"party-{party}.pid",
        directory=PROJECT,
        environment={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
    )
    return ManagedProcess.start(command)
