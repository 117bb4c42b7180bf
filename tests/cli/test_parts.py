"""``strongroom roster | requests propose`` by option: what an owner changes without writing a form."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from strongroom.client import Draft
from strongroom.kernel.documents.document_set import DocumentSet
from tests.cli.conftest import Ran, Run
from tests.cli.gateway import Gateway
from tests.fixtures.tenant import API_USER, OTHER_API_USER

KEY = "ab" * 32
BOT = "0f5f4c1b-0000-4c9a-9d7e-0d0f5f4c1b11"
OUT = ("--out", "draft.cbor")


@pytest.fixture
def files(folder: Path, gateway: Gateway) -> Path:
    """A gateway that shows the current version, and what people and machines handed in."""
    gateway.has_key()
    public = load_der_public_key(OTHER_API_USER.public_key_der())
    (folder / "bot.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "private.pem").write_bytes(OTHER_API_USER.private_key_pem())
    (folder / "identity.json").write_text(json.dumps(identity()))
    (folder / "fourth.json").write_text(json.dumps(identity(index=4)))
    (folder / "live.json").write_text(json.dumps(identity(environment="live")))
    (folder / "half.json").write_text('{"index": 3}')
    return folder


def identity(**changes: Any) -> dict[str, Any]:
    """What a co-signer prints of itself."""
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32).public_key() for byte in (1, 2)]
    signing, encryption = (key.public_bytes_raw().hex() for key in keys)
    told = {"index": 3, "operator": "acme", "environment": "sandbox"}
    return {**told, "signing_key": signing, "encryption_key": encryption, **changes}


def proposed(folder: Path, ran: Ran) -> DocumentSet:
    assert ran.code == 0, ran.err
    return Draft.parse((folder / "draft.cbor").read_bytes()).proposed


def test_another_device_of_somebody_who_is_there(strongroom: Run, gateway: Gateway, files: Path) -> None:
    before = gateway.tenant.document_set
    ran = strongroom("roster", "propose", "--device-key", f"anna={KEY}", *OUT)
    after = proposed(files, ran)
    assert ["~", "roster:", "user", "anna"] in ran.lines
    anna = after.get_user("anna")
    assert (anna.device_key.hex(), anna.groups) == (KEY, before.get_user("anna").groups)
    assert [user.id for user in after.roster.users] == [user.id for user in before.roster.users]


def test_a_program_is_added_removed_and_gets_another_key(strongroom: Run, gateway: Gateway, files: Path) -> None:
    add = ("--add-api-user", f"{BOT}=bot.pem", "--group", "bots", "--held-by", "ben")
    user = proposed(files, strongroom("roster", "propose", *add, *OUT)).get_api_user(BOT)
    assert (user.public_key_der, user.groups, user.held_by) == (OTHER_API_USER.public_key_der(), ("bots",), "ben")
    onto = ("--onto", "draft.cbor", *OUT)
    removing = ("--remove-api-user", BOT, "--add-user", f"dora={KEY}")
    after = proposed(files, strongroom("roster", "propose", *removing, *onto))
    assert after.roster.api_users == gateway.tenant.document_set.roster.api_users
    changed = proposed(files, strongroom("roster", "propose", "--api-user-key", f"{API_USER.api_key}=bot.pem", *onto))
    assert changed.get_api_user(API_USER.api_key).public_key_der == OTHER_API_USER.public_key_der()
    assert changed.get_user("dora").groups == ()


def test_a_cosigner_gets_the_identity_that_it_printed(strongroom: Run, gateway: Gateway, files: Path) -> None:
    ran = strongroom("roster", "propose", "--cosigner", "identity.json", *OUT)
    after = proposed(files, ran)
    third, told = after.get_cosigner(3), identity()
    assert (third.operator, third.signing_key.hex()) == ("acme", told["signing_key"])
    assert third.encryption_key.hex() == told["encryption_key"]
    assert after.roster.cosigners[:2] == gateway.tenant.document_set.roster.cosigners[:2]
    assert ["~", "roster:", "co-signer", "3"] in ran.lines


def test_a_service_gets_another_key(strongroom: Run, files: Path) -> None:
    one, other = "ab" * 32, "cd" * 32
    ran = strongroom("roster", "propose", "--policy-engine-key", one, "--screening-key", other, *OUT)
    roster = proposed(files, ran).roster
    assert (roster.policy_engine_key.hex(), roster.screening_key.hex()) == (one, other)


def test_ranges_and_lifetime(strongroom: Run, gateway: Gateway, files: Path) -> None:
    accounts = ("--accounts", "0-99", "--accounts", "5000-5999")
    ran = strongroom("requests", "propose", *accounts, "--lifetime", "90m", *OUT)
    after = proposed(files, ran)
    assert [(one.first, one.last) for one in after.vault_accounts] == [(0, 99), (5000, 5999)]
    assert after.request_lifetime_s == 5400
    assert ["~", "requests:", "lifetime"] in ran.lines
    (files / "draft.cbor").unlink()
    after = proposed(files, strongroom("requests", "propose", "--lifetime", "12h", *OUT))
    assert (after.vault_accounts, after.request_lifetime_s) == (gateway.tenant.document_set.vault_accounts, 43200)
    shown = strongroom("requests", "show", "--json").data["requests"]
    assert shown["request_lifetime_s"] == gateway.tenant.document_set.request_lifetime_s


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (f"roster propose --device-key nobody={KEY}", "no 'nobody' whose key"),
        ("roster propose --device-key anna=ab", "32 bytes"),
        (f"roster propose --add-api-user {BOT}=private.pem", "RSA public key"),
        (f"roster propose --add-api-user {BOT}=identity.json", "RSA public key"),
        (f"roster propose --add-api-user {BOT}=missing.pem", "missing.pem"),
        (f"roster propose --add-api-user {BOT}", "NAME=VALUE"),
        (f"roster propose --add-api-user {BOT}=bot.pem --held-by nobody", "DOCUMENT_MALFORMED"),
        ("roster propose --held-by anna", "--add-api-user"),
        (f"roster propose --api-user-key {BOT}=bot.pem", "whose key could be replaced"),
        ("roster propose --remove-api-user x", "no 'x' to be removed"),
        ("roster propose --cosigner fourth.json", "by its index"),
        ("roster propose --cosigner identity.json --cosigner identity.json", "by its index"),
        ("roster propose --cosigner live.json", "not for sandbox"),
        ("roster propose --cosigner half.json", "no co-signer's identity"),
        ("roster propose --screening-key xyz", "no key in hexadecimal"),
        ("requests propose --accounts 5", "no range"),
        ("requests propose --accounts 9-5", "DOCUMENT_MALFORMED"),
        ("requests propose --lifetime 12", "no lifetime"),
        ("requests propose --lifetime 0h", "DOCUMENT_MALFORMED"),
        ("requests propose", "changes nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused(strongroom: Run, folder: Path, arguments: str, words: str) -> None:
    ran = strongroom(*arguments.split(), *OUT)
    assert ran.code in {1, 2}
    assert (words in ran.err, ran.out, "Traceback" in ran.err) == (True, "", False), ran.err
    assert not (folder / "draft.cbor").exists()
