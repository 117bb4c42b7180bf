"""``strongroom screening``: addresses that nobody may pay, and who sends and receives; the operator's business."""

import json
from pathlib import Path
from typing import Annotated, cast

from cyclopts import App, Parameter

from strongroom.cli.connection import Connection, read_file
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.output import AsJson, say, show_json, show_table, time_text

app = App(name="screening", help="The lists of addresses that nobody may pay.", help_format="plaintext")
parties = App(name="parties", help="Who sends and who receives: the Travel Rule's parties.", help_format="plaintext")
app.command(parties)


@app.command(name="import")
def import_(
    file: Annotated[Path, Parameter(help="A JSON array of addresses.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="Of the list; the file's name without its ending if absent.")] = None,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """Import a list of addresses in place of the one of the same name. Needs the operator's token.

    Without any list screening cannot answer, and no transaction moves.

    For example:
        strongroom screening import sanctioned_addresses_ETH.json
    """
    content, listed = read_file(file), name or file.stem
    _check_list(file, content)
    with (connection or Connection()).target().operator() as operator:
        addresses = operator.import_list(listed, content)
    if as_json:
        show_json({"name": listed, "addresses": addresses})
    else:
        say(f"{listed}: {addresses} addresses, checked from now on.")


@app.command(name="list")
def list_(*, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """List what is imported.

    For example:
        strongroom screening list
    """
    with (connection or Connection()).target().anyone() as client:
        found = list(client.pages("/strongroom/screening/lists", items="lists"))
    if as_json:
        show_json(found)
        return
    rows = ((item["name"], str(item["addresses"]), time_text(item.get("importedAt", 0))) for item in found)
    show_table(("name", "addresses", "imported"), rows, empty="No list is imported: no transaction moves.")


@parties.command(name="import")
def import_parties(
    file: Annotated[Path, Parameter(help="A JSON object: tenant, originators, destinations.")],
    /,
    *,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """Import a tenant's parties in place of all that it had. Needs the operator's token.

    The file holds personal data; it is kept sealed and never shown again. docs/travel_rule.md says what stands in it.

    For example:
        strongroom screening parties import parties.json
    """
    with (connection or Connection()).target().operator() as operator:
        imported = operator.import_parties(read_file(file))
    if as_json:
        show_json(imported)
    else:
        counts = f"{imported['originators']} originators, {imported['destinations']} destinations"
        say(f"{imported['tenantId']}: {counts}, used from now on.")


@parties.command(name="list")
def list_parties(*, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """List who is registered, without any person. Needs the operator's token.

    For example:
        strongroom screening parties list
    """
    with (connection or Connection()).target().operator() as operator:
        found = list(operator.pages("/strongroom/screening/parties", items="parties"))
    if as_json:
        show_json(found)
        return
    names = ("tenantId", "kind", "place", "jurisdiction", "standing")
    rows = ((*(item[name] for name in names), time_text(item["importedAt"])) for item in found)
    heads = ("tenant", "kind", "place", "jurisdiction", "standing", "imported")
    show_table(heads, rows, empty="Nobody is registered: what the Travel Rule covers is refused.")


def _check_list(file: Path, content: bytes) -> None:
    try:
        value: object = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[object]", value)):
        raise WrongUsageError(f"{file} is not a JSON array of addresses.", 'It looks like ["0x...", "0x..."].')
