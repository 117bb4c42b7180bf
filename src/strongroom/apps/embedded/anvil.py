"""A development chain: Anvil from the npm package ``@foundry-rs/anvil``, on 127.0.0.1, its state in the data folder.

Its coins are worth nothing and its accounts' keys are public (the mnemonic ``test test ... junk``): a demonstration of
a chain, not a chain. A transaction is mined at once, and a block follows every ``block_time_s``, so that confirmations
by depth arrive without traffic.
"""

import asyncio
import http.client
import json
import os
import platform
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast, final

from strongroom.apps.embedded.ports import HOST, keep_port
from strongroom.apps.embedded.process import Command, ManagedProcess, lock_file
from strongroom.apps.embedded.supervisor import ChildSpec
from strongroom.kernel.errors import Code, StrongroomError

FAUCET_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""The first of Anvil's ten rich accounts; Anvil itself signs for it."""
DEVELOPMENT_CHAIN_ID = 31337
OVERRIDE = "STRONGROOM_ANVIL"
_NAME = "Anvil"
_PID_FILE = "pid"
_START_TIMEOUT_S = 20.0
_POLL_S = 0.02
_STATES_KEPT = "64"
_STATE_INTERVAL_S = "15"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnvilChain:
    """A prepared chain, not yet running. ``prepare`` makes one; its port stays the same over every ``spawn``."""

    data_dir: Path
    program: Path
    port: int
    chain_id: int
    block_time_s: float

    @classmethod
    def prepare(
        cls, data_dir: Path, *, port: int = 0, block_time_s: float = 1.0, chain_id: int = DEVELOPMENT_CHAIN_ID
    ) -> Self:
        """Finds the program and settles the port.

        Args:
            data_dir: a folder for this chain alone; made if absent.
            port: the TCP port; 0 for the port of the last start, or a free one.
            block_time_s: seconds between blocks when nothing happens.
            chain_id: the EIP-155 number.

        Raises:
            StrongroomError: CONFIG_INVALID if the program is not installed; STATUS_CONFLICT if another living
                Strongroom runs the chain.
        """
        data_dir = data_dir.absolute()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        program = find_anvil()
        with lock_file(data_dir / _PID_FILE, what=_NAME):
            settled = port or keep_port(data_dir / "port")
        return cls(data_dir=data_dir, program=program, port=settled, chain_id=chain_id, block_time_s=block_time_s)

    @property
    def rpc_url(self) -> str:
        """Where the chain answers JSON-RPC."""
        return f"http://{HOST}:{self.port}"

    @property
    def state_path(self) -> Path:
        """Where Anvil keeps the chain between starts."""
        return self.data_dir / "state.json"

    def spawn(self) -> ManagedProcess:
        """Starts the chain and returns at once.

        Raises:
            StrongroomError: STATUS_CONFLICT if another living Strongroom runs it.
        """
        options = {
            "--host": HOST,
            "--port": str(self.port),
            "--chain-id": str(self.chain_id),
            "--block-time": str(self.block_time_s),
            "--state": str(self.state_path),  # read at the start, written at the end and meanwhile
            "--state-interval": _STATE_INTERVAL_S,
            "--prune-history": _STATES_KEPT,
        }
        flags = ("--mixed-mining", "--quiet", "--no-cors")  # no web page may talk to it
        command = Command(
            name=_NAME,
            arguments=(str(self.program), *flags, *(part for option in options.items() for part in option)),
            log_path=self.data_dir / "anvil.log",
            pid_path=self.data_dir / _PID_FILE,
            directory=self.data_dir,
            environment={"HOME": str(self.data_dir), "NO_COLOR": "1"},
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )
        return ManagedProcess.start(command, before=self._keep_good_state)

    def child(self) -> ChildSpec:
        """This chain as a supervisor's child."""

        async def is_ready(_: ManagedProcess) -> bool:
            return await asyncio.to_thread(self.is_ready)

        return ChildSpec(name=_NAME, start=self.spawn, is_ready=is_ready, ready_timeout_s=_START_TIMEOUT_S)

    def _keep_good_state(self) -> None:
        """Anvil killed while writing leaves half a file, which it will not read again: go back to the last good one."""
        copy = self.data_dir / "state.last.json"
        if _is_json(self.state_path):
            shutil.copyfile(self.state_path, copy)
        elif copy.exists():
            shutil.copyfile(copy, self.state_path)
        else:
            self.state_path.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """Whether the chain answers, and is the expected one."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        question = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'
        try:
            connection.request("POST", "/", question, {"Content-Type": "application/json"})
            answer = cast("object", json.loads(connection.getresponse().read()))
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()
        return answer == {"jsonrpc": "2.0", "id": 1, "result": hex(self.chain_id)}


@final
class RunningAnvil:
    """A chain that answers."""

    def __init__(self, *, chain: AnvilChain, process: ManagedProcess) -> None:
        self.chain = chain
        self.process = process

    @property
    def rpc_url(self) -> str:
        """Where the chain answers JSON-RPC."""
        return self.chain.rpc_url

    def stop(self) -> None:
        """Writes the state and ends; may be called twice."""
        self.process.stop()


def start_anvil(
    data_dir: Path, *, port: int = 0, block_time_s: float = 1.0, chain_id: int = DEVELOPMENT_CHAIN_ID
) -> RunningAnvil:
    """Prepares and starts a chain and waits until it answers (about 0.2 s).

    Arguments and errors as ``AnvilChain.prepare``; UNAVAILABLE if the chain does not come up.
    """
    chain = AnvilChain.prepare(data_dir, port=port, block_time_s=block_time_s, chain_id=chain_id)
    process = chain.spawn()
    for _ in range(int(_START_TIMEOUT_S / _POLL_S)):
        if process.wait(timeout_s=_POLL_S) is not None:
            break
        if chain.is_ready():
            return RunningAnvil(chain=chain, process=process)
    reason = process.log_tail()
    process.stop()
    raise StrongroomError(Code.UNAVAILABLE, f"Anvil did not start ({chain.data_dir / 'anvil.log'}):\n{reason}")


def find_anvil() -> Path:
    """The program: what ``STRONGROOM_ANVIL`` names, else the one that ``npm ci`` installed in the project.

    Raises:
        StrongroomError: CONFIG_INVALID if there is none; the detail says how to get it.
    """
    named = os.environ.get(OVERRIDE)
    if named:
        return _check_program(Path(named), f"{OVERRIDE} names {named}, which is not a program.")
    machine = _ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())
    package = Path("node_modules", "@foundry-rs", f"anvil-{sys.platform}-{machine}", "bin", "anvil")
    folders = (*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents)
    found = next((folder / package for folder in folders if (folder / package).is_file()), package)
    return _check_program(found, f"Anvil is not installed: run `npm ci` in the project, or name it in {OVERRIDE}.")


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


def _check_program(path: Path, complaint: str) -> Path:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise StrongroomError(Code.CONFIG_INVALID, complaint)
    return path.absolute()


def fund(*, rpc_url: str, address: str, value_units: int) -> str:
    """Sends coins from the faucet account, which Anvil signs for itself, and returns the transaction's hash.

    Args:
        rpc_url: the development chain.
        address: who gets it.
        value_units: how much, in wei.

    Raises:
        StrongroomError: NODE_REFUSED if the chain will not; NODE_UNAVAILABLE if it does not answer.
    """
    transfer = {"from": FAUCET_ADDRESS, "to": address, "value": hex(value_units)}
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [transfer]}
    connection = http.client.HTTPConnection(rpc_url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/", json.dumps(question), {"Content-Type": "application/json"})
        answer = cast("dict[str, object]", json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise StrongroomError(Code.NODE_UNAVAILABLE, f"The development chain does not answer: {error}.") from error
    finally:
        connection.close()
    if "result" not in answer:
        raise StrongroomError(Code.NODE_REFUSED, f"The development chain refused to fund {address}: {answer}.")
    return str(answer["result"])
