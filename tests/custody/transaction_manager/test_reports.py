"""RecordStep: order, who may, repetition, and documents that belong to another transaction."""

from uuid import UUID, uuid4

import pytest

from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.kernel.documents.codec import encode
from strongroom.kernel.errors import Code
from strongroom.runtime.rpc.context import acting
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import TENANT, make_tenant


@pytest.fixture
async def allowed(world: World) -> str:
    """A transaction that waits for step 6."""
    transaction_id = await world.create()
    await world.settle()
    return transaction_id


async def _version(world: World) -> int:
    return (await world.rows("select sum(version) as version from transactions"))[0]["version"]


async def test_a_step_out_of_order_is_refused_and_is_no_matter_for_patience(world: World, allowed: str) -> None:
    before = await _version(world)
    for step in ("8", "9", "10", "11", "12", "13"):
        assert (step, await refused(world.report(allowed, step))) == (step, Code.STATUS_CONFLICT)
    assert await _version(world) == before
    assert not Code.STATUS_CONFLICT.meaning.retryable


async def test_only_the_service_whose_step_it_is_reports_it(world: World, allowed: str) -> None:
    for steps, caller in (
        (("6", "7"), "secure_vault"),
        (("6", "7"), "nodes"),
        (("8",), "policy_engine"),
        (("9",), "secure_vault"),
        (("12",), "cosigner_engine"),
        (("13",), "secure_vault"),
    ):
        code = await refused(world.report(allowed, *steps, caller=caller, document=b""))
        assert (steps, caller, code) == (steps, caller, Code.CALLER_NOT_ALLOWED)


async def test_the_same_report_again_gets_the_same_answer_and_changes_nothing(world: World, allowed: str) -> None:
    for steps in (("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",), ("13",)):
        first = await world.report(allowed, *steps)
        before, history = await _version(world), await world.history(allowed)
        assert await world.report(allowed, *steps) == first
        assert (await _version(world), await world.history(allowed)) == (before, history)
    again = await world.report(allowed, "8")
    assert again.payload
    assert again.status == "BROADCASTING"


async def test_a_repeated_report_with_another_document_is_refused(world: World, allowed: str) -> None:
    await world.report(allowed, "6", "7")
    assert await refused(world.report(allowed, "6", "7", document=b"other")) is Code.STATUS_CONFLICT


async def test_another_attempt_is_refused(world: World, allowed: str) -> None:
    assert await refused(world.report(allowed, "6", "7", attempt=1)) is Code.STATUS_CONFLICT


async def test_a_decision_must_be_the_policy_engines_and_allow_this_transaction(world: World, allowed: str) -> None:
    policy_engine = world.neighbours.policy_engine
    other = await world.create(amount="2")
    blocked = await world.create(amount="11")
    await world.settle()
    for document in (policy_engine.decisions[other], policy_engine.decisions[blocked]):
        assert await refused(world.report(allowed, "6", "7", document=document)) is Code.DECISION_MISMATCH
    assert await refused(world.report(allowed, "6", "7", document=b"")) is Code.DOCUMENT_MALFORMED
    policy_engine.tenant = make_tenant()
    stranger = await world.create(amount="3")
    await world.settle()
    code = await refused(world.report(stranger, "6", "7"))
    assert code is Code.DOCUMENT_SIGNATURE_INVALID
    assert await world.status(allowed) == ("PENDING_AUTHORIZATION", "")


async def test_what_was_assembled_must_be_of_this_intent(world: World, allowed: str) -> None:
    await world.walk(allowed, until="11")
    foreign = encode({"intent_hash": bytes(32)})
    assert await refused(world.report(allowed, "12", document=foreign)) is Code.INTENT_MISMATCH
    assert await refused(world.report(allowed, "12", document=b"")) is Code.DOCUMENT_MALFORMED
    assert (await world.report(allowed, "12")).status == "PENDING_SIGNATURE"
    assert (await world.history(allowed))[-1] == "SIGNED"


async def test_a_callback_is_a_part_of_step_10_and_no_step_by_itself(world: World, allowed: str) -> None:
    await world.walk(allowed, until="9")
    for alone in (("10a",), ("10", "10a")):
        assert await refused(world.report(allowed, *alone, document=b"")) is Code.REQUEST_INVALID
    assert await refused(world.report(allowed, "10a", "10", caller="secure_vault")) is Code.CALLER_NOT_ALLOWED
    await world.report(allowed, "10a", "10")
    before = await _version(world)
    await world.report(allowed, "10a", "10")
    assert await _version(world) == before
    steps = [step.step for step in (await world.get(allowed)).steps]
    assert steps[-4:] == ["10a", "10", "10", "10"]
    await world.report(allowed, "11")


async def test_a_rejected_callback_ends_it_in_step_10(world: World, allowed: str) -> None:
    await world.walk(allowed, until="9")
    assert (await world.report(allowed, "10a", "10", outcome="CALLBACK_REJECTED")).ended
    assert (await world.get(allowed)).sub_status == "REJECTED_BY_USER"


async def test_all_three_cosigners_belong_to_step_10(world: World, allowed: str) -> None:
    await world.walk(allowed, until="9")
    two = [
        pb.Step(step="10", from_service="cosigner_engine", to_service=f"cosigner_{index}", operation="take_part")
        for index in (1, 2)
    ]
    request = pb.RecordStepRequest(tenant_id=TENANT, transaction_id=allowed, steps=two, outcome="OK")
    call = world.as_("cosigner_engine").RecordStep(request, metadata=acting(transaction_id=UUID(allowed)))
    assert await refused(call) is Code.REQUEST_INVALID


async def test_an_arrow_that_is_not_the_flows_is_refused(world: World, allowed: str) -> None:
    await world.walk(allowed, until="8")
    for step in (
        pb.Step(step="9", from_service="gateway", to_service="cosigner_engine", operation="open_ceremony"),
        pb.Step(step="9", from_service="secure_vault", to_service="nodes", operation="open_ceremony"),
        pb.Step(step="9", from_service="secure_vault", to_service="cosigner_engine", operation="sign"),
        pb.Step(step="14", from_service="nodes", to_service="blockchain", operation="confirm"),
        pb.Step(step="99"),
    ):
        request = pb.RecordStepRequest(tenant_id=TENANT, transaction_id=allowed, steps=[step], outcome="OK")
        call = world.as_("cosigner_engine").RecordStep(request, metadata=acting(transaction_id=UUID(allowed)))
        assert (step, await refused(call)) == (step, Code.REQUEST_INVALID)


async def test_an_unknown_transaction_and_another_tenants_are_the_same(world: World, allowed: str) -> None:
    for tenant_id, transaction_id in ((TENANT, str(uuid4())), ("other", allowed)):
        step = pb.Step(step="8", from_service="policy_engine", to_service="secure_vault", operation="admit")
        request = pb.RecordStepRequest(tenant_id=tenant_id, transaction_id=transaction_id, steps=[step], outcome="OK")
        call = world.as_("secure_vault").RecordStep(request, metadata=acting(transaction_id=UUID(transaction_id)))
        assert await refused(call) is Code.TRANSACTION_UNKNOWN
