"""Approvals, cancelling, and what a client judges a transaction by, through the REST door."""

import base64
from uuid import UUID

from strongroom.kernel.errors import Code, StrongroomError
from tests.fixtures.tenant import API_USER, TENANT
from tests.gateway.neighbours import pe
from tests.gateway.world import World, refusal

NAME = "0b7f8a52-55d1-5b0e-9f0a-0d9f1f0c2a11"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def waits(world: World, name: str = NAME) -> pe.ApprovalState:
    state = pe.ApprovalState(
        transaction_id=name,
        attempt=1,
        state="WAITING",
        intent=b"the intent",
        decision=b"the decision",
        approvals=[b"one"],
        requested_at_ms=1_800_000_000_000,
        expires_at_ms=1_800_007_200_000,
    )
    world.policy.states[name] = state
    return state


async def test_what_is_to_be_approved_is_shown_to_the_byte(world: World) -> None:
    waits(world)
    assert (await world.get(f"/v1/strongroom/transactions/{NAME}/approval")).json() == {
        "id": NAME,
        "attempt": 1,
        "state": "WAITING",
        "intent": text(b"the intent"),
        "decision": text(b"the decision"),
        "approvals": [text(b"one")],
        "requestedAt": 1_800_000_000_000,
        "expiresAt": 1_800_007_200_000,
        "reason": "",
    }


async def test_why_it_was_closed_is_shown(world: World) -> None:
    state = waits(world)
    state.state, state.reason = "CLOSED", "Cancelled by ops."
    shown = (await world.get(f"/v1/strongroom/transactions/{NAME}/approval")).json()
    assert (shown["state"], shown["reason"]) == ("CLOSED", "Cancelled by ops.")


async def test_an_approval_reaches_the_policy_engine_to_the_byte_and_for_its_transaction(world: World) -> None:
    waits(world)
    signed = bytes(range(256))
    answer = await world.post(f"/v1/strongroom/transactions/{NAME}/approvals", {"approval": text(signed)})
    assert (answer.status_code, answer.json()) == (200, {"state": "WAITING"})
    (request,), (call,) = world.policy.submitted, world.policy.calls
    assert (request.tenant_id, request.transaction_id, request.approval) == (TENANT, NAME, signed)
    assert (call.transaction_id, call.context.user_id) == (UUID(NAME), API_USER.api_key)


async def test_an_approval_that_is_no_base64_goes_nowhere(world: World) -> None:
    waits(world)
    for body in ({"approval": "no base64"}, {}, {"approval": 7}):
        answer = await world.post(f"/v1/strongroom/transactions/{NAME}/approvals", body)
        assert refusal(answer) == (400, "REQUEST_INVALID")
    assert not world.policy.submitted


async def test_those_that_wait_are_listed_page_by_page(world: World) -> None:
    names = [f"0b7f8a52-55d1-5b0e-9f0a-00000000000{number}" for number in range(3)]
    for name in names:
        waits(world, name)
    first = (await world.get("/v1/strongroom/approvals?limit=2")).json()
    rest = (await world.get(f"/v1/strongroom/approvals?limit=2&after={first['paging']['after']}")).json()
    assert [item["id"] for item in (*first["approvals"], *rest["approvals"])] == names
    assert rest["paging"] == {}
    assert refusal(await world.get("/v1/strongroom/approvals?state=WAITING")) == (400, "REQUEST_INVALID")
    assert refusal(await world.get("/v1/strongroom/approvals?limit=0")) == (400, "PAGE_INVALID")


async def test_a_cancellation_acts_for_its_transaction_and_names_who_asked(world: World) -> None:
    name = (await world.transfer()).json()["id"]
    answer = await world.post(f"/v1/transactions/{name}/cancel", {})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (request,) = world.manager.cancelled
    assert (request.tenant_id, request.transaction_id, request.cancelled_by) == (TENANT, name, API_USER.api_key)
    assert world.manager.calls[-1].transaction_id == UUID(name)


async def test_a_signed_transaction_is_not_cancelled(world: World) -> None:
    name = (await world.transfer()).json()["id"]
    world.manager.failure = StrongroomError(Code.STATUS_CONFLICT)
    assert refusal(await world.send("POST", f"/v1/transactions/{name}/cancel")) == (409, "STATUS_CONFLICT")


async def test_a_client_gets_what_it_judges_a_transaction_by(world: World) -> None:
    name = (await world.transfer()).json()["id"]
    assert (await world.get(f"/v1/strongroom/transactions/{name}")).json() == {
        "id": name, "status": "SUBMITTED", "attempt": 0, "ending": "", "reason": "", "intent": "", "decision": "",
        "tombstone": "", "token": "",
    }  # fmt: skip
    item = world.manager.transactions[name]
    item.status, item.ending, item.reason, item.attempt = "CANCELLING", "FAILED", "too late", 2
    item.intent, item.decision, item.tombstone, item.request_token = b"i", b"d", b"t", "the.jwt.itself"
    assert (await world.get(f"/v1/strongroom/transactions/{name}")).json() == {
        "id": name, "status": "CANCELLING", "attempt": 2, "ending": "FAILED", "reason": "too late",
        "intent": text(b"i"), "decision": text(b"d"), "tombstone": text(b"t"),
        "token": "the.jwt.itself",
    }  # fmt: skip


async def test_what_is_unknown_or_anothers_does_not_exist(world: World) -> None:
    waits(world)
    world.policy.tenant = world.tenant.with_document_set(tenant="other")
    unknown = (404, "TRANSACTION_UNKNOWN")
    for name in ("nonsense", UNKNOWN, NAME):
        assert refusal(await world.get(f"/v1/strongroom/transactions/{name}")) == unknown
        assert refusal(await world.get(f"/v1/strongroom/transactions/{name}/approval")) == unknown
        assert refusal(await world.send("POST", f"/v1/transactions/{name}/cancel")) == unknown
        answer = await world.post(f"/v1/strongroom/transactions/{name}/approvals", {"approval": text(b"x")})
        assert refusal(answer) == unknown
    assert not world.policy.submitted
