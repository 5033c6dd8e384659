"""Positions and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.times import moment


def test_a_moment_is_a_position_or_a_time() -> None:
    assert moment("0") == 0
    assert moment("1234") == 1234
    half_past_eight = datetime(2010, 12, 1, 8, 30, tzinfo=UTC)
    for text in ("2010-12-01T08:30:00Z", "2010-12-01T08:30", "2010-12-01T10:30:00+02:00"):
        assert moment(text) == half_past_eight


def test_a_day_alone_is_meant_whole() -> None:
    assert moment("2010-12-31") == datetime(2010, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "-1",
        "1.5",
        "9" * 19,
        "9" * 5000,
        "\u0661",
        "2010-12-01T08:30:00 02:00",
        "9999-12-31T23:59:59-10:00",
        "2010-13-01",
    ],
)
def test_anything_else_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(Invalid, match="neither a position nor a time") as refused:
        moment(text, "until")
    assert refused.value.errors[0]["field"] == "until"
