"""Token buckets: a burst, then a steady rate, for each caller separately."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.access import rates
from oms_ledger.access.rates import TokenBuckets


@given(
    st.floats(0.5, 50),
    st.integers(1, 50),
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_no_caller_exceeds_burst_and_rate(
    per_second: float, burst: int, pauses: list[float]
) -> None:
    """And after the wait that was returned the next request is allowed."""
    buckets, now, allowed = TokenBuckets(per_second, burst), 0.0, 0
    for pause in pauses:
        now += pause
        before = buckets.wait("a", now)
        wait = buckets.take("a", now)
        assert wait == before
        allowed += wait == 0
        assert allowed <= burst + now * per_second + 1e-6
        assert wait == 0 or buckets.wait("a", now + wait + 1e-6) == 0


def test_callers_do_not_pay_for_each_other() -> None:
    buckets = TokenBuckets(1, 1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0) == 1
    assert buckets.take("b", 0) == 0


def test_nought_is_no_limit() -> None:
    buckets = TokenBuckets(0, 1)
    assert not any(buckets.take("a", 0) or buckets.wait("a", 0) for _ in range(100))


def test_the_number_of_buckets_is_bounded() -> None:
    """Those that were used last are kept, and a name of any length takes a bounded memory."""
    buckets = TokenBuckets(0.001, 2)
    for n in range(3 * rates.CALLERS_MAX):
        assert buckets.take(f"{n}{'x' * 300}", n / 100) == 0
        buckets.take("often", n / 100)
    assert len(buckets._buckets) <= rates.CALLERS_MAX
    assert max(map(len, buckets._buckets)) <= rates.NAME_CHARACTERS_MAX
    assert buckets.wait("often", n / 100) > 0
