"""Requests that are not what they should be: each has its code, and changes nothing."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from strongroom.client.credentials import ApiCredentials
from strongroom.gateway.config import GatewayConfig
from strongroom.runtime.clock import ManualClock
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import API_USER, OTHER_API_USER, TENANT, transfer_body
from tests.gateway.world import OPERATOR_TOKEN, World, refusal

NOW = 1_800_000_000
URI = "/v1/transactions"
BODY = json.dumps(transfer_body()).encode()
KEY = load_pem_private_key(API_USER.private_key_pem(), password=None)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header: object = None, **changes: Any) -> str:
    """A token that is right in everything but ``changes``; None leaves a claim out."""
    assert isinstance(KEY, RSAPrivateKey)
    claims = {
        "uri": URI,
        "nonce": "n-1",
        "iat": NOW,
        "exp": NOW + 55,
        "sub": API_USER.api_key,
        "bodyHash": hashlib.sha256(BODY).hexdigest(),
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    signed = f"{part(header or {'alg': 'RS256', 'typ': 'JWT'})}.{part(kept)}"
    return f"{signed}.{part(KEY.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def with_other_signature() -> str:
    return token()[:-8] + token(nonce="n-2")[-8:]


BAD: list[tuple[str, Callable[[], str], str]] = [
    ("no JWT", lambda: "nonsense", "TOKEN_MALFORMED"),
    ("two parts", lambda: token().rpartition(".")[0], "TOKEN_MALFORMED"),
    ("four parts", lambda: token() + ".e30", "TOKEN_MALFORMED"),
    ("not base64", lambda: token().replace(".", ".!", 1), "TOKEN_MALFORMED"),
    ("claims are no object", lambda: f"{part({'alg': 'RS256'})}.{part([1])}.{part(b'x')}", "TOKEN_MALFORMED"),
    ("no algorithm", lambda: token({"alg": "none"}), "TOKEN_MALFORMED"),
    ("symmetric", lambda: token({"alg": "HS256"}), "TOKEN_MALFORMED"),
    ("critical extension", lambda: token({"alg": "RS256", "crit": ["b64"]}), "TOKEN_MALFORMED"),
    ("no nonce", lambda: token(nonce=None), "TOKEN_MALFORMED"),
    ("empty nonce", lambda: token(nonce=""), "TOKEN_MALFORMED"),
    ("nonce that cannot be stored", lambda: token(nonce="a\x00b"), "TOKEN_MALFORMED"),
    ("nonce of half a character", lambda: token(nonce="\ud800"), "TOKEN_MALFORMED"),
    ("long nonce", lambda: token(nonce="n" * 129), "TOKEN_MALFORMED"),
    ("time as text", lambda: token(iat=str(NOW)), "TOKEN_MALFORMED"),
    ("no end", lambda: token(exp=None), "TOKEN_MALFORMED"),
    ("ends before it begins", lambda: token(iat=NOW + 20, exp=NOW + 10), "TOKEN_MALFORMED"),
    ("speaks for another key", lambda: token(sub="somebody"), "TOKEN_MALFORMED"),
    ("too large", lambda: token(more="x" * 9000), "TOKEN_MALFORMED"),
    ("expired", lambda: token(iat=NOW - 55, exp=NOW), "TOKEN_EXPIRED"),
    ("lives too long", lambda: token(exp=NOW + 91), "TOKEN_EXPIRED"),
    ("lives for ever", lambda: token(exp=10**30), "TOKEN_EXPIRED"),
    ("long ago", lambda: token(iat=-(10**30), exp=NOW + 30), "TOKEN_EXPIRED"),
    ("of the future", lambda: token(iat=NOW + 31, exp=NOW + 60), "TOKEN_FROM_FUTURE"),
    ("another path", lambda: token(uri="/v1/vault/accounts"), "TOKEN_URI_MISMATCH"),
    ("another query", lambda: token(uri=URI + "?a=1"), "TOKEN_URI_MISMATCH"),
    ("half a character in the path", lambda: token(uri="/v1/\ud800"), "TOKEN_MALFORMED"),
    ("another body", lambda: token(bodyHash=hashlib.sha256(b"{}").hexdigest()), "TOKEN_BODY_MISMATCH"),
    ("no body hash", lambda: token(bodyHash=""), "TOKEN_BODY_MISMATCH"),
    ("another signature", with_other_signature, "TOKEN_SIGNATURE_INVALID"),
]


async def test_a_bad_token_has_its_code_and_changes_nothing(world: World) -> None:
    before = await world.counts()
    answers = {name: refusal(await world.send("POST", URI, body=BODY, token=make())) for name, make, _ in BAD}
    assert answers == {name: (401, code) for name, _, code in BAD}
    assert await world.counts() == before
    assert (await world.send("POST", URI, body=BODY, token=token())).status_code == 200


async def test_a_token_is_good_for_one_request(world: World) -> None:
    assert (await world.send("POST", URI, body=BODY, token=token())).status_code == 200
    before = await world.counts()
    assert refusal(await world.send("POST", URI, body=BODY, token=token())) == (401, "TOKEN_REPLAYED")
    assert refusal(await world.send("POST", URI, body=BODY, token=token(iat=NOW - 1))) == (401, "TOKEN_REPLAYED")
    assert await world.counts() == before


async def test_a_reading_request_is_remembered_too_and_leaves_no_token(world: World) -> None:
    reading = token(bodyHash=hashlib.sha256(b"").hexdigest())
    assert (await world.get(URI, token=reading)).status_code == 200
    before = await world.counts()
    assert before["auth_tokens"] == 0
    assert before["request_nonces"] == 1
    assert refusal(await world.get(URI, token=reading)) == (401, "TOKEN_REPLAYED")
    assert refusal(await world.send("POST", URI, token=reading)) == (401, "TOKEN_REPLAYED")
    assert await world.counts() == before


async def test_of_two_requests_with_one_nonce_at_once_one_passes(world: World) -> None:
    answers = await asyncio.gather(*(world.send("POST", URI, body=BODY, token=token()) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert (await world.counts())["auth_tokens"] == len(world.manager.created) == 1


async def test_limits_of_a_tokens_time(world: World, clock: ManualClock) -> None:
    for nonce, iat, exp in (("a", NOW + 30, NOW + 85), ("b", NOW - 40, NOW + 1), ("c", NOW, NOW + 90)):
        answer = await world.send("POST", URI, body=BODY, token=token(nonce=nonce, iat=iat, exp=exp))
        assert answer.status_code == 200, nonce
    clock.advance(60)
    assert refusal(await world.send("POST", URI, body=BODY, token=token(nonce="d"))) == (401, "TOKEN_EXPIRED")


async def test_an_unsigned_request_is_refused_on_every_path(world: World) -> None:
    before = await world.counts()
    for path in (URI, "/v1/vault/accounts_paged", "/v1/strongroom/document_set", "/v1/nowhere", "/", "/v1/health/x"):
        for headers in ({}, {"X-API-Key": API_USER.api_key}, {"Authorization": f"Bearer {token()}"}):
            answer = await world.http.get(world.base_url + path, headers=headers)
            assert refusal(answer) == (401, "REQUEST_UNSIGNED"), (path, headers)
    assert await world.counts() == before


async def test_only_health_is_open(world: World) -> None:
    answer = await world.http.get(world.base_url + "/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["x-request-id"]


async def test_an_unknown_api_user(world: World) -> None:
    before = await world.counts()
    answer = await world.send("POST", URI, body=BODY, credentials=OTHER_API_USER)
    assert refusal(answer) == (401, "API_USER_UNKNOWN")
    assert await world.counts() == before


async def test_an_api_user_of_another_environment(world: World) -> None:
    before = await world.counts()
    foreign = ApiCredentials.from_pem("live-7a1f9a32", OTHER_API_USER.private_key_pem())
    answer = await world.send("POST", URI, body=BODY, credentials=foreign)
    assert refusal(answer) == (401, "API_USER_WRONG_ENVIRONMENT")
    assert await world.counts() == before


async def test_a_body_that_is_not_the_one_signed(world: World) -> None:
    before = await world.counts()
    other = json.dumps(transfer_body(amount="9")).encode()
    assert refusal(await world.send("POST", URI, body=other, token=token())) == (401, "TOKEN_BODY_MISMATCH")
    assert await world.counts() == before


async def test_the_query_is_part_of_what_is_signed(world: World) -> None:
    signed = token(uri=f"{URI}?limit=1", bodyHash=hashlib.sha256(b"").hexdigest())
    assert refusal(await world.get(f"{URI}?limit=2", token=signed)) == (401, "TOKEN_URI_MISMATCH")
    assert (await world.get(f"{URI}?limit=1", token=signed)).status_code == 200


async def test_the_tenant_is_never_taken_from_headers(world: World) -> None:
    minted = {"x-tenant-id": "other", "x-user-id": "root", "x-environment": "live", "x-idempotency-key": "k"}
    assert (await world.transfer(headers=minted)).status_code == 200
    (call,) = world.manager.calls
    assert (call.context.tenant_id, call.context.user_id) == (TENANT, API_USER.api_key)
    assert (call.context.environment, call.context.idempotency_key) == ("sandbox", None)


async def test_a_header_given_twice_is_refused(world: World) -> None:
    signed = [("X-API-Key", API_USER.api_key)] * 2 + [("Authorization", f"Bearer {token()}")]
    answer = await world.http.post(world.base_url + URI, content=BODY, headers=signed)
    assert refusal(answer) == (400, "REQUEST_INVALID")


async def test_a_wrong_operator_token_is_refused_even_beside_a_good_signature(world: World) -> None:
    before = await world.counts()
    answer = await world.transfer(headers={"X-Operator-Token": "guess"})
    assert refusal(answer) == (403, "OPERATOR_TOKEN_INVALID")
    assert await world.counts() == before


async def test_the_operator_alone_is_no_api_user(world: World) -> None:
    answer = await world.http.get(world.base_url + URI, headers={"X-Operator-Token": OPERATOR_TOKEN})
    assert refusal(answer) == (401, "REQUEST_UNSIGNED")


async def test_without_an_operator_token_nobody_is_the_operator(databases: Databases, clock: ManualClock) -> None:
    world = await World.open(databases, clock, GatewayConfig())
    answer = await world.http.get(world.base_url + "/v1/strongroom/cosigners", headers={"X-Operator-Token": ""})
    assert refusal(answer) == (403, "OPERATOR_TOKEN_INVALID")
    await world.close()


async def test_a_large_body_is_refused_before_it_is_read(world: World) -> None:
    before = await world.counts()
    large = b" " * ((2 << 20) + 1)
    assert refusal(await world.send("POST", URI, body=large)) == (400, "REQUEST_INVALID")

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * (1 << 20)

    headers = {"X-API-Key": API_USER.api_key, "Authorization": f"Bearer {token()}"}
    answer = await world.http.post(world.base_url + URI, content=parts(), headers=headers)
    assert refusal(answer) == (400, "REQUEST_INVALID")
    assert await world.counts() == before


async def test_other_methods_and_paths_are_not_found(world: World) -> None:
    for method, target in (("DELETE", URI), ("PUT", URI), ("GET", "/v1/nowhere"), ("POST", "/v1/supported_assets")):
        assert refusal(await world.send(method, target)) == (404, "NOT_FOUND"), (method, target)


async def test_too_many_requests_wait(databases: Databases, clock: ManualClock) -> None:
    world = await World.open(databases, clock, GatewayConfig(requests_per_s=1, burst=2))
    first, second, third = [await world.get(URI) for _ in range(3)]
    assert [first.headers["x-ratelimit-remaining"], second.headers["x-ratelimit-remaining"]] == ["1", "0"]
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-windowsize"]) == ("2", "2")
    assert refusal(third) == (429, "RATE_LIMITED")
    assert third.headers["retry-after"] == "1"
    nonces = await world.count("request_nonces")
    clock.advance(1)
    world.tenant.ports.now += 1
    assert (await world.get(URI)).status_code == 200
    assert await world.count("request_nonces") == nonces + 1
    await world.close()


async def test_strangers_use_up_nobodys_rate(databases: Databases, clock: ManualClock) -> None:
    world = await World.open(databases, clock, GatewayConfig(requests_per_s=1, burst=1))
    for _ in range(3):
        assert refusal(await world.get(URI, token="no.such.token")) == (401, "TOKEN_MALFORMED")
    assert (await world.get(URI)).status_code == 200
    await world.close()
