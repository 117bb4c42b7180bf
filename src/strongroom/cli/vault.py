"""``strongroom vault``: vault accounts, their addresses and balances, and the tenant's key."""

from hashlib import sha256
from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter
from cyclopts.validators import Number

from strongroom.cli.connection import Connection
from strongroom.cli.output import AsJson, remark, say, show_facts, show_json, show_table
from strongroom.cli.trust import Trust
from strongroom.client import Code, Key, Strongroom, StrongroomError
from strongroom.client.ports import SystemPorts

Json = dict[str, Any]
Account = Annotated[str, Parameter(help="Number of the vault account.")]
Asset = Annotated[str, Parameter(help="Asset id, such as ETH_TEST.")]
PAGE_SIZE = 200

app = App(name="vault", help="Vault accounts, addresses, balances and the key.", help_format="plaintext")


@app.command
def create(
    name: Annotated[str, Parameter(help="For people.")],
    /,
    *,
    idempotency_key: Annotated[
        str | None, Parameter(help="Sent twice, one account is opened. Made up if absent.")
    ] = None,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """Open a vault account. It needs no key ceremony: its addresses derive from the tenant's key.

    For example:
        strongroom vault create Payroll
    """
    key = idempotency_key or SystemPorts().nonce()
    with _client(connection) as client:
        try:
            account = client.request("POST", "/vault/accounts", body={"name": name}, idempotency_key=key)
        except StrongroomError as error:
            if error.retryable:
                remark(f"It is open whether this was accepted. Repeat it with --idempotency-key {key}: opened once.")
            raise
    show_json(account) if as_json else show_facts(_facts(account))


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, Parameter(help="How many, by number.", show_default=True, validator=Number(gte=1))] = 20,
    all_: Annotated[bool, Parameter(name="--all", help="Every one, page after page.")] = False,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """List vault accounts.

    For example:
        strongroom vault list --all
    """
    wanted = None if all_ else limit
    query = {"limit": str(PAGE_SIZE if all_ else min(limit + 1, PAGE_SIZE))}
    with _client(connection) as client:
        pages = client.pages("/vault/accounts_paged", items="accounts", query=query)
        found = list(islice(pages, wanted and wanted + 1))
    shown = found[:wanted]
    if as_json:
        show_json(shown)
    else:
        show_table(("id", "name", "holds"), map(_list_row, shown), empty="No vault accounts.")
    if len(found) > len(shown):
        remark(f"There are more than {limit}: --limit N or --all shows them.")


@app.command
def get(number: Account, /, *, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """Show a vault account and what it holds.

    For example:
        strongroom vault get 0
    """
    with _client(connection) as client:
        account = client.request("GET", _path(number))
    show_json(account) if as_json else show_facts(_facts(account))


@app.command
def activate(
    number: Account,
    asset: Asset,
    /,
    *,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Open the wallet of an asset in a vault account; its address is derived here again and compared.

    For example:
        strongroom vault activate 1 ETH_TEST
    """
    with _client(connection) as client:
        wallet = client.request("POST", _path(number, asset))
        _check_addresses(client, number, asset, [wallet], trust)
    show_json(wallet) if as_json else show_facts({"asset": wallet["id"], "address": wallet["address"]})


@app.command
def addresses(
    number: Account,
    asset: Asset,
    /,
    *,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """List the addresses of a wallet; each is derived here again from the verified key, and compared.

    For example:
        strongroom vault addresses 0 ETH_TEST
    """
    with _client(connection) as client:
        found = list(client.pages(f"{_path(number, asset)}/addresses_paginated", items="addresses"))
        _check_addresses(client, number, asset, found, trust)
    if as_json:
        show_json(found)
    else:
        show_table(("address", "index"), map(_address_row, found), empty="No addresses.")


@app.command
def balance(number: Account, asset: Asset, /, *, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """Show what a vault account holds of an asset, on chain.

    For example:
        strongroom vault balance 0 ETH_TEST
    """
    with _client(connection) as client:
        held = client.request("GET", _path(number, asset))
    if as_json:
        show_json(held)
        return
    names = ("total", "available", "pending", "frozen", "lockedAmount")
    amounts = {"locked" if name == "lockedAmount" else name: f"{held[name]} {held['id']}" for name in names}
    show_facts({**amounts, "at block": str(held.get("blockHeight", ""))})


@app.command
def keys(*, as_json: AsJson = False, connection: Connection | None = None) -> None:
    """Show the tenant's key, verified here by the records of all three co-signers.

    They are verified under the document set that the platform shows: compare
    its hash with the one that the owners signed.

    For example:
        strongroom vault keys
    """
    with _client(connection) as client:
        document_set = client.get_document_set()
        key = client.get_key(document_set)
    facts = {
        "key": key.key_id,
        "status": key.status,
        "reason": key.reason,
        "public key": key.public_key.public_key.hex() if key.public_key else "",
        "fingerprint": fingerprint(key.public_key.public_key) if key.public_key else "",
        "document set": f"version {document_set.version}, {document_set.hash().hex()}",
    }
    records = [_record(key, index) for index in range(len(key.records))]
    if as_json:
        show_json({**{name.replace(" ", "_"): value for name, value in facts.items()}, "records": records})
        return
    show_facts(facts)
    if records:
        say("\nThree records, alike, each signed by its co-signer:")
        show_table(
            ("co-signer", "record"), [(str(record["cosigner"]), record["fingerprint"]) for record in records], empty=""
        )


def fingerprint(data: bytes) -> str:
    """The first 16 bytes of SHA-256 in groups of four digits, to be read out aloud."""
    digits = sha256(data).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def _record(key: Key, index: int) -> Json:
    return {"cosigner": index + 1, "fingerprint": fingerprint(key.records[index].payload)}


def _check_addresses(client: Strongroom, number: str, asset_id: str, claims: list[Json], trust: Trust | None) -> None:
    document_set = (trust or Trust()).documents(client).document_set
    key, coin_type = client.get_key(document_set).public_key, document_set.get_asset(asset_id).coin_type
    if key is None:
        raise StrongroomError(Code.VAULT_WALLET_NOT_READY)
    for claim in claims:
        client.verified_address(key, coin_type=coin_type, vault_account=number, claimed=claim["address"])


def _facts(account: Json) -> dict[str, str]:
    return {
        "vault account": account["id"],
        "name": account["name"],
        "reference": account.get("customerRefId", ""),
        "holds": _holds(account),
    }


def _list_row(account: Json) -> tuple[str, ...]:
    return account["id"], account["name"], _holds(account)


def _address_row(address: Json) -> tuple[str, ...]:
    return address["address"], str(address.get("bip44AddressIndex", 0))


def _holds(account: Json) -> str:
    return ", ".join(f"{asset['total']} {asset['id']}" for asset in account.get("assets", []))


def _path(number: str, *more: str) -> str:
    return "/".join(("/vault/accounts", *(quote(part, safe="") for part in (number, *more))))


def _client(connection: Connection | None) -> Strongroom:
    return (connection or Connection()).target().client()
