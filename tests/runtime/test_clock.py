import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.runtime.entropy import SeededEntropy, SystemEntropy


async def test_the_system_clock_is_aware_and_moves() -> None:
    clock = SystemClock()
    before, began_s = clock.now(), clock.monotonic_s()
    await clock.sleep(0.01)
    assert before.utcoffset() == timedelta(0)
    assert clock.now() > before
    assert clock.monotonic_s() - began_s >= 0.009


async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock = ManualClock()
    woken: list[str] = []

    async def sleeper(name: str, seconds_s: float) -> None:
        await clock.sleep(seconds_s)
        woken.append(name)

    tasks = [asyncio.create_task(sleeper(name, s)) for name, s in (("late", 20), ("early", 5), ("soon", 5))]
    gone = asyncio.create_task(sleeper("gone", 5))
    await asyncio.sleep(0)
    gone.cancel()
    clock.advance(4.9)
    await asyncio.sleep(0)
    assert woken == []
    clock.advance(0.1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken == ["early", "soon"]
    clock.advance(100)
    await asyncio.gather(*tasks)
    assert woken == ["early", "soon", "late"]


async def test_no_sleep_at_all_still_lets_others_run() -> None:
    clock = ManualClock()
    ran = asyncio.create_task(clock.sleep(-1))
    await clock.sleep(0)
    await ran
    assert clock.monotonic_s() == 0


def test_the_manual_clock_moves_both_its_hands() -> None:
    clock = ManualClock(datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    clock.advance(90)
    assert clock.now() == datetime(2030, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic_s() == 90


def test_time_without_a_zone_or_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2030, 1, 1))  # noqa: DTZ001 - that is what is refused
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)


def test_seeded_entropy_repeats_itself_and_differs_by_seed() -> None:
    def drawn(seed: str) -> tuple[bytes, bytes, str]:
        entropy = SeededEntropy(seed)
        return entropy.token(5), entropy.token(100), str(entropy.uuid4())

    assert drawn("a") == drawn("a")
    assert not set(drawn("a")) & set(drawn("b"))
    assert [len(part) for part in drawn("a")] == [5, 100, 36]


def test_system_entropy_does_not_repeat_itself() -> None:
    entropy = SystemEntropy()
    assert len({entropy.token(16) for _ in range(50)} | {entropy.uuid4() for _ in range(50)}) == 100
    assert entropy.uuid4().version == 4
