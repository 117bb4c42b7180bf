"""Step 10a at the engine: what a co-signer reports of its callback handler is kept, and is no answer to an order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import CallbackAnswer, CallbackReport
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind
from tests.custody.cosigner_engine.scripted import Answer, Cosigner, entomb, once, refuse_with
from tests.custody.cosigner_engine.world import World

ASKED_AT_US = 1_900_000_000_000_000


def report_of(
    cosigner: Cosigner, order: pb.EngineOrder, /, *, kind: Kind = Kind.CALLBACK_REPORT, **changes: Any
) -> bytes:
    """What a co-signer signs about its handler; ``changes`` replace fields of it."""
    intent = decode(order.seek_consent.intent, Intent)
    fields: dict[str, Any] = {
        "transaction_id": intent.transaction_id,
        "intent_hash": intent.hash(),
        "digest": bytes(32),
        "cosigner": cosigner.index,
        "request_id": "5f0c5a3e-0000-4000-8000-000000000001",
        "answer": CallbackAnswer.APPROVE,
        "answer_hash": bytes(32),
        "asked_at_us": ASKED_AT_US,
        "duration_us": 1500,
        **changes,
    }
    return cosigner.sign(kind, CallbackReport(**fields).encode())


def reporting(then: Answer, *, times: int = 1, kind: Kind = Kind.CALLBACK_REPORT, **changes: Any) -> Answer:
    """The report first, then that answer."""

    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        document = report_of(cosigner, order, kind=kind, **changes)
        said = pb.CosignerReport(ceremony_id=order.ceremony_id, callback=document)
        return [*[said] * times, *then(cosigner, order)]

    return answer


async def invocations(world: World, transaction_id: str) -> Sequence[tuple[int, str, int]]:
    rows = await world.database.fetch(
        "select cosigner, answer, extract(epoch from occurred_at)::bigint as at from callback_invocations"
        " where transaction_id = $1 order by id",
        UUID(transaction_id),
    )
    return [(row["cosigner"], row["answer"], row["at"]) for row in rows]


def arrows(world: World, number: str) -> list[tuple[str, str, str, str]]:
    return [
        (step.step, step.from_service, step.to_service, step.outcome)
        for report in world.around.manager.reports
        if report.steps[-1].step == number
        for step in report.steps
    ]


async def test_an_approval_is_kept_and_stands_before_the_step_it_was_part_of(world: World) -> None:
    await world.connect()
    world.cosigners[3].answers["seek_consent"] = reporting(Cosigner.consent, times=3)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert await invocations(world, opening.transaction_id) == [(3, "APPROVE", ASKED_AT_US // 1_000_000)]
    assert arrows(world, "10") == [
        ("10a", "cosigner_3", "callback_handler", "OK"),
        *(("10", "cosigner_engine", f"cosigner_{index}", "OK") for index in (1, 2, 3)),
    ]
    (report,) = [one for one in world.around.manager.reports if one.steps[-1].step == "10"]
    assert (report.steps[0].started_at_us, report.steps[0].duration_us) == (ASKED_AT_US, 1500)


async def test_a_rejection_is_kept_with_the_end(world: World) -> None:
    await world.connect()
    world.cosigners[3].answers["seek_consent"] = reporting(entomb, answer=CallbackAnswer.REJECT)
    opening = await world.open()
    await world.until_idle()
    assert [answer for _, answer, _ in await invocations(world, opening.transaction_id)] == ["REJECT"]
    assert arrows(world, "10")[0] == ("10a", "cosigner_3", "callback_handler", "CALLBACK_REJECTED")


async def test_every_time_it_was_asked_is_kept(world: World) -> None:
    """No answer, then one: two rows under one id; without the answer there is no step 10a."""
    await world.connect()
    asked_again = reporting(Cosigner.consent, asked_at_us=ASKED_AT_US + 10_000_000)
    world.cosigners[3].answers["seek_consent"] = once(
        reporting(refuse_with("CALLBACK_UNANSWERED"), answer=CallbackAnswer.NONE, answer_hash=b"")
    )
    opening = await world.open()
    await world.until_event(opening.transaction_id, 3, "REFUSAL")
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert [answer for _, answer, _ in await invocations(world, opening.transaction_id)] == ["NONE"]
    assert [step for step, *_ in arrows(world, "10")] == ["10"] * 3
    world.cosigners[3].answers["seek_consent"] = asked_again
    second = await world.open()
    await world.until_status(second.transaction_id, "ASSEMBLED")
    assert [at for *_, at in await invocations(world, second.transaction_id)] == [ASKED_AT_US // 1_000_000 + 10]


async def test_the_handler_of_another_co_signer_is_no_step_of_the_flow(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["seek_consent"] = reporting(Cosigner.consent)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert [cosigner for cosigner, *_ in await invocations(world, opening.transaction_id)] == [1]
    assert [step for step, *_ in arrows(world, "10")] == ["10"] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"transaction_id": bytes(16)},
        {"cosigner": 1},
        {"request_id": ""},
        {"request_id": "x" * 65},
        {"asked_at_us": -1},
        {"duration_us": 1 << 60},
        {"kind": Kind.CONSENT},
    ],
    ids=str,
)
async def test_a_report_that_is_not_its_own_is_a_fault_of_it(world: World, changes: dict[str, Any]) -> None:
    await world.connect()
    world.cosigners[3].answers["seek_consent"] = once(reporting(Cosigner.consent, **changes))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert (3, "FAULT") in await world.events(opening.transaction_id)
    assert await invocations(world, opening.transaction_id) == []
