"""Single commands about a running system: ``strongroom assets`` and ``strongroom cosigners``."""

from strongroom.cli.connection import Connection
from strongroom.cli.output import AsJson, show_json, show_table, time_text


def assets(*, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """List the assets of the tenant's signed list."""
    with (connection or Connection()).target().client() as client:
        found = list(client.pages("/supported_assets", items="items"))
    if as_json:
        show_json(found)
        return
    rows = (
        (asset["id"], asset["name"], asset["type"], str(asset["decimals"]), asset.get("contractAddress", ""))
        for asset in found
    )
    show_table(("id", "name", "type", "decimals", "contract"), rows, empty="No assets.")


def cosigners(*, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """Show which of the three co-signers are connected. While one is absent, transactions wait for it."""
    with (connection or Connection()).target().anyone() as client:
        found = list(client.pages("/strongroom/cosigners", items="cosigners"))
    if as_json:
        show_json(found)
        return
    rows = (
        (str(one["index"]), "yes" if one["connected"] else "no", time_text(one["seenAt"]) or "never") for one in found
    )
    show_table(("co-signer", "connected", "last seen"), rows, empty="No co-signers.")
