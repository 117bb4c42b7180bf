"""The registry of parties: imported whole or not at all, sealed to its place, and shown without any person."""

from typing import Any

import asyncpg
import pytest

from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.screening.people import (
    PLANTED,
    UNHOSTED,
    VASP,
    destination,
    originator,
    registry,
)
from tests.custody.screening.world import World, intent_to
from tests.fixtures.platform import refused
from tests.fixtures.tenant import ASSET, FRIEND, STRANGER, TENANT


async def parties(world: World, *, page_size: int = 100, cursor: str = "") -> pb.ListPartiesResponse:
    return await world.gateway.ListParties(pb.ListPartiesRequest(page_size=page_size, cursor=cursor))


async def test_parties_are_listed_by_page_and_without_any_name(world: World) -> None:
    imported = await world.register(registry())
    assert (imported.tenant_id, imported.originators, imported.destinations) == (TENANT, 1, 2)
    found: list[pb.ListPartiesResponse.Party] = []
    cursor = ""
    while not found or cursor:
        page = await parties(world, page_size=1, cursor=cursor)
        found += page.parties
        cursor = page.next_cursor
    assert [(one.kind, one.place, one.jurisdiction, one.standing) for one in found] == [
        ("DESTINATION", f"{ASSET} {FRIEND.lower()}", "FR", VASP),
        ("DESTINATION", f"{ASSET} {UNHOSTED.lower()}", "FR", "unhosted"),
        ("ORIGINATOR", "0", "DE", "VERIFIED"),
    ]
    assert {one.imported_at_ms for one in found} == {1_800_000_000_000}
    assert not any(word in str(found) for word in PLANTED)


async def test_an_import_replaces_all_of_that_tenant_and_nothing_of_another(world: World) -> None:
    await world.register(registry(tenant="other"))
    await world.register(registry())
    await world.register(registry(originators=[originator(account="7")], destinations=[]))
    found = (await parties(world)).parties
    assert [(one.tenant_id, one.place) for one in found if one.kind == "ORIGINATOR"] == [(TENANT, "7"), ("other", "0")]
    assert {one.tenant_id for one in found if one.kind == "DESTINATION"} == {"other"}


async def test_no_name_is_stored_in_clear(world: World) -> None:
    await world.register(registry())
    for table in ("travel_rule_originators", "travel_rule_destinations"):
        for row in await world.database.fetch(f"select * from {table}"):  # noqa: S608 - a table's name
            stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
            assert not any(word.encode() in stored for word in PLANTED)


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"tenant": "a b"}, "$.tenant"),
    ({"originators": "all"}, "$.originators"),
    ({"surplus": 1}, "$"),
    ({"originators": [originator() | {"vaultAccount": "01"}]}, "$.originators[0].vaultAccount"),
    ({"originators": [originator() | {"jurisdiction": "Germany"}]}, "$.originators[0].jurisdiction"),
    ({"originators": [originator(kyc="Zoraida")]}, "$.originators[0].kyc"),
    ({"originators": [originator() | {"ivms101": {"originatorPersons": []}}]}, "$.originators[0].ivms101"),
    (
        {"originators": [originator() | {"ivms101": {"originatorPersons": [{"Zoraida": {}}]}}]},
        "$.originators[0].ivms101",
    ),
    ({"originators": [originator(birth="x" * 9000)]}, "$.originators[0].ivms101"),
    ({"originators": [originator(), originator()]}, "$.originators"),
    ({"destinations": [destination(), destination(FRIEND.lower())]}, "$.destinations"),
    ({"destinations": [destination() | {"unhosted": True}]}, "$.destinations[0]"),
    ({"destinations": [destination(vasp="12a")]}, "$.destinations[0].vasp.id"),
    ({"destinations": [destination("Zoraida Street 1")]}, "$.destinations[0].address"),
    (
        {"destinations": [destination() | {"ivms101": {"beneficiaryPersons": [3]}}]},
        "$.destinations[0].ivms101.beneficiaryPersons[0]",
    ),
]


@pytest.mark.parametrize(("changes", "where"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_fault_is_named_by_its_place_and_changes_nothing(
    world: World, changes: dict[str, Any], where: str
) -> None:
    await world.register(registry())
    before = await parties(world)
    with pytest.raises(StrongroomError) as caught:
        await world.register(registry(**changes))
    assert caught.value.code is Code.REQUEST_INVALID
    assert caught.value.detail.startswith(where)
    assert not any(word in caught.value.detail for word in PLANTED)
    assert await parties(world) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
async def test_what_is_no_registry_is_refused(world: World, content: bytes) -> None:
    assert await refused(world.register(content)) is Code.REQUEST_INVALID


async def test_persons_open_only_where_they_were_sealed_to(asking: World) -> None:
    """A database administrator who gives one address the person of another gains a refusal, and no payment."""
    await asking.load(STRANGER)
    await asking.register(registry(destinations=[destination(UNHOSTED)]))
    intent = intent_to(FRIEND)
    await asking.screen(intent)
    await asking.database.fetch(
        """insert into travel_rule_destinations
            (tenant_id, asset_id, address, jurisdiction, vasp_id, persons, imported_at)
        select tenant_id, asset_id, $1, jurisdiction, vasp_id, persons, imported_at from travel_rule_destinations""",
        FRIEND.lower(),
    )
    assert await refused(asking.exchange(intent)) is Code.STATE_DAMAGED
    assert await asking.count("travel_rule_records") == 0


async def test_the_service_cannot_change_what_was_exchanged(asking: World) -> None:
    await asking.load(STRANGER)
    await asking.register(registry())
    intent = intent_to(FRIEND)
    await asking.screen(intent)
    await asking.exchange(intent)
    with pytest.raises((asyncpg.PostgresError, StrongroomError)):
        await asking.database.fetch("update travel_rule_exchanges set verification_uuid = gen_random_uuid()")
    with pytest.raises((asyncpg.PostgresError, StrongroomError)):
        await asking.database.fetch("delete from travel_rule_exchanges")
