"""``strongroom-enclave``: the Travel Rule enclave's program."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import structlog
import uvicorn
import uvloop
from cyclopts import App, Parameter

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.collector import settle_collector
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import open_door, serve_config, server_context, wait_for_signal
from strongroom.runtime.kms import SoftwareAttestor, SoftwareKms
from strongroom.runtime.program import run_program
from strongroom.runtime.service import HttpApp
from strongroom.runtime.telemetry import configure_logging
from strongroom.travel_rule.enclave.app import IDENTITY, Enclave, Ports, build, migrate_store
from strongroom.travel_rule.enclave.config import EnclaveConfig, load_config
from strongroom.travel_rule.enclave.domain.commands import Command
from strongroom.travel_rule.enclave.operations.commands import list_dead, replay
from strongroom.travel_rule.enclave.operations.keep import erase as erase_one
from strongroom.travel_rule.enclave.operations.keep import renew_own_key, rotate_data_key

SERVICE: Final = "travel-rule-enclave"
_log = structlog.stdlib.get_logger(__name__)

app = App(
    name="strongroom-enclave",
    help="Exchange originator and beneficiary data with other providers. Exit codes: 0 done, 1 refused, 2 wrong usage, "
    "3 damaged state.",
    version_flags=[],
)
keys_app = App(name="keys", help="What personal data is sealed and encrypted with.")
app.command(keys_app)
letters_app = App(name="dead-letters", help="What could not be delivered, and waits for somebody.")
app.command(letters_app)
Config = Annotated[Path, Parameter(name="--config", help="The enclave's settings, TOML.")]


@app.command
def serve(*, config: Config) -> None:
    """Serve both doors and run commands until SIGINT or SIGTERM."""
    settings = _load(config)
    configure_logging(
        service=SERVICE, environment=settings.environment, attestor=SoftwareAttestor(), level=settings.log_level
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


@app.command
def migrate(*, config: Config) -> None:
    """Bring the database's tables to this release; safe while an enclave runs."""
    settings = _load(config)
    applied = asyncio.run(migrate_store(settings, _ports(settings)))
    _say(", ".join(applied) or "Nothing to do.")


@app.command
def identity(*, config: Config) -> None:
    """Show the public key that the network authority lists for this enclave, in hexadecimal."""
    settings = _load(config)
    _say(_ports(settings).kms.signer(IDENTITY).public_key.hex())


@app.command
def erase(uuid: Annotated[str, Parameter(help="The verification.")], *, config: Config) -> None:
    """Erase the personal data of one verification for good, in every backup too."""

    async def run(enclave: Enclave) -> None:
        await erase_one(means=enclave.means, uuid=uuid)

    asyncio.run(_with(_load(config), run))
    _say(f"{uuid}: erased.")


@keys_app.command
def rotate(*, config: Config) -> None:
    """Make a new version of the key that columns are encrypted under; what is there stays readable."""

    async def run(enclave: Enclave) -> None:
        _say(f"Version {await rotate_data_key(means=enclave.means)} is in use.")

    asyncio.run(_with(_load(config), run))


@keys_app.command
def renew(*, config: Config) -> None:
    """Have counterparties seal to a new key of this provider; serving enclaves forget the old within a minute."""

    async def run(enclave: Enclave) -> None:
        await renew_own_key(means=enclave.means)

    asyncio.run(_with(_load(config), run))
    _say("The next counterparty that asks gets a new key.")


@letters_app.command(name="list")
def list_letters(*, config: Config) -> None:
    """Show dead letters, oldest first: id, kind, tries, when it was made, what it is about."""

    async def run(enclave: Enclave) -> None:
        for letter in await list_dead(means=enclave.means):
            _say(_line(letter))

    asyncio.run(_with(_load(config), run))


@letters_app.command(name="replay")
def replay_letter(letter: Annotated[int, Parameter(help="Its id.")], *, config: Config) -> None:
    """Have a dead letter tried again by whoever serves."""

    async def run(enclave: Enclave) -> None:
        if not await replay(means=enclave.means, command_id=letter):
            raise StrongroomError(Code.NOT_FOUND, f"There is no dead letter {letter}.")

    asyncio.run(_with(_load(config), run))
    _say(f"{letter}: will be tried again.")


def main() -> None:
    """Run the program."""
    sys.exit(run_program(app, sys.argv[1:]))


async def _serve(settings: EnclaveConfig) -> None:
    async with _opened(settings) as enclave:
        api, messages, tls = settings.api, settings.messages, enclave.tls
        api_door = serve_config(enclave.api, host=api.host, port=api.port, tls=tls.api and tls.api.server)
        message_door = serve_config(
            enclave.messages, host=messages.host, port=messages.port, tls=tls.messages and tls.messages.server
        )
        settle_collector()
        async with AsyncExitStack() as doors:
            message_port = await doors.enter_async_context(open_door(message_door))
            if enclave.trp is not None:
                await doors.enter_async_context(open_door(_trp_door(settings, enclave.trp)))
            api_port = await doors.enter_async_context(open_door(api_door))  # last: it is the one that is waited for
            enclave.start()
            _log.info("listening", api_port=api_port, message_port=message_port)
            await wait_for_signal()


def _trp_door(settings: EnclaveConfig, app: HttpApp) -> uvicorn.Config:
    """Mutual TLS always: who shows no certificate under the root is not heard."""
    trp = settings.trp
    return serve_config(app, host=trp.host, port=trp.port, tls=server_context(Path(trp.tls_folder)))


@asynccontextmanager
async def _opened(settings: EnclaveConfig) -> AsyncGenerator[Enclave]:
    enclave = await build(settings, _ports(settings))
    try:
        yield enclave
    finally:
        await enclave.stop()


async def _with(settings: EnclaveConfig, run: Callable[[Enclave], Awaitable[None]]) -> None:
    async with _opened(settings) as enclave:
        await run(enclave)


def _ports(settings: EnclaveConfig) -> Ports:
    return Ports(clock=SystemClock(), entropy=SystemEntropy(), kms=SoftwareKms(Path(settings.keys_folder)))


def _load(config: Path) -> EnclaveConfig:
    return load_config(config, environ=os.environ)


def _line(letter: Command) -> str:
    made = letter.created_at.isoformat(timespec="seconds")
    return f"{letter.id}  {letter.kind:<10}{letter.attempt + 1:>4} tries  {made}  {letter.body.decode()}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
