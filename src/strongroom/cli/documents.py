"""``strongroom owners | roster | policy | addresses | assets | requests``: how each part is changed.

The rest of these commands is ``drafting``.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Group, Parameter

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
    change_api_users,
    change_cosigners,
    change_owners,
    change_requests,
    change_service_keys,
    change_users,
    parse_api_public_key,
    parse_identity,
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
requests = part_app(Part.REQUESTS, "Vault accounts, and how long a request lives: propose, sign, publish, show.")
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


@Parameter(name="*", group=Group("People", sort_key=2))
@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Those who approve."""

    add_user: Annotated[list[str] | None, Parameter(help="ID=PUBLICKEY of a device; may be given again.")] = None
    device_key: Annotated[
        list[str] | None, Parameter(help="ID=PUBLICKEY: another device of somebody who is there; may be given again.")
    ] = None
    remove_user: Annotated[list[str] | None, Parameter(help="An id; may be given again.")] = None

    def change(self, document: DocumentSet, *, groups: Sequence[str]) -> DocumentSet:
        """The document with them."""
        return change_users(
            document,
            add=_keys(self.add_user),
            groups=groups if self.add_user else (),
            remove=self.remove_user or (),
            keys=_keys(self.device_key),
        )


@Parameter(name="*", group=Group("Programs", sort_key=3))
@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Those that send requests."""

    add_api_user: Annotated[
        list[str] | None, Parameter(help="APIKEY=FILE with its RSA public key, PEM; may be given again.")
    ] = None
    api_user_key: Annotated[
        list[str] | None, Parameter(help="APIKEY=FILE: another key of one that is there; may be given again.")
    ] = None
    held_by: Annotated[
        str | None, Parameter(help="The person whose program is added: may approve its payments only by special rule.")
    ] = None
    remove_api_user: Annotated[list[str] | None, Parameter(help="An API key; may be given again.")] = None

    def change(self, document: DocumentSet, *, groups: Sequence[str]) -> DocumentSet:
        """The document with them."""
        if self.held_by and not self.add_api_user:
            raise WrongUsageError("--held-by says whose the programs are that are added.", "Give --add-api-user too.")
        return change_api_users(
            document,
            add=_api_keys(self.add_api_user),
            groups=groups if self.add_api_user else (),
            held_by=self.held_by,
            remove=self.remove_api_user or (),
            keys=_api_keys(self.api_user_key),
        )


@Parameter(name="*", group=Group("Co-signers and services", sort_key=4))
@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Those that sign for themselves."""

    cosigner: Annotated[
        list[Path] | None,
        Parameter(help="FILE that `strongroom-cosigner identity` printed, in place of its index; may be given again."),
    ] = None
    policy_engine_key: Annotated[str | None, Parameter(help="Public key of the policy engine, hexadecimal.")] = None
    screening_key: Annotated[str | None, Parameter(help="Public key of screening, hexadecimal.")] = None

    def change(self, document: DocumentSet) -> DocumentSet:
        """The document with them."""
        identities = [parse_identity(read_file(path), document=document) for path in self.cosigner or ()]
        return change_service_keys(
            change_cosigners(document, identities),
            policy_engine=parse_key(self.policy_engine_key) if self.policy_engine_key else None,
            screening=parse_key(self.screening_key) if self.screening_key else None,
        )


@roster.command(name="propose")
def propose_roster(
    *,
    people: People | None = None,
    programs: Programs | None = None,
    machines: Machines | None = None,
    group: Annotated[list[str] | None, Parameter(help="A group of those who are added; may be given again.")] = None,
    form: MaybeForm = None,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose another roster: people, programs, co-signers, and the services that sign.

    A co-signer with another key needs a new key of the tenant, or a refresh.

    For example:
        strongroom roster propose --add-user dora=PUBLICKEY --group approvers --out draft.cbor

        strongroom roster propose --device-key anna=PUBLICKEY --out draft.cbor

        strongroom roster propose --add-api-user APIKEY=bot.pem --out draft.cbor

        strongroom roster propose --cosigner identity.json --out draft.cbor
    """
    whole, groups = _read_form(form, Part.ROSTER), group or ()

    def change(document: DocumentSet) -> DocumentSet:
        changed = replace_part(document, Part.ROSTER, whole) if whole else document
        changed = (people or People()).change(changed, groups=groups)
        changed = (programs or Programs()).change(changed, groups=groups)
        return (machines or Machines()).change(changed)

    propose(change, origin=origin, trust=trust, connection=connection, as_json=as_json)


@requests.command(name="propose")
def propose_requests(
    *,
    accounts: Annotated[
        list[str] | None, Parameter(help="FIRST-LAST, in place of all ranges there are; may be given again.")
    ] = None,
    lifetime: Annotated[
        str | None, Parameter(help="How long a request may be signed after it was sent: 24h, 90m, 30s.")
    ] = None,
    form: MaybeForm = None,
    origin: Origin,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Propose other ranges of vault accounts, or another lifetime of requests.

    For example:
        strongroom requests propose --accounts 0-999 --lifetime 12h --out draft.cbor
    """
    ranges = [_parse_range(text) for text in accounts or ()]
    lifetime_s, whole = _parse_lifetime_s(lifetime) if lifetime else None, _read_form(form, Part.REQUESTS)

    def change(document: DocumentSet) -> DocumentSet:
        start = replace_part(document, Part.REQUESTS, whole) if whole else document
        return change_requests(start, ranges=ranges, lifetime_s=lifetime_s)

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


def _api_keys(options: Iterable[str] | None) -> Mapping[str, bytes]:
    return {name: parse_api_public_key(read_file(Path(file))) for name, file in _pairs(options).items()}


def _parse_range(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,10})-([0-9]{1,10})", text)
    if not found:
        raise WrongUsageError(
            f"{text!r} is no range of vault accounts.", "It looks like 0-999; both ends belong to it."
        )
    return int(found[1]), int(found[2])


def _parse_lifetime_s(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([hms])", text)
    if not found:
        raise WrongUsageError(f"{text!r} is no lifetime.", "It looks like 24h, 90m or 30s.")
    return int(found[1]) * {"h": 3600, "m": 60, "s": 1}[found[2]]
