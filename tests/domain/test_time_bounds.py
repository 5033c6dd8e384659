"""Every time that comes in from outside is a time, and one that can be reckoned with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from oms_commands import COMMANDS
from oms_ledger.domain.times import EARLIEST, LATEST, bounded, not_a_number
from oms_projections import QUERIES

IMPOSSIBLE = [
    "0001-01-01T00:00:00+01:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z",
    "9999-12-31T23:59:59-10:00",
    "1899-12-31T23:59:59Z",
    "0001-01-01",
    "1899-12-31",
    "9999-12-31",
    "2300-01-01T00:00:01Z",
    "20261126",
    " 1795000000.5 ",
    20261126,
    1795000000.5,
    "-62135596801",
]


def is_time(hint: object) -> bool:
    return hint in (date, datetime, AwareDatetime) or any(is_time(each) for each in get_args(hint))


def time_fields() -> Iterator[tuple[str, type, str]]:
    kinds: list[tuple[str, Any]] = [*COMMANDS.items(), *((q.name, q.params) for q in QUERIES)]
    for name, kind in kinds:
        hints = get_type_hints(kind, include_extras=True)
        for each in fields(kind):
            if is_time(hints[each.name]):
                yield f"{name}.{each.name}", kind, each.name


TIMES = list(time_fields())


def test_there_are_times_in_commands_and_in_queries() -> None:
    assert {
        "PlaceOrder.placed_at",
        "list_orders.placed_from",
        "list_shipments.dispatched_to",
        "order_figures.to",
        "shipping_performance.from_",
    } <= {name for name, _, _ in TIMES}


@pytest.mark.parametrize(("kind", "field"), [t[1:] for t in TIMES], ids=[t[0] for t in TIMES])
def test_an_impossible_time_is_refused_by_its_field(kind: type, field: str) -> None:
    adapter = TypeAdapter(get_type_hints(kind, include_extras=True)[field])
    for value in IMPOSSIBLE:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  # of the field, or of the ledger
            adapter.validate_python(value)
        assert (
            isinstance(refusal.value, ValidationError) or type(refusal.value).__name__ == "Invalid"
        )
    assert adapter.validate_python("2026-11-26T10:00:00+02:00") == datetime(
        2026, 11, 26, 8, tzinfo=UTC
    )


def test_the_bounds_themselves_are_times() -> None:
    assert bounded(EARLIEST) == EARLIEST
    assert bounded(LATEST) == LATEST
    for beyond in (EARLIEST - timedelta(microseconds=1), LATEST + timedelta(microseconds=1)):
        with pytest.raises(ValueError, match="from the years 1900 to 2299"):
            bounded(beyond)
    with pytest.raises(ValueError, match="from the years 1900 to 2299"):
        bounded(datetime.max.replace(tzinfo=timezone(-timedelta(hours=10))))
    assert bounded(datetime(2026, 1, 1)).tzinfo is UTC  # noqa: DTZ001  # no zone means UTC


def test_a_number_is_no_time() -> None:
    with pytest.raises(ValueError, match="not a number"):
        not_a_number("20261126")
    assert not_a_number("2026-11-26") == "2026-11-26"
