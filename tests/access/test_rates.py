"""TokenBuckets: a burst, then a steady rate, each caller by themselves."""

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
def test_nobody_asks_more_than_burst_and_rate_allow(
    per_second: float, burst: int, pauses: list[float]
) -> None:
    """And whoever is told to wait so long may then ask."""
    buckets, now, asked = TokenBuckets(per_second, burst), 0.0, 0
    for pause in pauses:
        now += pause
        before = buckets.wait("a", now)
        wait = buckets.take("a", now)
        assert wait == before
        asked += wait == 0
        assert asked <= burst + now * per_second + 1e-6
        assert wait == 0 or buckets.wait("a", now + wait + 1e-6) == 0


def test_callers_do_not_pay_for_each_other() -> None:
    buckets = TokenBuckets(1, 1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0) == 1
    assert buckets.take("b", 0) == 0


def test_nought_is_no_limit() -> None:
    buckets = TokenBuckets(0, 1)
    assert not any(buckets.take("a", 0) or buckets.wait("a", 0) for _ in range(100))


def test_only_so_many_are_remembered() -> None:
    """Those who wait are remembered before those who do not."""
    buckets = TokenBuckets(1, 2)
    for n in range(3 * rates.CALLERS_MAX):
        assert buckets.take(str(n), n / 100) == 0
    assert len(buckets._buckets) <= rates.CALLERS_MAX
