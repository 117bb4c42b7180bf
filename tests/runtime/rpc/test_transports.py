"""Everything here runs in memory and over mTLS, and must come out the same."""

import asyncio
import base64
import json
from uuid import UUID

import pytest
import structlog
from google.protobuf.wrappers_pb2 import StringValue

from strongroom.interfaces.balances.v1.balances_pb2 import CheckBalanceRequest
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.rpc.context import acting
from tests.runtime.rpc.conftest import World
from tests.runtime.rpc.echo import EchoStub

TRANSACTION = UUID("11111111-1111-4111-8111-111111111111")
CONTEXT = CallContext(tenant_id=TenantId("acme"), user_id="ada", environment=Environment.SANDBOX, session_id="s1")


async def refused(world: World, word: str, timeout_s: float | None = None) -> StrongroomError:
    with pytest.raises(StrongroomError) as caught:
        await world.stub.Say(StringValue(value=word), timeout=timeout_s)
    return caught.value


async def ended(world: World) -> list[str]:
    for _ in range(200):
        if world.echo.ended:
            return world.echo.ended
        await asyncio.sleep(0.01)
    return []


async def test_an_answer_comes_back(world: World) -> None:
    answer = await world.stub.Say(StringValue(value="hello"))
    assert answer.value == "echo hello"


async def test_the_handler_knows_who_calls_and_for_whom(world: World) -> None:
    metadata = acting(transaction_id=TRANSACTION, context=CONTEXT)
    answer = await world.stub.Say(StringValue(value="who"), metadata=metadata)
    assert answer.value == f"gateway acme {TRANSACTION} echo.v1.Echo/Say"


async def test_a_handler_that_needs_a_tenant_fails_closed_without_one(world: World) -> None:
    assert (await refused(world, "who")).code is Code.REQUEST_INVALID


@pytest.mark.parametrize("code", Code)
async def test_every_code_crosses_with_its_text(world: World, code: Code) -> None:
    error = await refused(world, f"refuse:{code.name}")
    assert (error.code, error.detail) == (code, f"because of {code.name}")


async def test_an_unexpected_exception_leaks_nothing_and_is_logged(world: World) -> None:
    with structlog.testing.capture_logs() as logs:
        error = await refused(world, "bug")
    assert error.code is Code.INTERNAL
    assert "1234" not in error.detail
    (entry,) = [log for log in logs if log["event"] == "unexpected_exception"]
    assert isinstance(entry["exc_info"], ValueError)
    assert entry["method"] == "echo.v1.Echo/Say"


async def test_a_deadline_ends_the_call_and_its_handler(world: World) -> None:
    assert (await refused(world, "slow", 0.1)).code is Code.DEADLINE_EXCEEDED
    assert await ended(world) == ["slow"]


async def test_a_caller_that_goes_away_ends_the_handler(world: World) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await world.stub.Say(StringValue(value="slow"))
    assert await ended(world) == ["slow"]


async def test_a_relayed_call_keeps_its_own_caller(world: World) -> None:
    answer = await world.stub.Say(StringValue(value="relay:hello"))
    assert answer.value == "echo hello then gateway"


async def test_a_stream_of_answers(world: World) -> None:
    assert [a.value async for a in world.stub.Many(StringValue(value="x"))] == ["x 0", "x 1", "x 2"]


@pytest.mark.parametrize(("word", "code"), [("refuse", Code.NODE_REFUSED), ("bug", Code.INTERNAL)])
async def test_a_stream_refused_on_its_way(world: World, word: str, code: Code) -> None:
    answers = aiter(world.stub.Many(StringValue(value=word)))
    assert (await anext(answers)).value == f"{word} 0"
    with pytest.raises(StrongroomError) as caught:
        await anext(answers)
    assert caught.value.code is code
    assert "1234" not in caught.value.detail


async def test_a_streams_deadline_ends_its_handler(world: World) -> None:
    with pytest.raises(StrongroomError) as caught:
        assert [a async for a in world.stub.Many(StringValue(value="slow"), timeout=0.2)]
    assert caught.value.code is Code.DEADLINE_EXCEEDED
    assert await ended(world) == ["slow stream"]


async def test_a_reader_that_leaves_a_stream_ends_its_handler(world: World) -> None:
    answers = aiter(world.stub.Many(StringValue(value="slow")))
    await anext(answers)
    await answers.aclose()  # pyright: ignore - it is an asynchronous generator
    assert await ended(world) == ["slow stream"]


async def test_who_is_not_listed_may_not_call(world: World) -> None:
    stranger = world.process.host("screening", kms=world.gateway.kms).peer(EchoStub, "echo")
    with pytest.raises(StrongroomError) as caught:
        await stranger.Say(StringValue(value="hello"))
    assert caught.value.code is Code.CALLER_NOT_ALLOWED


async def test_what_is_not_listed_may_be_called_by_nobody(world: World) -> None:
    with pytest.raises(StrongroomError) as caught:
        await world.stub.Nobody(StringValue(value="hello"))
    assert caught.value.code is Code.CALLER_NOT_ALLOWED


async def test_an_unknown_method_is_an_internal_error(world: World) -> None:
    with pytest.raises(StrongroomError) as caught:
        await world.stub.Missing(StringValue(value="hello"))
    assert caught.value.code is Code.INTERNAL


async def test_a_call_that_must_name_a_transaction_is_refused_without(world: World) -> None:
    request = CheckBalanceRequest(transaction_id=str(TRANSACTION))
    with pytest.raises(StrongroomError) as caught:
        await world.stub.Pay(request)
    assert caught.value.code is Code.HANDOFF_INVALID
    answer = await world.stub.Pay(request, metadata=acting(transaction_id=TRANSACTION))
    assert answer.value == f"paid {TRANSACTION}"


async def test_a_request_for_another_transaction_than_its_handoff_is_refused(world: World) -> None:
    request = CheckBalanceRequest(transaction_id="22222222-2222-4222-8222-222222222222")
    with pytest.raises(StrongroomError, match="another transaction"):
        await world.stub.Pay(request, metadata=acting(transaction_id=TRANSACTION))


async def test_what_the_caller_bound_to_its_log_stays_with_the_caller(world: World) -> None:
    with structlog.contextvars.bound_contextvars(approver="ada"):
        answer = await world.stub.Say(StringValue(value="bound"))
    assert answer.value == "caller method transaction_id"
    assert "caller" not in structlog.contextvars.get_contextvars()


async def test_a_service_that_has_stopped_is_unavailable(world: World) -> None:
    await world.process.stop()
    assert (await refused(world, "hello")).code is Code.UNAVAILABLE


async def test_unknown_metadata_is_refused_at_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="x-tenant"):
        await world.stub.Say(StringValue(value="hello"), metadata=(("x-tenant", "acme"),))


async def test_a_context_of_another_environment_is_refused(world: World) -> None:
    live = CallContext(tenant_id=TenantId("acme"), user_id="ada", environment=Environment.LIVE, session_id="s1")
    with pytest.raises(StrongroomError) as caught:
        await world.stub.Say(StringValue(value="hello"), metadata=acting(context=live))
    assert caught.value.code is Code.REQUEST_INVALID


async def test_a_receipt_becomes_the_callers_row(world: World) -> None:
    metadata = acting(transaction_id=TRANSACTION, parents=("ab" * 32,))
    answer = await world.stub.Say(StringValue(value="receipt"), metadata=metadata)
    receipt = base64.b64decode(answer.value)
    row = world.gateway.verify_receipt(receipt, service="echo", method="echo.v1.Echo/Say", transaction_id=TRANSACTION)
    assert (row.from_service, row.to_service, row.direction) == ("gateway", "echo", "receipt")
    assert (row.transaction_id, row.parents) == (TRANSACTION, ("ab" * 32,))
    assert row.token == receipt.decode()
    assert json.loads(receipt)["handoff"]
