"""The parts of a document set that owners change, as forms for files and as changes by option."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.documents.codec import Document, convert
from strongroom.kernel.documents.document_set import (
    AccountRange,
    AddressEntry,
    ApiUser,
    Asset,
    CosignerIdentity,
    DocumentSet,
    Member,
    Owners,
    Policy,
    Roster,
    User,
)
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import parse_amount

Json = dict[str, Any]
_IS_KEY = re.compile(r".*_key(_der)?")
"""Names of fields that hold keys: bytes in the document, hexadecimal text in a form."""


class Part(StrEnum):
    """What is changed by a command of its own; the name is that of the field.

    REQUESTS is what a request may name without a new version, and how long it lives: two fields.
    """

    OWNERS = "owners"
    ROSTER = "roster"
    POLICY = "policy"
    ADDRESSES = "addresses"
    ASSETS = "assets"
    REQUESTS = "requests"


_REQUEST_FIELDS = ("vault_accounts", "request_lifetime_s")


class _Requests(Document, frozen=True):
    """The form of REQUESTS."""

    vault_accounts: tuple[AccountRange, ...]
    request_lifetime_s: int


def form_of(document: DocumentSet, part: Part) -> Json:
    """A part as maps, lists and texts, as ``replace_part`` takes it; keys in hexadecimal."""
    if part is Part.REQUESTS:
        return {name: msgspec.to_builtins(getattr(document, name)) for name in _REQUEST_FIELDS}
    value = _without_bytes(msgspec.to_builtins(getattr(document, part), builtin_types=(bytes,)))
    return cast("Json", value) if isinstance(value, dict) else {part.value: value}


def replace_part(document: DocumentSet, part: Part, form: Mapping[str, Any]) -> DocumentSet:
    """The document with a part as ``form`` says.

    In a rule, ``min_amount`` and ``max_amount`` (decimal texts, for rules with exactly one asset) may stand in place of
    ``min_amount_units`` and ``max_amount_units``.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, naming the field; ``AMOUNT_*``, ``ASSET_UNKNOWN``, ``ADDRESS_INVALID``.
    """
    value = cast("Json", _with_bytes(dict(form), name=""))
    match part:
        case Part.OWNERS:
            return msgspec.structs.replace(document, owners=convert(value, Owners))
        case Part.ROSTER:
            return msgspec.structs.replace(document, roster=convert(value, Roster))
        case Part.POLICY:
            rules = [_with_units(rule, document) for rule in _items(value, "rules")]
            return msgspec.structs.replace(document, policy=convert({**value, "rules": rules}, Policy))
        case Part.ADDRESSES:
            entries = tuple(convert(item, AddressEntry) for item in _only(value, part))
            return msgspec.structs.replace(document, addresses=tuple(map(_with_checksum, entries)))
        case Part.REQUESTS:
            return msgspec.structs.replace(document, **msgspec.structs.asdict(convert(value, _Requests)))
        case Part.ASSETS:
            return msgspec.structs.replace(document, assets=tuple(convert(item, Asset) for item in _only(value, part)))


def change_owners(
    document: DocumentSet, *, threshold: int | None, add: Mapping[str, bytes], remove: Sequence[str]
) -> DocumentSet:
    """Owners added, removed, or another threshold."""
    owners = document.owners
    kept = _without(owners.members, remove)
    members = (*kept, *(Member(id=name, public_key=key) for name, key in add.items()))
    changed = Owners(threshold=owners.threshold if threshold is None else threshold, members=members)
    return msgspec.structs.replace(document, owners=changed)


def change_users(
    document: DocumentSet,
    *,
    add: Mapping[str, bytes],
    groups: Sequence[str],
    remove: Sequence[str],
    keys: Mapping[str, bytes] | None = None,
) -> DocumentSet:
    """People added, with their device keys, to ``groups``; or removed; or with another device key, as ``keys`` says."""
    people = tuple(User(id=name, name=name, device_key=key, groups=tuple(groups)) for name, key in add.items())
    kept = _with_fields(_without(document.roster.users, remove), "device_key", keys or {})
    return _with_roster(document, users=(*kept, *people))


def change_api_users(
    document: DocumentSet,
    *,
    add: Mapping[str, bytes],
    groups: Sequence[str],
    held_by: str | None,
    remove: Sequence[str],
    keys: Mapping[str, bytes],
) -> DocumentSet:
    """Programs added, with their RSA keys (SubjectPublicKeyInfo), to ``groups``; or removed; or with another key.

    Args:
        held_by: the person whose programs are added; None for nobody's.
    """
    added = tuple(
        ApiUser(id=name, name=name, public_key_der=key, groups=tuple(groups), held_by=held_by)
        for name, key in add.items()
    )
    kept = _with_fields(_without(document.roster.api_users, remove), "public_key_der", keys)
    return _with_roster(document, api_users=(*kept, *added))


def change_cosigners(document: DocumentSet, identities: Sequence[CosignerIdentity]) -> DocumentSet:
    """Co-signers with other keys or operators, each in the place of its index; ``CONFIG_INVALID`` if there is none."""
    new = {one.index: one for one in identities}
    unknown = sorted(new.keys() - {one.index for one in document.roster.cosigners})
    if unknown or len(new) != len(identities):
        raise StrongroomError(Code.CONFIG_INVALID, "Each of the three co-signers has one identity, by its index.")
    return _with_roster(document, cosigners=tuple(new.get(one.index, one) for one in document.roster.cosigners))


def change_service_keys(document: DocumentSet, *, policy_engine: bytes | None, screening: bytes | None) -> DocumentSet:
    """Another key under which decisions, or verdicts, are signed."""
    roster = document.roster
    return _with_roster(
        document,
        policy_engine_key=policy_engine or roster.policy_engine_key,
        screening_key=screening or roster.screening_key,
    )


def change_requests(document: DocumentSet, *, ranges: Sequence[tuple[int, int]], lifetime_s: int | None) -> DocumentSet:
    """Other ranges of vault accounts, first and last, in place of all; or another lifetime of requests."""
    parts = tuple(AccountRange(first=first, last=last) for first, last in ranges)
    return msgspec.structs.replace(
        document,
        vault_accounts=parts or document.vault_accounts,
        request_lifetime_s=document.request_lifetime_s if lifetime_s is None else lifetime_s,
    )


def _with_roster(document: DocumentSet, **changes: object) -> DocumentSet:
    return msgspec.structs.replace(document, roster=msgspec.structs.replace(document.roster, **changes))


def _with_fields(items: Sequence[Any], field: str, values: Mapping[str, bytes]) -> tuple[Any, ...]:
    unknown = sorted(set(values) - {item.id for item in items})
    if unknown:
        raise StrongroomError(Code.CONFIG_INVALID, f"There is no {unknown[0]!r} whose key could be replaced.")
    return tuple(
        msgspec.structs.replace(item, **{field: values[item.id]}) if item.id in values else item for item in items
    )


def change_addresses(
    document: DocumentSet, *, add: Mapping[str, str], chain_id: int, remove: Sequence[str]
) -> DocumentSet:
    """Addresses added on a chain, under an id that is their name too; or removed."""
    entries = tuple(
        AddressEntry(id=name, name=name, chain_id=chain_id, address=parse_evm_address(text))
        for name, text in add.items()
    )
    return msgspec.structs.replace(document, addresses=(*_without(document.addresses, remove), *entries))


def _without(items: Sequence[Any], remove: Sequence[str]) -> tuple[Any, ...]:
    unknown = sorted(set(remove) - {item.id for item in items})
    if unknown:
        raise StrongroomError(Code.CONFIG_INVALID, f"There is no {unknown[0]!r} to be removed.")
    return tuple(item for item in items if item.id not in remove)


def _with_checksum(entry: AddressEntry) -> AddressEntry:
    return msgspec.structs.replace(entry, address=parse_evm_address(entry.address))


def _with_units(rule: object, document: DocumentSet) -> object:
    """A rule whose decimal amounts became base units of its only asset."""
    if not isinstance(rule, dict):
        return rule
    fields = dict(cast("Json", rule))
    for name in ("min_amount", "max_amount"):
        if name not in fields:
            continue
        text, assets = fields.pop(name), fields.get("assets")
        if not isinstance(text, str) or not isinstance(assets, list) or len(cast("list[object]", assets)) != 1:
            raise StrongroomError(
                Code.DOCUMENT_MALFORMED, f"Rule {fields.get('id')}: {name} is a decimal text, for exactly one asset."
            )
        asset = document.get_asset(str(cast("list[object]", assets)[0]))
        if fields.get(f"{name}_units") is not None:
            raise StrongroomError(Code.DOCUMENT_MALFORMED, f"Rule {fields.get('id')}: {name} is given twice.")
        fields[f"{name}_units"] = parse_amount(text, decimals=asset.decimals)
    return fields


def _items(form: Json, name: str) -> list[object]:
    found: object = form.get(name)
    if not isinstance(found, list):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"It needs a list named {name}.")
    return cast("list[object]", found)


def _only(form: Json, part: Part) -> list[object]:
    if set(form) - {part.value}:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"It has a list named {part} and nothing else.")
    return _items(form, part)


def _without_bytes(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_bytes(item) for name, item in cast("Json", value).items()}
    if isinstance(value, list | tuple):
        return [_without_bytes(item) for item in cast("Sequence[object]", value)]
    return value.hex() if isinstance(value, bytes) else value


def _with_bytes(value: object, *, name: str) -> object:
    if isinstance(value, dict):
        return {key: _with_bytes(item, name=key) for key, item in cast("Json", value).items()}
    if isinstance(value, list):
        return [_with_bytes(item, name="") for item in cast("list[object]", value)]
    if isinstance(value, str) and _IS_KEY.fullmatch(name):
        return parse_key(value)
    return value


def parse_key(text: str) -> bytes:
    """The bytes of a public key in hexadecimal; ``DOCUMENT_MALFORMED``."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"{text[:80]!r} is no key in hexadecimal.") from None


def parse_api_public_key(pem: bytes) -> bytes:
    """The SubjectPublicKeyInfo of an API user's RSA public key in PEM; ``DOCUMENT_MALFORMED`` for anything else."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise StrongroomError(
            Code.DOCUMENT_MALFORMED, "An API user's key is an RSA public key in PEM; the private one stays where it is."
        )
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def parse_identity(text: bytes, *, document: DocumentSet) -> CosignerIdentity:
    """What `strongroom-cosigner identity` prints, for a tenant of the same environment; ``DOCUMENT_MALFORMED``."""
    try:
        told = msgspec.json.decode(text, type=_Identity)
    except msgspec.DecodeError as error:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"That is no co-signer's identity: {error}.") from None
    if told.environment != document.environment:
        raise StrongroomError(
            Code.DOCUMENT_MALFORMED, f"That co-signer is for {told.environment[:20]}, not for {document.environment}."
        )
    return CosignerIdentity(
        index=told.index,
        operator=told.operator,
        signing_key=parse_key(told.signing_key),
        encryption_key=parse_key(told.encryption_key),
    )


class _Identity(msgspec.Struct, frozen=True):
    """As it is printed: keys in hexadecimal."""

    index: int
    operator: str
    environment: str
    signing_key: str
    encryption_key: str
