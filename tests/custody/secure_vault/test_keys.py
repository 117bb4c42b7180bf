"""Keys and document sets: believed only as they were signed; and what the database itself refuses to change."""

import asyncpg
import msgspec
import pytest

from strongroom.client.owner import sign_document_set
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import AccountRange
from strongroom.kernel.documents.keys import verify_key_records
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.secure_vault.world import World
from tests.fixtures.tenant import make_tenant


async def test_a_key_goes_from_the_owners_request_to_the_three_records(world: World) -> None:
    await world.publish()
    request = world.key_request()
    assert (await world.request_key(request)).status == "PENDING"
    await world.settle()
    (asked,) = world.around.engine.key_requests
    assert asked.key_request == request.encode()
    await world.record_key(world.around.key.records(world.tenant, request))
    key = await world.get_key()
    assert (key.status, key.key_request) == ("READY", request.encode())
    public = verify_key_records(
        records=tuple(key.key_records),
        document_set=world.tenant.document_set,
        key_request_hash=sha256(request.payload),
        epoch=1,
    )
    assert public == world.around.key.public


async def test_the_same_request_and_the_same_records_change_nothing(world: World) -> None:
    await world.publish()
    request = world.key_request()
    records = world.around.key.records(world.tenant, request)
    for _ in range(2):
        await world.request_key(request)
        await world.settle()
    for _ in range(2):
        await world.record_key(records)
    assert (await world.request_key(request)).status == "READY"
    assert len(world.around.engine.key_requests) == 1
    with pytest.raises(StrongroomError) as caught:
        await world.record_key(tuple(reversed(records)))
    assert caught.value.code is Code.STATUS_CONFLICT
    with pytest.raises(StrongroomError) as caught:
        await world.request_key(world.key_request())
    assert caught.value.code is Code.KEY_EXISTS


@pytest.mark.parametrize("what", ["another-request", "swapped", "two", "forged"])
async def test_records_that_do_not_verify_make_no_key_and_the_owners_may_ask_again(world: World, what: str) -> None:
    await world.publish()
    request = world.key_request()
    await world.request_key(request)
    good = world.around.key.records(world.tenant, request)
    spoilt = {
        "another-request": world.around.key.records(world.tenant, world.key_request()),
        "swapped": (good[1], good[0], good[2]),
        "two": good[:2],
        "forged": world.around.key.records(make_tenant(), request),
    }[what]
    await world.record_key(spoilt)
    assert (await world.get_key()).status == "FAILED"
    again = world.key_request()
    assert (await world.request_key(again)).status == "PENDING"
    await world.settle()
    assert [one.key_request for one in world.around.engine.key_requests][-1] == again.encode()
    await world.record_key(world.around.key.records(world.tenant, again))
    assert (await world.get_key()).status == "READY"


async def test_a_failed_ceremony_says_why(world: World) -> None:
    await world.publish()
    await world.request_key(world.key_request())
    await world.record_key((), reason="REQUEST_EXPIRED: too late")
    key = await world.get_key()
    assert (key.status, key.reason, list(key.key_records)) == ("FAILED", "REQUEST_EXPIRED: too late", [])


async def test_a_key_request_that_too_few_owners_signed_is_refused(world: World) -> None:
    await world.publish()
    request = world.key_request()
    alone = msgspec.structs.replace(request, signatures=request.signatures[:1])
    with pytest.raises(StrongroomError) as caught:
        await world.request_key(alone)
    assert caught.value.code is Code.DOCUMENT_QUORUM_MISSING
    with pytest.raises(StrongroomError) as caught:
        await world.get_key()
    assert caught.value.code is Code.KEY_UNKNOWN


async def test_a_refresh_keeps_the_key_and_shows_the_records_of_the_new_epoch(world: World) -> None:
    await world.make_ready()
    request = world.key_request(epoch=2)
    assert (await world.request_key(request)).status == "PENDING"
    await world.settle()
    assert [one.key_request for one in world.around.engine.key_requests][-1] == request.encode()
    before = await world.get_key()
    assert (before.status, before.key_request != request.encode()) == ("READY", True), "the old epoch is used meanwhile"
    records = world.around.key.records(world.tenant, request)
    for _ in range(2):
        await world.record_key(records)
    key = await world.get_key()
    assert (key.status, key.key_request, tuple(key.key_records)) == ("READY", request.encode(), records)
    assert (await world.request_key(request)).status == "READY"
    assert await world.database.fetchval("select key_records from keys") == list(before.key_records)


async def test_a_refresh_that_changes_the_key_or_fails_leaves_the_old_epoch(world: World) -> None:
    await world.make_ready()
    before = await world.get_key()
    for changes in ({"chain_code": bytes(32)}, {"epoch": 3}, {"key_request_hash": bytes(32)}, None):
        request = world.key_request(epoch=2)
        await world.request_key(request)
        records = () if changes is None else world.around.key.records(world.tenant, request, **changes)
        await world.record_key(records, reason="" if records else "COSIGNER_ABSENT: gone")
        again = await world.request_key(request)
        assert (again.status, bool(again.reason)) == ("FAILED", True)
        assert await world.get_key() == before


async def test_only_the_next_epoch_is_asked_for_and_one_refresh_at_a_time(world: World) -> None:
    await world.publish()
    with pytest.raises(StrongroomError) as caught:
        await world.request_key(world.key_request(epoch=2))
    assert caught.value.code is Code.KEY_UNKNOWN
    await world.make_ready()
    for epoch, code in ((1, Code.KEY_EXISTS), (3, Code.KEY_EXISTS)):
        with pytest.raises(StrongroomError) as caught:
            await world.request_key(world.key_request(epoch=epoch))
        assert caught.value.code is code
    await world.request_key(world.key_request(epoch=2))
    with pytest.raises(StrongroomError) as caught:
        await world.request_key(world.key_request(epoch=2))
    assert caught.value.code is Code.STATUS_CONFLICT


async def test_only_the_signed_successor_of_a_document_set_is_applied(world: World) -> None:
    await world.publish()
    await world.publish()
    first = world.tenant.document_set
    wider = world.tenant.with_document_set(
        version=2, previous=first.hash(), vault_accounts=(AccountRange(first=50, last=60),)
    )
    skipping = world.tenant.with_document_set(version=3, previous=first.hash())
    stub = world.as_("policy_engine")
    alone = sign_document_set(wider.document_set, wider.owners[:1]).encode()
    for document, code in (
        (skipping.signed_document_set().encode(), Code.DOCUMENT_VERSION_INVALID),
        (alone, Code.DOCUMENT_QUORUM_MISSING),
        (make_tenant().signed_document_set().encode(), Code.DOCUMENT_VERSION_INVALID),
    ):
        with pytest.raises(StrongroomError) as caught:
            await stub.ApplyDocumentSet(pb.ApplyDocumentSetRequest(document_set=document))
        assert caught.value.code is code
    await world.publish(wider)
    assert (await world.create_account("a")).id == "50"
    assert await world.database.fetchval("select count(*) from document_sets") == 2


@pytest.mark.parametrize(
    "sql",
    [
        "update assemblies set tx_hash = '0x'",
        "delete from assemblies",
        "update document_sets set document = ''",
        "delete from document_sets",
        "update admissions set payload = '\\x00'",
        "update admissions set intent = '\\x00'",
        "delete from admissions",
        "update keys set key_records = array['\\x00'::bytea]",
        "update keys set public_key = null",
        "delete from keys",
        "update service_handoff_events set token = ''",
        "truncate assemblies",
    ],
)
async def test_what_is_stored_once_cannot_be_changed_by_the_service_itself(world: World, sql: str) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    await world.assemble(transfer)
    with pytest.raises(asyncpg.PostgresError) as caught:
        await world.database.fetch(sql)
    assert caught.value.sqlstate in {"42501", "SR002", "SR003", "23514"}
