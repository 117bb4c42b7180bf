import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Figure, Load, Spread, Target, middle, percentile

SAMPLES = st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=50)


def load(*, p50: float, per_second: float, in_flight: int = 1) -> Load:
    return Load(
        in_flight=in_flight,
        latency_ms=Spread(count=10, p50=p50, p95=p50 * 2, p99=p50 * 3),
        per_second=per_second,
    )


@pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (25, 1.75), (50, 2.5), (95, 3.85), (100, 4.0)])
def test_a_percentile_lies_between_its_neighbours_in_proportion(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == pytest.approx(value)


@given(samples=SAMPLES, percent=st.floats(min_value=0, max_value=100))
def test_a_percentile_never_leaves_the_samples(samples: list[float], percent: float) -> None:
    value = percentile(samples, percent)
    assert (
        min(samples) <= value <= max(samples)
        or value == pytest.approx(min(samples))
        or value == pytest.approx(max(samples))
    )


@pytest.mark.parametrize(("samples", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_a_percentile_of_nothing_or_outside_the_scale_is_refused(samples: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, percent)


def test_a_spread_counts_and_orders() -> None:
    spread = Spread.of([float(number) for number in range(101)])
    assert (spread.count, spread.p50, spread.p95, spread.p99) == (101, 50, 95, 99)


def test_the_middle_of_two_runs_is_halfway_and_counts_both() -> None:
    both = middle((load(p50=10, per_second=100), load(p50=20, per_second=60)))
    assert (both.latency_ms.p50, both.latency_ms.p95, both.per_second) == (15, 30, 80)
    assert both.latency_ms.count == 20


def test_runs_of_different_loads_have_no_middle() -> None:
    with pytest.raises(ValueError, match="different loads"):
        middle((load(p50=1, per_second=1), load(p50=1, per_second=1, in_flight=8)))


@pytest.mark.parametrize(
    ("at_most", "value", "met"),
    [(True, 2.9, True), (True, 3.0, True), (True, 3.1, False), (False, 2.9, False), (False, 3.0, True)],
)
def test_a_target_is_met_on_its_own_side_and_at_the_bound(*, at_most: bool, value: float, met: bool) -> None:
    target = Target(bound=3, at_most=at_most)
    assert Figure(group="", name="", value=value, unit="", target=target).is_met is met


def test_nothing_is_met_without_a_target_or_without_a_value() -> None:
    assert Figure(group="", name="", value=1, unit="").is_met is None
    assert Figure(group="", name="", value=None, unit="", target=Target(bound=1, at_most=True)).is_met is None
