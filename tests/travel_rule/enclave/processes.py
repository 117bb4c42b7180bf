"""An enclave as a process of its own, which a test may kill at any moment and start again."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, final

import httpx
import msgspec

from strongroom.runtime.kms import SoftwareKms
from strongroom.travel_rule.enclave.config import EnclaveConfig, WorkSettings
from tests.fakes.travel_rule_backend import FakeBackend
from tests.fakes.travel_rule_hub import FakeHub
from tests.travel_rule.enclave.pair import WAIT_S, A, B, record_of, served, settings, until

_WORK = WorkSettings(poll_s=0.1, back_off_s=0.05, back_off_max_s=0.3, lease_s=2)


@final
@dataclass(kw_only=True)
class EnclaveProcess:
    """``api`` reaches it; ``log`` is its standard error."""

    vasp_id: str
    file: Path
    log: Path
    backend: FakeBackend
    api: httpx.AsyncClient
    running: subprocess.Popen[bytes] | None = None
    _log: IO[bytes] | None = field(default=None, repr=False)

    async def start(self) -> None:
        self._open()

        async def is_up() -> bool:
            assert self.running is not None
            assert self.running.poll() is None, self.log.read_text()[-2000:]
            try:
                return (await self.api.get("/v1/health")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_up)

    def kill(self) -> None:
        """At once, without a chance to put anything in order."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    async def run(self, *arguments: str) -> str:
        """Another command of the program, on the same settings."""
        made = await asyncio.create_subprocess_exec(*self.command(*arguments), stdout=subprocess.PIPE)
        out, _ = await made.communicate()
        assert made.returncode == 0
        return out.decode()

    def command(self, *arguments: str) -> list[str]:
        program = [sys.executable, "-m", "strongroom.travel_rule.enclave.main"]
        return [*program, *arguments, "--config", str(self.file)]

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def final(self, uuid: str) -> Any:
        async def look() -> Any:
            answer = await self.api.get(f"/v1/verifications/{uuid}")
            found = answer.json()
            return found if found.get("result") not in {"WAIT", "PENDING", None} else None

        return await until(look)

    def _open(self) -> None:
        self._log = self.log.open("ab")
        self.running = subprocess.Popen(self.command("serve"), stderr=self._log, stdout=self._log)

    def _end(self, number: int) -> None:
        if self.running is not None:
            os.kill(self.running.pid, number)
            self.running.wait(timeout=WAIT_S)
            self.running = None
        if self._log is not None:
            self._log.close()
            self._log = None


@dataclass(frozen=True, kw_only=True)
class Processes:
    a: EnclaveProcess
    b: EnclaveProcess
    hub: FakeHub


@asynccontextmanager
async def processes(urls: tuple[str, str], folder: Path, *, callback_tries: int = 100) -> AsyncGenerator[Processes]:
    """Two processes over two migrated databases; hub and back ends stay in this one."""
    async with AsyncExitStack() as stack:
        work = msgspec.structs.replace(_WORK, callback_tries=callback_tries)
        hub = FakeHub()
        stack.push_async_callback(hub.close)
        hub_port = await stack.enter_async_context(served(hub))
        made: list[EnclaveProcess] = []
        for name, vasp_id, url in (("a", A, urls[0]), ("b", B, urls[1])):
            backend = FakeBackend()
            backend_port = await stack.enter_async_context(served(backend))
            api_port, message_port = _free_port(), _free_port()
            config = settings(vasp_id, database=url, hub_port=hub_port, backend_port=backend_port, work=work)
            home = folder / name
            home.mkdir()
            config = _changed(config, api_port=api_port, message_port=message_port, keys=home / "keys")
            (home / "enclave.toml").write_text(toml(msgspec.to_builtins(config)))
            hub.records[vasp_id] = record_of(vasp_id, SoftwareKms(home / "keys"))
            hub.ports[vasp_id] = message_port
            api = await stack.enter_async_context(_client(config, api_port))
            process = EnclaveProcess(
                vasp_id=vasp_id, file=home / "enclave.toml", log=home / "log", backend=backend, api=api
            )
            stack.callback(process.stop)
            made.append(process)
        for process in made:
            await process.start()
        yield Processes(a=made[0], b=made[1], hub=hub)


def _client(config: EnclaveConfig, port: int) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {config.api.token}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=WAIT_S, trust_env=False)


def _changed(config: EnclaveConfig, *, api_port: int, message_port: int, keys: Path) -> EnclaveConfig:
    replace = msgspec.structs.replace
    return replace(
        config,
        keys_folder=str(keys),
        log_level="DEBUG",
        api=replace(config.api, port=api_port),
        messages=replace(config.messages, port=message_port),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def toml(values: Mapping[str, Any]) -> str:
    """JSON's texts, numbers, booleans and lists are TOML's; tables come last."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items() if not isinstance(value, dict)]
    for name in values.keys() - {line.partition(" ")[0] for line in lines}:
        table: dict[str, Any] = values[name]
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"
