"""Token buckets: how much each caller may send, whatever the others do."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.runtime.rate import TokenBuckets

PER_S, BURST = 3, 10
_pauses = st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=60)


@given(pauses=_pauses)
def test_who_asks_before_it_sends_gets_the_burst_and_what_flows_in_and_no_more(pauses: list[int]) -> None:
    buckets, now_s, sent = TokenBuckets(per_s=PER_S, burst=BURST), 0, 0
    for pause_s in pauses:
        now_s += pause_s
        while not buckets.look("a", now_s=now_s).retry_after_s:
            buckets.take("a", now_s=now_s)
            sent += 1
        assert sent <= BURST + PER_S * now_s
        wait_s = buckets.look("a", now_s=now_s).retry_after_s
        assert not buckets.look("a", now_s=now_s + wait_s).retry_after_s
    assert buckets.look("b", now_s=now_s).remaining == BURST


@given(pauses=_pauses, amount=st.integers(min_value=1, max_value=2 * BURST))
def test_what_was_sent_beyond_the_bucket_is_waited_for(pauses: list[int], amount: int) -> None:
    buckets, now_s, sent = TokenBuckets(per_s=PER_S, burst=BURST, debt=2 * BURST), 0, 0
    for pause_s in pauses:
        now_s += pause_s
        if not buckets.look("a", now_s=now_s).retry_after_s:
            left = buckets.take("a", now_s=now_s, amount=amount)
            sent += amount
            assert left.remaining >= 0
        assert sent <= BURST + amount + PER_S * now_s


def test_nobody_waits_longer_than_for_the_debt() -> None:
    buckets = TokenBuckets(per_s=PER_S, burst=BURST, debt=2)
    assert buckets.take("a", now_s=0, amount=10**12).retry_after_s == 1
    assert buckets.look("a", now_s=1).remaining == 1
