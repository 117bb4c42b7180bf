"""``strongroom up``: everything on this machine, and how to reach it."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from strongroom.apps.enclave_choice import choose_travel_rule
from strongroom.apps.up import READY_FILE, Ready, run_embedded
from strongroom.cli.connection import DEFAULT_DATA_DIR
from strongroom.cli.failures import Exit
from strongroom.cli.files import remove, write_private
from strongroom.cli.output import say, show_facts

SOMEONE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
"""The second public account of the development chain: a receiver for a first try."""

DataFolder = Annotated[
    Path, Parameter(help="The data folder: made if absent, its state survives a restart.", show_default=True)
]
Port = Annotated[
    int,
    Parameter(
        help="Of the REST door; 0 for that of the last start, or a free one.", validator=Number(gte=0, lte=65535)
    ),
]
TravelRuleFile = Annotated[
    Path | None,
    Parameter(
        help="Settings of the Travel Rule enclave, as TOML (docs/travel_rule.md); later starts of the folder keep "
        "them. A folder that never had any has a simulated counterparty."
    ),
]
ReadyFile = Annotated[
    Path | None,
    Parameter(help="Where to write addresses and credentials as JSON once it is ready; removed at the end."),
]
Simulate = Annotated[bool, Parameter(help="Forget the enclave of an earlier start: the counterparty is simulated.")]


def up(
    *,
    data: DataFolder = DEFAULT_DATA_DIR,
    port: Port = 0,
    ready_file: ReadyFile = None,
    travel_rule: TravelRuleFile = None,
    simulate_travel_rule: Simulate = False,
) -> int:
    """Run everything on this machine until it is asked to stop; its help text stands in ``main``."""
    was_ready = False

    async def when_ready(ready: Ready) -> bool:
        nonlocal was_ready
        was_ready = True
        show_ready(ready)
        if ready_file is not None:
            write_private(ready_file, json.dumps(ready.facts(), indent=2).encode())
        say("\nRunning until Ctrl-C.")
        return False

    chosen = choose_travel_rule(data, file=travel_rule, is_simulated=simulate_travel_rule)

    def when_held() -> None:
        if ready_file is not None:
            remove(ready_file)

    say(f"Strongroom starts in {data.absolute()}")
    try:
        run_embedded(data, port=port, tell=tell, when_ready=when_ready, travel_rule=chosen, when_held=when_held)
    finally:
        if was_ready and ready_file is not None:
            remove(ready_file)
    say(f"Stopped. Its state stays in {data.absolute()}")
    return Exit.OK if was_ready else Exit.INTERRUPTED


def tell(line: str) -> None:
    """Print what happens at the start, below the line that says that it starts."""
    say(f"  {line}")


def show_ready(ready: Ready) -> None:
    """Print addresses and credentials; of the private key only where it is."""
    layout, facts = ready.embedded.layout, ready.facts()
    own = layout.data_dir == DEFAULT_DATA_DIR.absolute()
    where = "" if own else f" --ready-file {layout.data_dir / READY_FILE}"
    say("\nReady.\n")
    show_facts(
        {
            "REST door": facts["base_url"],
            "API key": facts["api_key"],
            "API private key": str(layout.tenant / "api_private_key.pem"),
            "tenant": facts["tenant_id"],
            "keys of people": f"{layout.tenant}/owner-N.key, {layout.tenant}/approver-N.key",
            "vault account": f"{facts['vault_account_id']}, holding {facts['asset_id']}",
            "its address": facts["address"],
            "chain RPC": facts["chain_rpc_url"],
            "data folder": facts["data_dir"],
            "logs": str(layout.data_dir / "logs"),
            "try": f"strongroom tx create --to {SOMEONE} --amount 0.25 --wait{where}",
        }
    )
