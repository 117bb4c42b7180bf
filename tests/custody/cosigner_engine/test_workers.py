"""Two workers on one row, a worker that stands still until its lease is over, and restarts around a release."""

import asyncio

import pytest

from tests.custody.cosigner_engine.scripted import Cosigner, once, refuse_with, silent
from tests.custody.cosigner_engine.world import MakeWorld, Neighbours, World


async def dial(world: World, cosigners: dict[int, Cosigner]) -> None:
    """The same co-signers, with what they have finished, at another engine."""
    for index, before in cosigners.items():
        made = world.cosigner(index)
        made.finished.update(before.finished)
        await made.connect()
    await world.until(lambda: world.are_connected(1, 2, 3))


async def test_a_row_whose_worker_stood_still_is_taken_and_its_late_result_stores_nothing(
    make_world: MakeWorld,
) -> None:
    """The first process is stopped amid the ceremony for longer than its lease; the second signs; the first wakes."""
    around = Neighbours()
    first = await make_world(around, round_timeout_s=30, consent_timeout_s=30)
    await first.connect()
    held: list[object] = []
    first.cosigners[2].answers["start_ceremony"] = lambda _cosigner, order: held.append(order) or []
    opening = await first.open()

    async def amid() -> bool:
        return bool(held)

    await first.until(amid)
    await first.database.fetch("update work set lease_until = now() - interval '1 second' where finished_at is null")
    second = await make_world(around, worker_id="second")
    await dial(second, first.cosigners)
    await second.until_status(opening.transaction_id, "ASSEMBLED")
    assert len(around.vault.assembled) == 1
    for cosigner in first.cosigners.values():
        await cosigner.leave()
    await second.until_idle()
    assert len(around.vault.assembled) == 1
    assert await second.status(opening.transaction_id) == "ASSEMBLED"


async def test_two_processes_share_closings_and_report_each_once_or_alike(make_world: MakeWorld) -> None:
    """Only one of them has the streams: the other gives its rows back until that one takes them."""
    around = Neighbours()
    alone = await make_world(around)
    connected = await make_world(around, worker_id="second")
    openings = [alone.opening() for _ in range(4)]
    await asyncio.gather(*(alone.close(opening) for opening in openings))
    await connected.connect()
    await connected.until_idle()
    reported = {report.transaction_id for report in around.manager.closes}
    assert reported == {opening.transaction_id for opening in openings}
    assert {len(report.tombstones) for report in around.manager.closes} == {3}


@pytest.mark.parametrize("name", ["seek_consent", "start_ceremony", "peer_message"])
async def test_an_engine_that_is_restarted_in_any_phase_signs_one_digest_once(make_world: MakeWorld, name: str) -> None:
    around = Neighbours()
    first = await make_world(around, round_timeout_s=30, consent_timeout_s=30)
    await first.connect()
    first.cosigners[3].answers[name] = silent
    opening = await first.open()

    async def reached() -> bool:
        return name in first.cosigners[3].names()

    await first.until(reached)
    await first.stop()
    second = await make_world(around)
    await dial(second, first.cosigners)
    await second.until_status(opening.transaction_id, "ASSEMBLED")
    assert len({one.signature for one in around.vault.assembled}) == 1


async def test_an_engine_that_dies_before_it_asks_for_a_new_attempt_asks_for_it(make_world: MakeWorld) -> None:
    around = Neighbours()
    first = await make_world(around, retry_s=5.0, retry_max_s=5.0)
    await first.connect()
    first.cosigners[1].answers["seek_consent"] = once(refuse_with("APPROVALS_MISSING"))
    opening = first.opening(attempt=1)
    await first.open(opening)
    await first.until_status(opening.transaction_id, "SUPERSEDED")
    await first.stop()
    assert "ATTEMPT_OUTDATED" not in {report.outcome for report in around.manager.reports}
    await first.database.fetch("update work set due_at = now() where finished_at is null")
    second = await make_world(around)
    await second.until_idle()
    assert around.manager.report("10").outcome == "ATTEMPT_OUTDATED"
