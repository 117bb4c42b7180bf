"""The program ``strongroom``: which commands there are. Each command's module is imported when it is called for."""

import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Group, Parameter

from strongroom.cli.failures import Exit, WrongUsageError, guard

_HERE = Group("On this machine", sort_key=1)
_THERE = Group("About a running Strongroom", sort_key=2)
_HELP = """Custody by threshold signing, self-hosted.

Start with `strongroom demo`, or with `strongroom up` and, in another terminal,
`strongroom tx create`.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unavailable or not in time,
130 interrupted.
"""

# The help of a command that is no group stands here: what is registered lazily has no other place for it.
_UP = """Run everything on this machine until Ctrl-C.

A database server, a development chain, every service and three co-signers,
all on 127.0.0.1. The first start makes a tenant with a real 3-of-3 key and a
funded vault account; a later one finds them again.

For example:
    strongroom up

    strongroom up --data bank --port 8080 --ready-file ready.json
"""
_DEMO = """Send one transfer through the fourteen steps on a local chain.

Starts everything, makes a tenant with a real 3-of-3 key, funds a vault account,
sends with an API key, shows each step as it happens and reads every row back.
Exit code 0 only if it is COMPLETED on chain and every row was found.

For example:
    strongroom demo

    strongroom demo --json demo.json --data demo-data
"""
_ASSETS = """List the assets of the tenant's signed list, or change it.

For example:
    strongroom assets --json

    strongroom assets propose --from assets.toml --out draft.cbor
"""
_COSIGNERS = """Show which of the three co-signers are connected.

While one is absent, transactions wait for it.

For example:
    strongroom cosigners
"""

app = App(
    name="strongroom",
    help=_HELP,
    help_format="plaintext",
    version=lambda: f"strongroom {version('strongroom')}",
    version_flags=["--version"],
    default_parameter=Parameter(negative="", show_default=False),
)
_COMMANDS = (
    ("up", "strongroom.cli.up:up", _HERE, _UP),
    ("demo", "strongroom.cli.demo:demo", _HERE, _DEMO),
    ("owner-key", "strongroom.cli.personal_keys:owner", _HERE, "The key by which an owner signs."),
    ("approver-key", "strongroom.cli.personal_keys:approver", _HERE, "The key of an approver's device."),
    ("travel-rule", "strongroom.cli.travel_rule:app", _HERE, "IVMS101 payloads, and what jurisdictions ask."),
    ("tx", "strongroom.cli.transactions:app", _THERE, "Create, show, approve and cancel transactions."),
    ("vault", "strongroom.cli.vault:app", _THERE, "Vault accounts, addresses, balances and the key."),
    ("keys", "strongroom.cli.keys:app", _THERE, "The tenant's key: made, refreshed, backed up, recovered."),
    ("screening", "strongroom.cli.screening:app", _THERE, "Addresses that nobody may pay; senders, receivers."),
    ("owners", "strongroom.cli.documents:owners", _THERE, "Who may change the document set."),
    ("roster", "strongroom.cli.documents:roster", _THERE, "Whose signature counts."),
    ("policy", "strongroom.cli.documents:policy", _THERE, "What is allowed, and who must agree."),
    ("addresses", "strongroom.cli.documents:addresses", _THERE, "The listed destinations."),
    ("assets", "strongroom.cli.documents:assets", _THERE, _ASSETS),
    ("requests", "strongroom.cli.documents:requests", _THERE, "Vault accounts, and how long a request lives."),
    ("cosigners", "strongroom.cli.platform:cosigners", _THERE, _COSIGNERS),
    ("verify", "strongroom.cli.verify:app", _THERE, "Whether what the databases say is true."),
)
for _name, _path, _group, _text in _COMMANDS:
    app.command(_path, name=_name, help=_text, group=_group)


def main() -> None:
    """Run the command that the arguments of this process name, and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: as a shell would split them, without the program's name.

    Returns:
        The exit code: see ``strongroom.cli.failures.Exit``.
    """
    return guard(lambda: _dispatch(arguments))


def _dispatch(arguments: Sequence[str]) -> int:
    try:
        result: object = app(
            list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        words = " ".join(error.command_chain or ())
        remedy = f"`strongroom {words} --help` shows how." if words else "`strongroom --help` shows how."
        raise WrongUsageError(str(error).strip(), remedy) from None
    sys.stdout.flush()
    return result if isinstance(result, int) else Exit.OK


if __name__ == "__main__":
    main()
