"""Bad input at the REST door of the whole platform: its documented code, and nothing changed in any database."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from strongroom.client import ApiCredentials, Code, Strongroom, StrongroomError
from strongroom.client.ports import SystemPorts
from tests.fixtures.embedded import Embedded, destination, ended, get, new_address, reached
from tools.generators import ROOT

URI = "/v1/transactions"
UINT256 = 2**256
CHECKSUMMED = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
DOCUMENTED = {
    name: (int(number), int(status))
    for number, name, status in re.findall(
        r"^\| (\d+) \| `(\w+)` \| (\d+) \|", (ROOT / "docs" / "errors.md").read_text(), flags=re.MULTILINE
    )
}
STRANGER = ApiCredentials.generate("00000000-0000-4000-8000-00000000beef")


@dataclass
class MovedPorts(SystemPorts):
    """The machine's ports with the clock some seconds off."""

    offset_s: int = 0

    def now_s(self) -> int:
        return super().now_s() + self.offset_s


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """HTTP status and code, both as docs/errors.md has them; (200, "") for none."""
    if answer.is_success:
        return answer.status_code, ""
    told = answer.json()
    assert (told["code"], answer.status_code) == DOCUMENTED[told["error"]]
    return answer.status_code, told["error"]


async def unchanged(embedded: Embedded, before: Mapping[str, tuple[int, str]], *, authenticated: int = 0) -> None:
    """Nothing changed but the word of auth_engine that so many requests were the API user's own."""
    after = dict(await embedded.contents())
    expected = dict(before)
    for table in ("auth_tokens", "service_handoff_events") if authenticated else ():
        assert after.pop(f"auth_engine.{table}")[0] == expected.pop(f"auth_engine.{table}")[0] + authenticated
    assert after == expected


def post(embedded: Embedded, token: str, body: bytes, *, api_key: str | None = None, **headers: str) -> httpx.Response:
    identity = {"X-API-Key": api_key or embedded.ready["api_key"]}
    identity |= {"Authorization": f"Bearer {token}"} if token else {}
    url = embedded.ready["base_url"] + "/transactions"
    sent = {"Content-Type": "application/json", **identity, **headers}
    return httpx.post(url, content=body, headers=sent, timeout=30, trust_env=False)


def signed_post(embedded: Embedded, *, key: str = "", **changes: Any) -> httpx.Response:
    """A request that is right in everything but ``changes``."""
    body = json.dumps(embedded.body(**changes)).encode()
    token = embedded.credentials().sign_request(uri=URI, body=body, ports=SystemPorts())
    return post(embedded, token, body, **({"Idempotency-Key": key} if key else {}))


async def test_requests_that_are_not_the_api_users_change_nothing(embedded: Embedded) -> None:
    credentials, ports = embedded.credentials(), SystemPorts()
    body = json.dumps(embedded.body()).encode()
    other_body = json.dumps(embedded.body(amount="7")).encode()
    good = credentials.sign_request(uri=URI, body=body, ports=ports)
    live = ApiCredentials.from_pem(f"live-{credentials.api_key}", embedded.ready["api_private_key_pem"].encode())
    before = await embedded.contents()
    cases = {
        "TOKEN_MALFORMED": post(embedded, "nonsense", body),
        "TOKEN_EXPIRED": post(
            embedded, credentials.sign_request(uri=URI, body=body, ports=MovedPorts(offset_s=-120)), body
        ),
        "TOKEN_FROM_FUTURE": post(
            embedded, credentials.sign_request(uri=URI, body=body, ports=MovedPorts(offset_s=120)), body
        ),
        "TOKEN_URI_MISMATCH": post(
            embedded, credentials.sign_request(uri=f"{URI}?limit=1", body=body, ports=ports), body
        ),
        "TOKEN_BODY_MISMATCH": post(embedded, good, other_body),
        "TOKEN_SIGNATURE_INVALID": post(embedded, good[:-8] + "AAAAAAA" + good[-1], body),
        "API_USER_UNKNOWN": post(
            embedded, STRANGER.sign_request(uri=URI, body=body, ports=ports), body, api_key=STRANGER.api_key
        ),
        "API_USER_WRONG_ENVIRONMENT": post(
            embedded, live.sign_request(uri=URI, body=body, ports=ports), body, api_key=live.api_key
        ),
        "REQUEST_UNSIGNED": post(embedded, "", body),
    }
    assert {code: refusal(answer) for code, answer in cases.items()} == {code: (401, code) for code in cases}
    await unchanged(embedded, before)


async def test_a_request_is_good_once(embedded: Embedded, client: Strongroom) -> None:
    body = json.dumps(embedded.body(amount="0.001")).encode()
    token = embedded.credentials().sign_request(uri=URI, body=body, ports=SystemPorts())
    first = post(embedded, token, body)
    assert refusal(first) == (200, "")
    assert ended(client, first.json()["id"])["status"] == "COMPLETED"
    before = await embedded.contents()
    assert refusal(post(embedded, token, body)) == (401, "TOKEN_REPLAYED")
    await unchanged(embedded, before)


BAD: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("unknown asset", {"assetId": "GOLD"}, (400, "ASSET_UNKNOWN")),
    ("unknown vault account", {"source": {"type": "VAULT_ACCOUNT", "id": "998"}}, (404, "VAULT_ACCOUNT_UNKNOWN")),
    (
        "unknown destination account",
        {"destination": {"type": "VAULT_ACCOUNT", "id": "998"}},
        (404, "VAULT_ACCOUNT_UNKNOWN"),
    ),
    ("bad checksum", {"destination": destination(CHECKSUMMED.replace("dc3A", "dC3A"))}, (400, "ADDRESS_INVALID")),
    ("short address", {"destination": destination(CHECKSUMMED[:-1])}, (400, "ADDRESS_INVALID")),
    ("zero", {"amount": "0"}, (400, "AMOUNT_INVALID")),
    ("zero with decimals", {"amount": "0.000"}, (400, "AMOUNT_INVALID")),
    ("negative", {"amount": "-1"}, (400, "AMOUNT_INVALID")),
    ("no number", {"amount": "1e3"}, (400, "AMOUNT_INVALID")),
    ("over-precise", {"amount": "0.0000000000000000001"}, (400, "AMOUNT_TOO_PRECISE")),
    ("above uint256", {"amount": f"{UINT256 // 10**18}.{UINT256 % 10**18:018d}"}, (400, "AMOUNT_TOO_LARGE")),
    ("far above uint256", {"amount": "9" * 78}, (400, "AMOUNT_TOO_LARGE")),
    ("another operation", {"operation": "MINT"}, (400, "OPERATION_UNSUPPORTED")),
    ("no amount", {"amount": None}, (400, "AMOUNT_INVALID")),
    ("fee of nonsense", {"feeLevel": "WARP"}, (400, "FEE_INVALID")),
]


@pytest.mark.parametrize(("changes", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_a_request_that_cannot_be_meant(
    embedded: Embedded, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    before = await embedded.contents()
    assert refusal(signed_post(embedded, **changes)) == expected
    await unchanged(embedded, before, authenticated=1)


def test_insufficient_funds(embedded: Embedded, client: Strongroom) -> None:
    account = client.request("POST", "/vault/accounts", body={"name": "Petty cash"})["id"]
    address = client.request("POST", f"/vault/accounts/{account}/{embedded.ready['asset_id']}")["address"]
    fed = ended(client, embedded.send(client, destination={"type": "VAULT_ACCOUNT", "id": account}, amount="1"))
    assert fed["status"] == "COMPLETED"
    source = {"type": "VAULT_ACCOUNT", "id": account}
    for amount, sub_status in (("1.000000000000000001", "INSUFFICIENT_FUNDS"), ("1", "INSUFFICIENT_FUNDS_FOR_FEE")):
        failed = ended(client, embedded.send(client, source=source, amount=amount))
        assert (failed["status"], failed["subStatus"]) == ("FAILED", sub_status)
        assert sub_status in DOCUMENTED
        assert "txHash" not in failed
    assert embedded.chain_balance(address) == 10**18
    assert int(embedded.chain("eth_getTransactionCount", address, "pending"), 16) == 0
    assert ended(client, embedded.send(client, source=source, amount="0.5"))["status"] == "COMPLETED"


async def test_the_same_external_id(embedded: Embedded, client: Strongroom) -> None:
    body = embedded.body(externalTxId=f"invoice-{new_address()}", amount="0.01")
    document_set = client.get_document_set()
    first = client.create_transaction(body, document_set=document_set)
    assert ended(client, first.id)["status"] == "COMPLETED"
    before = await embedded.contents()
    again = client.create_transaction(body, document_set=document_set)
    assert (first.is_earlier, again.is_earlier, again.id) == (False, True, first.id)
    with pytest.raises(StrongroomError) as refused:
        client.request("POST", "/transactions", body={**body, "amount": "0.02"})
    assert refused.value.code is Code.EXTERNAL_ID_REUSED
    await unchanged(embedded, before, authenticated=2)


async def test_the_same_idempotency_key(embedded: Embedded, client: Strongroom) -> None:
    key, body = new_address()[:40], embedded.body(amount="0.01")
    first = client.request("POST", "/transactions", body=body, idempotency_key=key)["id"]
    assert ended(client, first)["status"] == "COMPLETED"
    before = await embedded.contents()
    assert client.request("POST", "/transactions", body=body, idempotency_key=key)["id"] == first
    assert refusal(signed_post(embedded, key=key, amount="0.02")) == (422, "IDEMPOTENCY_KEY_REUSED")
    await unchanged(embedded, before, authenticated=2)


async def test_a_sanctioned_destination(embedded: Embedded, client: Strongroom, tmp_path: Path) -> None:
    listed = new_address()
    file = tmp_path / "sanctioned_addresses_ETH.json"
    file.write_text(json.dumps([listed]))
    imported = embedded.command("screening", "import", str(file))
    assert imported.returncode == 0, imported.stderr
    assert "1 addresses" in imported.stdout
    rejected = ended(client, embedded.send(client, destination=destination(listed)))
    assert (rejected["status"], rejected["subStatus"]) == ("REJECTED", "REJECTED_AML_SCREENING")
    assert "txHash" not in rejected
    assert embedded.chain_balance(listed) == 0
    signing = await embedded.rows(
        "cosigner_engine", "select id from signing_requests where transaction_id = $1", rejected["id"]
    )
    assert signing == []
    assert ended(client, embedded.send(client))["status"] == "COMPLETED"


async def test_what_the_policy_blocks(embedded: Embedded, client: Strongroom) -> None:
    blocked = ended(client, embedded.send(client, amount="20.000000000000000001"))
    assert (blocked["status"], blocked["subStatus"]) == ("BLOCKED", "BLOCKED_BY_POLICY")
    assert "rule 1" in blocked["errorDescription"], blocked
    assert "txHash" not in blocked
    assert (
        await embedded.rows("secure_vault", "select 1 from admissions where transaction_id = $1", blocked["id"]) == []
    )
    asked = reached(client, embedded.send(client, amount="20"), "PENDING_AUTHORIZATION")["id"]
    client.cancel(asked)
    assert ended(client, asked)["status"] == "CANCELLED"


def test_a_transaction_that_is_not_there(client: Strongroom) -> None:
    with pytest.raises(StrongroomError) as refused:
        get(client, "00000000-0000-4000-8000-000000000000")
    assert refused.value.code is Code.TRANSACTION_UNKNOWN
