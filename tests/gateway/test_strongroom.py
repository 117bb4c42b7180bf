"""Document sets, keys, lists and co-signers through the REST door, with our own client where it has a word for them."""

import asyncio
import base64

import httpx

from strongroom.client import ApiCredentials, Strongroom, sign_key_request
from strongroom.kernel.errors import Code
from strongroom.kernel.ids import TenantId
from tests.fixtures.platform import refused
from tests.fixtures.tenant import API_USER, TENANT, make_tenant
from tests.gateway.world import OPERATOR_TOKEN, World, refusal


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def client(world: World, *, user: ApiCredentials | None = API_USER, token: str | None = None) -> Strongroom:
    return Strongroom(f"{world.base_url}/v1", credentials=user, operator_token=token, ports=world.tenant.ports)


async def as_operator(world: World, method: str, path: str, value: object = None) -> httpx.Response:
    headers = {"X-Operator-Token": OPERATOR_TOKEN}
    return await world.http.request(method, world.base_url + path, json=value, headers=headers)


async def test_the_operator_publishes_a_genesis_and_our_client_reads_it(world: World) -> None:
    with client(world, user=None, token=OPERATOR_TOKEN) as operator, client(world) as user:
        published = await asyncio.to_thread(operator.publish_document_set, world.tenant.signed_document_set())
        document_set = await asyncio.to_thread(user.get_document_set)
    assert published == {"tenantId": TENANT, "version": 1, "hash": world.tenant.document_set.hash().hex()}
    assert document_set == world.tenant.document_set


async def test_an_api_user_publishes_for_its_own_tenant_alone(world: World) -> None:
    path = "/v1/strongroom/document_sets"
    own, foreign = world.tenant.signed_document_set(), make_tenant(tenant=TenantId("other")).signed_document_set()
    assert (await world.post(path, {"documentSet": text(own.encode())})).status_code == 200
    assert refusal(await world.post(path, {"documentSet": text(foreign.encode())})) == (403, "DOCUMENT_FOREIGN")
    assert refusal(await world.post(path, {"documentSet": text(b"nonsense")})) == (400, "DOCUMENT_MALFORMED")
    assert refusal(await world.post(path, {"documentSet": "no base64"})) == (400, "REQUEST_INVALID")


async def test_a_key_request_goes_to_the_vault_and_the_key_comes_back(world: World) -> None:
    assert refusal(await world.get("/v1/strongroom/key")) == (404, "KEY_UNKNOWN")
    signed = sign_key_request(world.tenant.document_set, world.tenant.owners, ports=world.tenant.ports)
    with client(world) as user:
        key = await asyncio.to_thread(user.request_key, signed)
    assert (key["keyId"], key["status"], key["keyRequest"]) == ("k", "PENDING", text(signed.encode()))
    assert world.vault.key_requests == [signed.encode()]
    ready = (await world.get("/v1/strongroom/key")).json()
    assert (ready["status"], ready["reason"], ready["keyRecords"]) == ("READY", "", [text(b"1"), text(b"2")])


async def test_lists_are_the_operators(world: World) -> None:
    wanted = {"name": "ofac", "content": text(b"[]")}
    answer = await as_operator(world, "POST", "/v1/strongroom/screening/lists", wanted)
    assert answer.json() == {"name": "ofac", "addresses": 1}
    answer = await world.post("/v1/strongroom/screening/lists", wanted)
    assert refusal(answer) == (403, "OPERATOR_TOKEN_INVALID")
    assert (await world.get("/v1/strongroom/screening/lists")).json() == {"lists": [], "paging": {}}


async def test_parties_are_the_operators_to_import_and_to_list(world: World) -> None:
    wanted = {"content": text(b'{"tenant": "acme"}')}
    answer = await as_operator(world, "POST", "/v1/strongroom/screening/parties", wanted)
    assert answer.json() == {"tenantId": "acme", "originators": 1, "destinations": 2}
    shown = (await as_operator(world, "GET", "/v1/strongroom/screening/parties")).json()
    assert shown["parties"][0] == {
        "tenantId": "acme",
        "kind": "ORIGINATOR",
        "place": "0",
        "jurisdiction": "DE",
        "standing": "VERIFIED",
        "importedAt": 1,
    }
    for answer in (
        await world.post("/v1/strongroom/screening/parties", wanted),
        await world.get("/v1/strongroom/screening/parties"),
    ):
        assert refusal(answer) == (403, "OPERATOR_TOKEN_INVALID")


async def test_cosigners_are_shown_to_users_and_the_operator(world: World) -> None:
    shown = (await world.get("/v1/strongroom/cosigners")).json()
    assert [cosigner["index"] for cosigner in shown["cosigners"]] == [1, 2, 3]
    assert set(shown["cosigners"][0]) == {"index", "connected", "seenAt"}
    assert (await as_operator(world, "GET", "/v1/strongroom/cosigners")).json() == shown


async def test_our_client_shows_the_codes_of_refusals(world: World) -> None:
    with client(world) as user:
        code = await refused(asyncio.to_thread(user.request, "GET", "/transactions/unknown"))
    assert code is Code.TRANSACTION_UNKNOWN
