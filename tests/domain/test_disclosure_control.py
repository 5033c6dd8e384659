"""Small counts are hidden, and so is what they could be worked out from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.disclosure_control import suppress


@pytest.mark.parametrize(
    ("counts", "hides"),
    [
        ([], ""),
        ([0, 0], ".."),
        ([0, 11, 40], "..."),
        ([3], "x"),
        ([3, 0], "x."),
        ([10, 11, 40], "xx."),  # alone, 10 would be the total less the rest
        ([2, 3, 40], "xxx"),  # 5 in all are too few as well
        ([5, 6, 40], "xx."),
        ([1, 12, 11, 0], "x.x."),
    ],
)
def test_of_eleven(counts: list[int], hides: str) -> None:
    assert suppress(counts, 11) == [mark == "x" for mark in hides]


counts = st.lists(st.integers(0, 30), max_size=8)


@given(counts, st.integers(1, 15))
def test_no_small_count_can_be_read_or_worked_out(given_: list[int], least: int) -> None:
    """The total reveals only the sum of the hidden cells: two or more cells, with enough orders."""
    hide = suppress(given_, least)
    secret = [n for n, hides in zip(given_, hide, strict=True) if hides]
    open_ = [n for n, hides in zip(given_, hide, strict=True) if not hides]
    assert all(n == 0 or n >= least for n in open_)
    if secret and any(open_):
        assert len(secret) > 1
        assert sum(secret) >= least
    if all(n == 0 or n >= least for n in given_):
        assert not secret, "what harms nobody is told"
