"""``strongroom vault``: what the platform claims of keys and addresses is checked before it is shown."""

from tests.cli.conftest import Run
from tests.cli.gateway import Answer, Gateway, Json

HELD = {"id": "ETH_TEST", "total": "100", "available": "99", "pending": "1", "frozen": "0", "lockedAmount": "0"}
ACCOUNT = {"id": "0", "name": "Treasury", "assets": [HELD], "hiddenOnUI": False, "autoFuel": False}
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_accounts_go_from_page_to_page(strongroom: Run, gateway: Gateway) -> None:
    second = {**ACCOUNT, "id": "1", "name": "Payroll", "assets": []}
    gateway.say("GET /vault/accounts_paged?limit=200", {"accounts": [ACCOUNT], "paging": {"after": "c1"}})
    gateway.say("GET /vault/accounts_paged?limit=200&after=c1", {"accounts": [second], "paging": {}})
    assert strongroom("vault", "list", "--all").lines == [
        ["id", "name", "holds"],
        ["0", "Treasury", "100", "ETH_TEST"],
        ["1", "Payroll"],
    ]
    assert strongroom("vault", "list", "--all", "--json").data == [ACCOUNT, second]


def test_one_account(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /vault/accounts/0", ACCOUNT)
    expected = [["vault", "account", "0"], ["name", "Treasury"], ["holds", "100", "ETH_TEST"]]
    assert strongroom("vault", "get", "0").lines == expected


def test_a_new_account_is_opened_once(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("POST /vault/accounts", {**ACCOUNT, "name": "Pay roll"})
    assert strongroom("vault", "create", "Pay roll", "--json").data["name"] == "Pay roll"
    assert strongroom("vault", "create", "Pay roll", "--idempotency-key", "mine").code == 0
    first, second = gateway.asked
    assert first.body == {"name": "Pay roll"}
    assert len(first.headers["idempotency-key"]) == 36
    assert second.headers["idempotency-key"] == "mine"


def test_an_account_of_unknown_fate_can_be_asked_for_again(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("POST /vault/accounts", Answer({"error": "UNAVAILABLE", "message": "later"}, status=503))
    ran = strongroom("vault", "create", "Payroll")
    assert ran.code == 3
    assert f"--idempotency-key {gateway.asked[-1].headers['idempotency-key']}" in ran.err


def test_a_balance(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /vault/accounts/0/ETH_TEST", {**HELD, "blockHeight": "12"})
    assert strongroom("vault", "balance", "0", "ETH_TEST").lines == [
        ["total", "100", "ETH_TEST"],
        ["available", "99", "ETH_TEST"],
        ["pending", "1", "ETH_TEST"],
        ["frozen", "0", "ETH_TEST"],
        ["locked", "0", "ETH_TEST"],
        ["at", "block", "12"],
    ]


def pin(gateway: Gateway) -> tuple[str, str]:
    """What somebody says who knows the owners' document set."""
    return "--document-set", gateway.tenant.document_set.hash().hex()


def test_a_wallet_is_opened_at_the_address_that_the_key_gives(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key()
    gateway.say("POST /vault/accounts/0/ETH_TEST", {"id": "ETH_TEST", "address": gateway.address, "status": "READY"})
    assert strongroom("vault", "activate", "0", "ETH_TEST").lines == [
        ["asset", "ETH_TEST"],
        ["address", gateway.address],
    ]


def test_a_platform_that_shows_its_own_address_is_caught(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key()
    gateway.say("POST /vault/accounts/0/ETH_TEST", {"id": "ETH_TEST", "address": OTHER, "status": "READY"})
    opened = strongroom("vault", "activate", "0", "ETH_TEST", *pin(gateway))
    assert opened.is_refused(1, "SIGNATURE_INVALID", OTHER, gateway.address)
    addresses: Json = {"addresses": [{"assetId": "ETH_TEST", "address": OTHER}], "paging": {}}
    gateway.say("GET /vault/accounts/0/ETH_TEST/addresses_paginated", addresses)
    listed = strongroom("vault", "addresses", "0", "ETH_TEST", *pin(gateway))
    assert listed.is_refused(1, "SIGNATURE_INVALID", OTHER)


def test_a_platform_that_makes_up_everything_is_caught_by_the_owners_hash(strongroom: Run, gateway: Gateway) -> None:
    """Its document set, its co-signers, its key and its address fit each other."""
    gateway.has_key()
    address = {"assetId": "ETH_TEST", "address": gateway.address}
    gateway.say("GET /vault/accounts/0/ETH_TEST/addresses_paginated", {"addresses": [address], "paging": {}})
    known = ("--document-set", "ab" * 32)
    assert strongroom("vault", "addresses", "0", "ETH_TEST", *known).is_refused(1, "DOCUMENT_VERSION_INVALID")
    unpinned = strongroom("vault", "addresses", "0", "ETH_TEST")
    assert gateway.tenant.document_set.hash().hex() in unpinned.err.replace("\n", "")


def test_addresses_are_derived_here_again(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key()
    address = {"assetId": "ETH_TEST", "address": gateway.address, "type": "Permanent", "userDefined": False}
    page: Json = {"addresses": [address], "paging": {}}
    gateway.say("GET /vault/accounts/0/ETH_TEST/addresses_paginated", page)
    assert strongroom("vault", "addresses", "0", "ETH_TEST").lines == [["address", "index"], [gateway.address, "0"]]
    assert strongroom("vault", "addresses", "0", "ETH_TEST", "--json").data == [address]


def test_the_key_is_verified_by_three_records(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key()
    shown = strongroom("vault", "keys", "--json").data
    assert shown["status"] == "READY"
    assert shown["public_key"] == gateway.key.public.public_key.hex()
    assert shown["document_set"] == f"version 1, {gateway.tenant.document_set.hash().hex()}"
    assert [record["cosigner"] for record in shown["records"]] == [1, 2, 3]
    assert len({record["fingerprint"] for record in shown["records"]}) == 3
    assert shown["fingerprint"] in strongroom("vault", "keys").out


def test_records_of_another_request_are_no_key(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key(key_request_hash=bytes(32))
    assert strongroom("vault", "keys").is_refused(1, "SIGNATURE_INVALID")


def test_a_key_that_is_being_made(strongroom: Run, gateway: Gateway) -> None:
    gateway.has_key()
    pending: Json = {"keyId": "k", "status": "PENDING", "reason": "", "keyRecords": [], "keyRequest": ""}
    gateway.say("GET /strongroom/key", pending)
    assert strongroom("vault", "keys").lines[:2] == [["key", "k"], ["status", "PENDING"]]
    gateway.say("POST /vault/accounts/0/ETH_TEST", {"id": "ETH_TEST", "address": OTHER, "status": "READY"})
    opened = strongroom("vault", "activate", "0", "ETH_TEST", *pin(gateway))
    assert opened.is_refused(1, "VAULT_WALLET_NOT_READY")
