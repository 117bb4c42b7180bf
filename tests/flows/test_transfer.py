"""One transfer from door to chain: what the chain, an independent library, the command line and the REST door say."""

import json
from decimal import Decimal
from uuid import UUID

import cbor2
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from strongroom.client import Strongroom
from strongroom.kernel.digest import keccak256
from tests.fixtures.embedded import Embedded, destination, ended, get, new_address

ETHER = 10**18


def raw_transaction(embedded: Embedded, tx_hash: str) -> str:
    """The signed bytes as the chain holds them."""
    return str(embedded.chain("eth_getRawTransactionByHash", tx_hash))


def test_an_independent_library_accepts_the_signature(embedded: Embedded, client: Strongroom) -> None:
    receiver = new_address()
    done = ended(client, embedded.send(client, destination=destination(receiver), amount="0.123456789012345678"))
    assert done["status"] == "COMPLETED", done
    raw = raw_transaction(embedded, done["txHash"])
    assert Account.recover_transaction(raw) == embedded.ready["address"]
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    assert (fields["value"], HexBytes(fields["to"]).hex()) == (123456789012345678, receiver.removeprefix("0x"))
    assert (fields["chainId"], HexBytes(fields["data"])) == (31337, b"")
    assert int(fields["s"]) <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # EIP-2
    assert embedded.chain_balance(receiver) == 123456789012345678


def test_balances_and_fee_are_those_of_the_chain(embedded: Embedded, client: Strongroom) -> None:
    wallet = f"/vault/accounts/{embedded.ready['vault_account_id']}/{embedded.ready['asset_id']}"
    before = Decimal(client.request("GET", wallet)["total"])
    done = ended(client, embedded.send(client, amount="1.5"))
    after = Decimal(client.request("GET", wallet)["total"])
    receipt = embedded.chain("eth_getTransactionReceipt", done["txHash"])
    fee_units = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert Decimal(done["feeInfo"]["networkFee"]) * ETHER == fee_units > 0
    assert before - after == Decimal("1.5") + Decimal(fee_units) / ETHER
    assert int(after * ETHER) == embedded.chain_balance(embedded.ready["address"])
    assert done["blockInfo"]["blockHeight"] == str(int(receipt["blockNumber"], 16))


async def test_the_raw_transaction_that_was_stored_is_the_one_on_chain(embedded: Embedded, client: Strongroom) -> None:
    done = ended(client, embedded.send(client))
    (row,) = await embedded.rows(
        "transaction_manager", "select raw_payload_cbor, tx_hash from transactions where id = $1", UUID(done["id"])
    )
    stored: dict[str, bytes] = cbor2.loads(row["raw_payload_cbor"])
    assert "0x" + stored["raw_transaction"].hex() == raw_transaction(embedded, done["txHash"])
    assert row["tx_hash"] == done["txHash"] == "0x" + keccak256(stored["raw_transaction"]).hex()


def test_from_one_vault_account_to_another(embedded: Embedded, client: Strongroom) -> None:
    account = client.request("POST", "/vault/accounts", body={"name": "Payroll"})["id"]
    address = client.request("POST", f"/vault/accounts/{account}/{embedded.ready['asset_id']}")["address"]
    done = ended(client, embedded.send(client, destination={"type": "VAULT_ACCOUNT", "id": account}, amount="2"))
    assert (done["status"], done["destinationAddress"]) == ("COMPLETED", address)
    back = {"type": "VAULT_ACCOUNT", "id": embedded.ready["vault_account_id"]}
    source = {"type": "VAULT_ACCOUNT", "id": account}
    returned = ended(client, embedded.send(client, source=source, destination=back, amount="1.75"))
    assert (returned["status"], returned["sourceAddress"]) == ("COMPLETED", address)
    assert 0 < embedded.chain_balance(address) < ETHER // 4


def test_several_at_once_take_one_place_in_the_lane_each(embedded: Embedded, client: Strongroom) -> None:
    receivers = {new_address(): 10_000_000 + number for number in range(5)}
    amounts = {address: str(Decimal(units) / ETHER) for address, units in receivers.items()}
    sent = [
        embedded.send(client, destination=destination(address), amount=f"{Decimal(amount):f}")
        for address, amount in amounts.items()
    ]
    done = [ended(client, one) for one in sent]
    assert {one["status"] for one in done} == {"COMPLETED"}
    nonces = sorted(int(embedded.chain("eth_getTransactionByHash", one["txHash"])["nonce"], 16) for one in done)
    assert nonces == list(range(nonces[0], nonces[0] + 5))
    assert {address: embedded.chain_balance(address) for address in receivers} == receivers


def test_the_command_line_sends_and_waits(embedded: Embedded, client: Strongroom) -> None:
    sent = embedded.command("tx", "create", "--to", new_address(), "--amount", "0.01", "--wait", "--json")
    assert sent.returncode == 0, sent.stderr
    done = json.loads(sent.stdout)
    assert done["status"] == "COMPLETED"
    assert get(client, done["id"])["txHash"] == done["txHash"]
    listed = embedded.command("tx", "list", "--limit", "1", "--json")
    assert [one["id"] for one in json.loads(listed.stdout)] == [done["id"]]
    held = embedded.command(
        "vault", "balance", embedded.ready["vault_account_id"], embedded.ready["asset_id"], "--json"
    )
    assert held.returncode == 0, held.stderr
    assert Decimal(json.loads(held.stdout)["total"]) * ETHER == embedded.chain_balance(embedded.ready["address"])
