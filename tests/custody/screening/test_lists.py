"""Lists: imported whole or not at all, and shown by pages."""

import json
from pathlib import Path

import pytest

from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.kernel.errors import Code
from tests.custody.screening.world import LISTED, World, intent_to
from tests.fixtures.platform import refused
from tests.fixtures.tenant import FRIEND, STRANGER

FOLDER = Path(__file__).parents[2] / "data" / "sanctions"


@pytest.mark.parametrize(("name", "count"), [("sanctioned_addresses_ETH", 152), ("sanctioned_addresses_XBT", 435)])
async def test_a_published_list_is_imported_whole(world: World, name: str, count: int) -> None:
    content = (FOLDER / f"{name}.json").read_bytes()
    assert await world.load_bytes(content, name=name) == count
    assert await world.count("screening_entries") == count
    assert {address.lower() for address in json.loads(content)} == {
        row["address"].lower() for row in await world.database.fetch("select address from screening_entries")
    }


async def test_every_published_evm_address_is_rejected(world: World) -> None:
    content = (FOLDER / "sanctioned_addresses_ETH.json").read_bytes()
    await world.load_bytes(content)
    for attempt, address in enumerate(json.loads(content)):
        assert (await world.screen(intent_to(address), attempt=attempt)).aml == "REJECT"


async def test_an_import_replaces_the_list_of_that_name_alone(world: World) -> None:
    await world.load(LISTED, STRANGER, name="a")
    await world.load(STRANGER, name="b")
    assert await world.load(FRIEND, FRIEND.lower(), name="a") == 1
    rows = await world.database.fetch("select list_name, address from screening_entries order by list_name")
    assert [tuple(row) for row in rows] == [("a", FRIEND.lower()), ("b", STRANGER.lower())]
    assert (await world.screen(intent_to(LISTED))).aml == "PASS"


GARBAGE = [
    b"",
    b"{",
    b"[",
    b"{}",
    b"null",
    b'"0x01e2919679362dFBC9ee1644Ba9C6da6D6245BB1"',
    b"[]",
    b"[1]",
    b"[null]",
    b"[[]]",
    b'["0x1"]',
    b'["abc"]',
    b'["    "]',
    b'["1295rkVy nFfpqZpXvKGh"]',
    b'["1295rkVy\\u0000nFfpqZpXvKGh"]',
    b'["1295rkVy\\ud800nFfpqZpXvKGh"]',
    '["1295rkVynFfpqZpXvKGé"]'.encode(),
    b"\xff\xfe\xfd",
    b"[" * 100_000,
    b"[" + b"9" * 5000 + b"]",
    json.dumps([LISTED, "0x" + "g" * 40]).encode(),
    json.dumps(["x" * 129]).encode(),
]


async def test_garbage_leaves_the_old_list(world: World) -> None:
    await world.load(LISTED)
    before = await world.database.fetch("select * from screening_lists")
    world.clock.advance(5)
    for content in GARBAGE:
        assert await refused(world.load_bytes(content)) is Code.REQUEST_INVALID, content[:80]
    assert await world.database.fetch("select * from screening_lists") == before
    assert (await world.screen(intent_to(LISTED))).aml == "REJECT"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101])
async def test_a_list_has_a_name(world: World, name: str) -> None:
    assert await refused(world.load(LISTED, name=name)) is Code.REQUEST_INVALID
    assert await world.count("screening_lists") == 0


async def test_lists_are_shown_by_pages(world: World) -> None:
    for number, name in enumerate(("b", "a", "d", "c", "e"), start=1):
        await world.load(*(f"address-{i}" for i in range(number)), name=name)
    seen: list[tuple[str, int]] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        page = await world.gateway.ListLists(pb.ListListsRequest(page_size=2, cursor=cursor))
        seen += [(one.name, one.addresses) for one in page.lists]
        assert {one.imported_at_ms for one in page.lists} == {1_800_000_000_000}
        cursor, pages = page.next_cursor, pages + 1
    assert seen == [("a", 2), ("b", 1), ("c", 4), ("d", 3), ("e", 5)]
    assert pages == 3


@pytest.mark.parametrize(
    ("size", "cursor"), [(0, ""), (501, ""), (-1, ""), (1, "!"), (1, "é"), (1, "AA"), (1, "YQpi"), (1, "_w")]
)
async def test_an_impossible_page_is_refused(world: World, size: int, cursor: str) -> None:
    request = pb.ListListsRequest(page_size=size, cursor=cursor)
    assert await refused(world.gateway.ListLists(request)) is Code.PAGE_INVALID
