"""Get and list: pages, filters, and tenants that do not see each other."""

from typing import Any

from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.kernel.errors import Code
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import TENANT


async def _list(world: World, **changes: Any) -> pb.ListTransactionsResponse:
    query: dict[str, Any] = {"tenant_id": TENANT, "page_size": 50, **changes}
    return await world.as_("gateway").ListTransactions(pb.ListTransactionsRequest(**query))


async def _ids(world: World, **changes: Any) -> list[str]:
    return [one.transaction_id for one in (await _list(world, **changes)).transactions]


async def test_pages_run_from_the_newest_to_the_oldest_and_miss_none(world: World) -> None:
    made: list[str] = []
    for position in range(5):
        made.append(await world.create())
        world.clock.advance(0 if position == 1 else 1)  # two of them at the same moment
    seen: list[str] = []
    cursor = ""
    while True:
        page = await _list(world, page_size=2, cursor=cursor)
        seen += [one.transaction_id for one in page.transactions]
        cursor = page.next_cursor
        if not cursor:
            break
    assert sorted(seen) == sorted(made)
    assert (seen[0], seen[1], seen[-1]) == (made[4], made[3], made[0])


async def test_filters(world: World) -> None:
    first = await world.create(source={"type": "VAULT_ACCOUNT", "id": "1"})
    await world.settle()
    world.clock.advance(10)
    second = await world.create()
    await world.settle()
    await world.walk(second, until="12")
    created_ms = (await world.get(first)).created_at_ms
    assert await _ids(world, status="PENDING_AUTHORIZATION") == [first]
    assert await _ids(world, status="PENDING_SIGNATURE") == [second]
    assert await _ids(world, status="COMPLETED") == []
    assert await _ids(world, source_account="1") == [first]
    assert await _ids(world, after_ms=created_ms) == [second]
    assert await _ids(world, before_ms=created_ms + 1) == [first]
    assert await _ids(world, tenant_id="other") == []


async def test_impossible_questions_are_refused(world: World) -> None:
    assert await refused(_list(world, status="DONE")) is Code.REQUEST_INVALID
    assert await refused(_list(world, status="SIGNED")) is Code.REQUEST_INVALID
    assert await refused(_list(world, before_ms=-1)) is Code.REQUEST_INVALID
    for size in (0, 501, -1):
        assert await refused(_list(world, page_size=size)) is Code.PAGE_INVALID
    for cursor in ("%", "YQ", "YQpi"):
        assert await refused(_list(world, cursor=cursor)) is Code.PAGE_INVALID


async def test_a_transaction_is_found_by_its_external_id_and_by_its_own_tenant_alone(world: World) -> None:
    transaction_id = await world.create(externalTxId="invoice-1")
    stub = world.as_("gateway")
    found = await stub.GetTransaction(pb.GetTransactionRequest(tenant_id=TENANT, external_id="invoice-1"))
    assert (found.transaction_id, found.external_id) == (transaction_id, "invoice-1")
    assert [step.step for step in found.steps[:5]] == ["1", "2", "3", "4", "5"]
    for tenant_id, text in (("other", transaction_id), (TENANT, transaction_id.upper()), (TENANT, "nonsense")):
        request = pb.GetTransactionRequest(tenant_id=tenant_id, transaction_id=text)
        assert await refused(stub.GetTransaction(request)) is Code.TRANSACTION_UNKNOWN
    other = pb.GetTransactionRequest(tenant_id="other", external_id="invoice-1")
    assert await refused(stub.GetTransaction(other)) is Code.TRANSACTION_UNKNOWN
