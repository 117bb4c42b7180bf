import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.chains.evm.fees import (
    BlockFees,
    FeeHistory,
    FeeLevel,
    Fees,
    decide_fees,
    limit_fees,
)

GWEI = 10**9
prices = st.integers(0, 2**60)
blocks = st.builds(
    BlockFees, used=st.booleans(), rewards=st.lists(prices, min_size=3, max_size=3).map(sorted).map(tuple)
)
histories = st.builds(
    FeeHistory, next_base_fee_per_gas=prices, blocks=st.lists(blocks, min_size=1, max_size=20).map(tuple)
)


def history(*rewards: int) -> FeeHistory:
    """Every reward is a used block's, at all three percentiles; two empty blocks pull nothing down."""
    used = tuple(BlockFees(used=True, rewards=(reward, 2 * reward, 4 * reward)) for reward in rewards)
    return FeeHistory(
        10 * GWEI, (*used, BlockFees(used=False, rewards=(0, 0, 0)), BlockFees(used=False, rewards=(0, 0, 0)))
    )


@pytest.mark.parametrize(
    ("level", "fee", "priority"),
    [(FeeLevel.LOW, 17 * GWEI, 2 * GWEI), (FeeLevel.MEDIUM, 24 * GWEI, 4 * GWEI), (FeeLevel.HIGH, 38 * GWEI, 8 * GWEI)],
)
def test_a_level_pays_its_percentile_and_covers_a_rising_base_fee(level: FeeLevel, fee: int, priority: int) -> None:
    decided = decide_fees(history(1 * GWEI, 2 * GWEI, 90 * GWEI), level=level)
    assert decided == Fees(max_fee_per_gas=fee, max_priority_fee_per_gas=priority)


def test_an_idle_chain_gets_the_least_priority_fee() -> None:
    assert decide_fees(history(), level=FeeLevel.LOW).max_priority_fee_per_gas == 1_000_000


@given(histories)
def test_a_higher_level_never_offers_less(seen: FeeHistory) -> None:
    low, medium, high = (decide_fees(seen, level=level) for level in FeeLevel)
    assert low.max_fee_per_gas <= medium.max_fee_per_gas <= high.max_fee_per_gas
    assert low.max_priority_fee_per_gas <= medium.max_priority_fee_per_gas <= high.max_priority_fee_per_gas
    assert low.max_fee_per_gas >= seen.next_base_fee_per_gas + low.max_priority_fee_per_gas


@given(histories, st.sampled_from(FeeLevel), st.integers(0, 2**80))
def test_a_limited_offer_stays_within_its_ceiling_or_waits(seen: FeeHistory, level: FeeLevel, ceiling: int) -> None:
    base = seen.next_base_fee_per_gas
    fees = decide_fees(seen, level=level)
    limited = limit_fees(fees, ceiling_units=ceiling, gas_limit=21_000, next_base_fee_per_gas=base)
    if limited is None:
        assert ceiling < 21_000 * (base + 1)
    else:
        assert 21_000 * limited.max_fee_per_gas <= ceiling
        assert base < limited.max_fee_per_gas <= fees.max_fee_per_gas
        assert limited.max_priority_fee_per_gas <= limited.max_fee_per_gas
    if ceiling >= 21_000 * fees.max_fee_per_gas:
        assert limited == fees
