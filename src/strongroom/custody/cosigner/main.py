"""``strongroom-cosigner``: hold a share, see every intent, be able to say no."""

import asyncio
import fcntl
import json
import signal
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import structlog
import uvloop
from cyclopts import App, Parameter

from strongroom.custody.cosigner.app import build, open_context, system_ports
from strongroom.custody.cosigner.config import (
    CallbackConfig,
    CosignerConfig,
    find_callback_config,
    load_config,
    read_callback_key,
    remove_callback_config,
    write_callback_config,
    write_config,
)
from strongroom.custody.cosigner.domain.callback import CUSTOMER
from strongroom.custody.cosigner.domain.limits import AssetLimit, Limits
from strongroom.custody.cosigner.operations.activate import activate as install_genesis
from strongroom.custody.cosigner.operations.activate import apply_document_set
from strongroom.custody.cosigner.operations.back_up import back_up
from strongroom.custody.cosigner.operations.back_up import restore as restore_share
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.tell import tell_address, tell_identity, tell_key
from strongroom.custody.cosigner.peers import Link
from strongroom.custody.cosigner.providers.callback_keys import open_callback_key, read_handler_key
from strongroom.custody.cosigner.store import list_bans, list_document_heads, list_frozen
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.collector import settle_collector
from strongroom.runtime.kms import write_once
from strongroom.runtime.program import run_program
from strongroom.threshold.backup import load_recovery_key, load_recovery_public_key

IDENTITY_FILE: Final = "identity.json"
_DOCUMENT_BYTES_MAX: Final = 2 << 20
_UNITS_DIGITS_MAX: Final = 78

Home = Annotated[Path, Parameter(name="--home", help="Folder of this co-signer: settings, keys, journal.")]
app = App(
    name="strongroom-cosigner",
    help="Hold one of three shares of a key. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 damaged state.",
    version_flags=[],
)
journal_app = App(name="journal", help="The hash-chained record of everything this co-signer promised.")
app.command(journal_app)
key_app = App(name="key", help="The tenant's key as this co-signer recorded it.")
app.command(key_app)
callback_app = App(name="callback", help="The web server of yours that is asked before every consent (co-signer 3).")
app.command(callback_app)
Tenant = Annotated[str, Parameter(help="The tenant's name.")]


@app.command
def init(
    *,
    home: Home,
    index: Annotated[int, Parameter(help="1 or 2 at the provider, 3 at the customer.")],
    operator: Annotated[str, Parameter(help="Who runs it, as the roster shall say.")],
    environment: Annotated[Environment, Parameter(help="Keys of sandbox and live never mix.")] = Environment.SANDBOX,
    limit: Annotated[
        tuple[str, ...],
        Parameter(help="ASSET=PER_TRANSACTION:ROLLING_24H in base units; once per asset. Unlisted assets are refused."),
    ] = (),
    max_fee_units: Annotated[int | None, Parameter(help="The highest fee of one transaction, in base units.")] = None,
) -> None:
    """Make the identity keys and the settings; prints the public keys for the owners' roster."""
    if not 1 <= index <= 3:
        raise StrongroomError(Code.CONFIG_INVALID, "--index is 1, 2 or 3.")
    limits = Limits(assets=dict(map(_parse_limit, limit)), max_fee_units=max_fee_units)
    with _using(home):
        if (home / IDENTITY_FILE).exists():
            raise StrongroomError(Code.CONFLICT, f"{home} is a co-signer's home already; `identity` shows its keys.")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_config(home, CosignerConfig(index=index, operator=operator, environment=environment, limits=limits))
    with _opened(home) as (context, config):
        text = json.dumps(tell_identity(context=context, operator=config.operator), indent=2)
    with _using(home):
        (home / IDENTITY_FILE).write_text(text + "\n")
    _say(text)


@app.command
def identity(*, home: Home) -> None:
    """Show the public keys that the owners' roster must list for this co-signer."""
    with _opened(home) as (context, config):
        _say(json.dumps(tell_identity(context=context, operator=config.operator), indent=2))


@app.command
def activate(
    *, home: Home, genesis: Annotated[Path, Parameter(help="The owners' first signed document set, as a file.")]
) -> None:
    """Install a tenant's first document set. Compare the hash with the owners by another way, such as the telephone."""
    with _opened(home) as (context, config):
        document_set = install_genesis(context=context, data=_read(genesis), operator=config.operator)
    _show_document_set(document_set)


@app.command
def apply(
    *, home: Home, document_set: Annotated[Path, Parameter(help="The next signed document set, as a file.")]
) -> None:
    """Install the successor of a tenant's document set; the owners of the current one must have signed it."""
    with _opened(home) as (context, config):
        applied = apply_document_set(context=context, data=_read(document_set), operator=config.operator)
    _show_document_set(applied)


@app.command
def address(
    *,
    home: Home,
    tenant: Annotated[str, Parameter(help="The tenant's name.")],
    account: Annotated[int, Parameter(help="Number of the vault account.")],
    coin_type: Annotated[int, Parameter(help="SLIP-44 number of the coin.")] = 60,
) -> None:
    """Derive a vault account's address from this co-signer's own record of the key."""
    with _opened(home) as (context, _):
        derived, path = tell_address(context=context, tenant_id=TenantId(tenant), account=account, coin_type=coin_type)
    _say(f"{derived}  {path}")


@app.command
def limits(*, home: Home) -> None:
    """Show what this co-signer signs at most, and what it consented to in the last 24 hours."""
    with _opened(home) as (context, config):
        _say(f"maximum fee: {_or_none(config.limits.max_fee_units)}")
        for asset_id, limit in sorted(config.limits.assets.items()):
            _say(f"{asset_id}: {limit.per_transaction_units} per transaction, {limit.rolling_24h_units} in 24 hours")
        if not config.limits.assets:
            _say("No asset is listed in cosigner.toml: every transaction is refused.")
        for (tenant, asset_id), spent in sorted(context.memory.window.sums().items()):
            _say(f"consented in the last 24 hours: {spent} {asset_id} of {tenant}")


@app.command
def run(
    *,
    home: Home,
    engine: Annotated[str, Parameter(help="HOST:PORT of the co-signer engine; this program dials out to it.")],
    tls: Annotated[Path, Parameter(help="Folder with tls.key, tls.pem and root.pem from the platform.")],
) -> None:
    """Stay connected to the engine and take part; opens no port. Ends with Ctrl-C or SIGTERM."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with _locked(home), _opened(home) as (context, _):
        link = build(context=context, engine=engine, tls=tls)
        settle_collector()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run_until_signal(link))


@key_app.command
def show(*, home: Home, tenant: Tenant) -> None:
    """Show the tenant's key as this co-signer recorded it. Compare the fingerprint with the other two."""
    with _opened(home) as (context, _):
        for name, value in tell_key(context=context, tenant_id=TenantId(tenant)).items():
            _say(f"{name + ':':<15}{value}")


@callback_app.command(name="key")
def callback_key(*, home: Home) -> None:
    """Print the public key with which the handler verifies questions; the first time, make the key."""
    load_config(home)
    _say(open_callback_key(home).rstrip())


@callback_app.command(name="set")
def set_callback(
    *,
    home: Home,
    url: Annotated[str, Parameter(help="Where the handler is: https, or http on loopback.")],
    handler_key: Annotated[Path, Parameter(help="The handler's public key, RSA, PEM: it signs the answers.")],
    timeout_s: Annotated[float, Parameter(help="How long one answer may take.")] = 30.0,
    retry_s: Annotated[float, Parameter(help="How long to wait after no answer before asking again.")] = 10.0,
    ca: Annotated[Path | None, Parameter(help="Roots of the handler's certificate, PEM; else the system's.")] = None,
) -> None:
    """Ask this handler before every consent, from the next start on. Without its APPROVE nothing is signed here."""
    if load_config(home).index != CUSTOMER:
        raise StrongroomError(Code.CONFIG_INVALID, f"Only co-signer {CUSTOMER} has a callback handler.")
    read_callback_key(home)
    if ca is not None:
        _read(ca)
    config = CallbackConfig(
        url=url,
        handler_key=read_handler_key(_read(handler_key)),
        timeout_s=timeout_s,
        retry_s=retry_s,
        ca_file="" if ca is None else str(ca.absolute()),
    )
    write_callback_config(home, config)
    show_callback(home=home)


@callback_app.command(name="show")
def show_callback(*, home: Home) -> None:
    """Show which handler is asked."""
    load_config(home)
    config = find_callback_config(home)
    if config is None:
        _say("No callback handler: nobody is asked before a consent.")
        return
    _say(f"{config.url} is asked before every consent, {config.timeout_s:g} s for an answer")


@callback_app.command(name="remove")
def remove_callback(*, home: Home) -> None:
    """Ask nobody any more, from the next start on. What was rejected stays rejected."""
    load_config(home)
    remove_callback_config(home)
    show_callback(home=home)


@app.command
def backup(
    *,
    home: Home,
    tenant: Tenant,
    recovery_public_key: Annotated[Path, Parameter(help="Public half of the offline recovery key, PEM.")],
    out: Annotated[Path, Parameter(help="The file to write; one that is there is never replaced.")],
) -> None:
    """Seal the share to its holder's offline recovery key. In `live` nothing is signed before that."""
    recovery_key = load_recovery_public_key(_read(recovery_public_key))
    if out.exists():
        raise StrongroomError(Code.CONFLICT, f"{out} is there already.")
    with _opened(home) as (context, _):
        key = back_up(
            context=context,
            tenant_id=TenantId(tenant),
            recovery_key=recovery_key,
            keep=lambda data: write_once(out, data),
        )
    _say(f"{out}: {key.key_id}, epoch {key.epoch}. Check it with: strongroom keys backup verify")


@app.command
def restore(
    *,
    home: Home,
    backup: Annotated[Path, Parameter(help="The backup of this co-signer's share.")],
    recovery_key: Annotated[Path, Parameter(help="The holder's recovery key, PEM.")],
    passphrase_file: Annotated[Path | None, Parameter(help="Holds the passphrase of the recovery key.")] = None,
) -> None:
    """Install a share from its backup after the journal was lost. It signs nothing before the key is refreshed."""
    passphrase = _read(passphrase_file).rstrip(b"\r\n") if passphrase_file else None
    key = load_recovery_key(_read(recovery_key), passphrase=passphrase)
    with _locked(home), _opened(home) as (context, _):
        record = restore_share(context=context, data=_read(backup), recovery_key=key)
    _say(f"{record.key_id}, epoch {record.epoch}, restored. Refresh the key: strongroom keys refresh")


@journal_app.command
def verify(*, home: Home) -> None:
    """Check every link of the journal, and that every index table follows from it."""
    with _opened(home) as (context, _):
        _say(f"{context.journal.sequence} entries, head {_grouped(context.journal.head)}: the journal holds.")
        _show_frozen(context)


@app.command
def status(*, home: Home) -> None:
    """Show whether this co-signer signs: document sets, freeze after a rollback, banned peers."""
    with _opened(home) as (context, config):
        _say(f"co-signer {config.index} of {config.operator}, environment {config.environment}")
        for head in list_document_heads(context.journal.db):
            _say(f"{head.tenant}: document set {head.version}, hash {_grouped(head.set_hash)}")
        for tenant, peer in list_bans(context.journal.db):
            _say(f"{tenant}: co-signer {peer} cheated and is refused until the owners have the key refreshed.")
        _show_frozen(context)


def main() -> None:
    """Run the program."""
    sys.exit(run_program(app, sys.argv[1:]))


async def _run_until_signal(link: Link) -> None:
    task = asyncio.ensure_future(link.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


@contextmanager
def _opened(home: Path) -> Generator[tuple[Context, CosignerConfig]]:
    config = load_config(home)
    with _using(home):
        context = open_context(home=home, config=config, ports=system_ports(home))
    try:
        yield context, config
    finally:
        context.journal.close()


@contextmanager
def _locked(home: Path) -> Generator[None]:
    """Two running co-signers over one home would each count limits and nonces alone."""
    load_config(home)
    with _using(home):
        opened = (home / "run.lock").open("w")
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StrongroomError(Code.CONFLICT, f"Another co-signer runs over {home}: stop it first.") from None
        yield


@contextmanager
def _using(home: Path) -> Generator[None]:
    """A folder that we may not use is told like any other wrong setting."""
    try:
        yield
    except OSError as error:
        where = error.filename or home
        raise StrongroomError(Code.CONFIG_INVALID, f"{where} cannot be used: {error.strerror}.") from None
    except sqlite3.OperationalError as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"The journal in {home} cannot be opened: {error}.") from None


def _parse_limit(text: str) -> tuple[str, AssetLimit]:
    asset_id, _, amounts = text.partition("=")
    per_transaction, _, rolling = amounts.partition(":")
    if not (asset_id and _is_number(per_transaction) and _is_number(rolling)):
        raise StrongroomError(Code.CONFIG_INVALID, "--limit reads ASSET=PER_TRANSACTION:ROLLING_24H, in base units.")
    return asset_id, AssetLimit(per_transaction_units=int(per_transaction), rolling_24h_units=int(rolling))


def _is_number(text: str) -> bool:
    """Whether it is a decimal number of at most 256 bits' length; ``isdigit`` alone takes digits of every script."""
    return text.isascii() and text.isdigit() and len(text) <= _UNITS_DIGITS_MAX


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _DOCUMENT_BYTES_MAX:
            raise StrongroomError(Code.DOCUMENT_MALFORMED, f"{path} is too large for a document set.")
        return path.read_bytes()
    except OSError as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"{path} cannot be read: {error.strerror}.") from None


def _show_document_set(document_set: DocumentSet) -> None:
    _say(f"tenant {document_set.tenant}, environment {document_set.environment}, version {document_set.version}")
    _say(f"hash {_grouped(document_set.hash())}")


def _show_frozen(context: Context) -> None:
    for frozen in list_frozen(context.journal.db):
        _say(
            f"{frozen.tenant}: FROZEN. Co-signer {frozen.peer} holds our signed head of entry {frozen.sequence}, which"
            " this journal lacks: it was restored from an older copy. Nothing is signed until the key is refreshed."
        )


def _grouped(digest: bytes) -> str:
    """Hex in groups of four digits, to be read aloud."""
    text = digest.hex()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def _or_none(units: int | None) -> str:
    return "the asset's own" if units is None else str(units)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
