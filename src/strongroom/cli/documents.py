"""``strongroom owners | roster | policy | addresses | assets``: how each part is changed; the rest is ``drafting``."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Parameter

from strongroom.cli.connection import Connection, read_file
from strongroom.cli.drafting import Origin, part_app, propose
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.output import AsJson
from strongroom.cli.platform import assets as list_assets
from strongroom.cli.trust import Trust
from strongroom.client import (
    DocumentSet,
    Part,
    change_addresses,
    change_owners,
    change_users,
    parse_key,
    replace_part,
)

Json = dict[str, Any]
Form = Annotated[Path, Parameter(name="--from", help="TOML or JSON with the whole part, as `show --json` has it.")]
MaybeForm = Annotated[
    Path | None, Parameter(name="--from", help="TOML or JSON with the whole part, as `show --json` has it.")
]
Remove = Annotated[list[str] | None, Parameter(name="--remove", help="An id; may be given again.")]

owners = part_app(Part.OWNERS, "Who may change the document set: propose, sign, publish, show.")
roster = part_app(Part.ROSTER, "Whose signature counts: propose, sign, publish, show.")
policy = part_app(Part.POLICY, "What is allowed, and who must agree: propose, sign, publish, show.")
addresses = part_app(Part.ADDRESSES, "The listed destinations: propose, sign, publish, show.")
assets = part_app(Part.ASSETS, "The tenant's signed list of assets.")
assets.default(list_assets)


@owners.command(name="propose")
def propose_owners(
    *,
    threshold: Annotated[int | None, Parameter(help="How many owners must sign.")] = None,
    add: Annotated[list[str] | None, Parameter(help="ID=PUBLICKEY in hexadecimal; may be given again.")] = None,
    remove: Remove = None,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose other owners, or another threshold; those of the current version sign.

    For example:
        strongroom owners propose --add dora=PUBLICKEY --threshold 3 --out draft.cbor
    """
    new = _keys(add)

    def change(document: DocumentSet) -> DocumentSet:
        return change_owners(document, threshold=threshold, add=new, remove=remove or ())

    propose(change, origin=origin, trust=trust, connection=connection, as_json=as_json)


@roster.command(name="propose")
def propose_roster(
    *,
    add_user: Annotated[list[str] | None, Parameter(help="ID=PUBLICKEY of a device; may be given again.")] = None,
    group: Annotated[list[str] | None, Parameter(help="A group of those who are added; may be given again.")] = None,
    remove_user: Annotated[list[str] | None, Parameter(help="An id; may be given again.")] = None,
    form: MaybeForm = None,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose another roster: people by option, everything by file.

    For example:
        strongroom roster propose --add-user dora=PUBLICKEY --group approvers --out draft.cbor
    """
    new, whole = _keys(add_user), _read_form(form, Part.ROSTER)

    def change(document: DocumentSet) -> DocumentSet:
        start = replace_part(document, Part.ROSTER, whole) if whole else document
        return change_users(start, add=new, groups=group or (), remove=remove_user or ())

    propose(change, origin=origin, trust=trust, connection=connection, as_json=as_json)


@policy.command(name="propose")
def propose_policy(
    *,
    form: Form,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose another policy: rules from top to bottom, the first match decides.

    In a rule, min_amount = "5" may stand in place of min_amount_units.

    For example:
        strongroom policy propose --from policy.toml --out draft.cbor
    """
    _propose_form(Part.POLICY, form, origin=origin, trust=trust, connection=connection, as_json=as_json)


@addresses.command(name="propose")
def propose_addresses(
    *,
    add: Annotated[list[str] | None, Parameter(help="NAME=ADDRESS; may be given again.")] = None,
    chain: Annotated[int | None, Parameter(help="Number of the chain of those that are added.")] = None,
    remove: Remove = None,
    form: MaybeForm = None,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose another list of destinations.

    For example:
        strongroom addresses propose --add landlord=ADDRESS --chain 31337 --out draft.cbor
    """
    new, whole = _pairs(add), _read_form(form, Part.ADDRESSES)
    if new and chain is None:
        raise WrongUsageError("--chain is missing.", "An address is listed on one chain.")

    def change(document: DocumentSet) -> DocumentSet:
        start = replace_part(document, Part.ADDRESSES, whole) if whole else document
        return change_addresses(start, add=new, chain_id=chain or 0, remove=remove or ())

    propose(change, origin=origin, trust=trust, connection=connection, as_json=as_json)


@assets.command(name="propose")
def propose_assets(
    *,
    form: Form,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose another list of assets: chain, token contract, decimals, fee ceiling.

    For example:
        strongroom assets propose --from assets.toml --out draft.cbor
    """
    _propose_form(Part.ASSETS, form, origin=origin, trust=trust, connection=connection, as_json=as_json)


def _propose_form(
    part: Part, form: Path, *, origin: Origin, trust: Trust | None, connection: Connection | None, as_json: bool
) -> None:
    whole = _read_form(form, part)
    propose(
        lambda document: replace_part(document, part, whole),
        origin=origin,
        trust=trust,
        connection=connection,
        as_json=as_json,
    )


def _read_form(path: Path | None, part: Part) -> Json:
    """The part in a file: the part itself, or the whole output of ``show --json``."""
    if path is None:
        return {}
    try:
        text = read_file(path).decode()
        value: object = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise WrongUsageError(f"{path} cannot be read: {error}.", "It is TOML, or JSON if its name ends so.") from None
    if not isinstance(value, dict) or not value:
        raise WrongUsageError(f"{path} holds no {part}.", f"`strongroom {part} show --json` shows the form.")
    fields = cast("Json", value)
    within = fields.get(part.value)
    if isinstance(within, dict):
        return cast("Json", within)
    return {part.value: within} if within is not None else fields


def _pairs(options: Iterable[str] | None) -> Mapping[str, str]:
    """``NAME=VALUE`` options by name."""
    found: dict[str, str] = {}
    for option in options or ():
        name, is_pair, value = option.partition("=")
        if not name or not is_pair or not value or name in found:
            raise WrongUsageError(f"{option!r} is not NAME=VALUE, or a name given twice.", "Give each name once.")
        found[name] = value
    return found


def _keys(options: Iterable[str] | None) -> Mapping[str, bytes]:
    return {name: parse_key(value) for name, value in _pairs(options).items()}
