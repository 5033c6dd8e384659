"""Days, weeks and months of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from oms_ledger.domain.orders.events import UnitsDelivered
from oms_ledger.domain.orders.lines import LineQuantity
from oms_projections.zones import zone_names
from tests.databases import Database
from tests.projections.conftest import Fill
from tests.projections.shipping_analytics.test_queries import (
    HOUR,
    dated,
    order,
)

DAY = 24 * HOUR
FIRST = "Pacific/Kiritimati"
"""14 hours ahead of UTC."""


def test_days_are_those_of_the_time_zone(fill: Fill) -> None:
    """Placed at 21:30 and 22:30 UTC, which is before and after midnight in Berlin."""
    at = datetime(2026, 6, 9, 21, 30, tzinfo=UTC)
    query = fill(dated(*((order(f"o{n}", 1, at + n * HOUR), at + n * HOUR) for n in (0, 1))))

    def days(**params: str) -> list[tuple[str, int]]:
        rows = query("shipping_performance", **params)["rows"]
        return [(row["group"], row["orders"]) for row in rows]

    assert days() == [("2026-06-09", 2)]
    assert days(tz="Europe/Berlin") == [("2026-06-09", 1), ("2026-06-10", 1)]
    assert days(tz="Europe/Berlin", to="2026-06-09") == [("2026-06-09", 1)]
    assert days(tz="Europe/Berlin", **{"from": "2026-06-10"}) == [("2026-06-10", 1)]
    assert days(tz="Europe/Berlin", **{"from": "2026-06-09T22:00:00Z"}) == [("2026-06-10", 1)]
    assert days(tz="Asia/Tokyo", group_by="week") == [("2026-W24", 2)]
    for unknown in ("Berlin", "europe/berlin", "EST5EDT", "../etc/passwd", ""):
        with pytest.raises(ValidationError, match="Europe/Berlin"):
            days(tz=unknown)


@pytest.mark.parametrize("sort", ["-placed_at", "placed_at", "number"])
def test_days_of_lists_are_those_of_the_time_zone(fill: Fill, sort: str) -> None:
    """Placed at 21:30 and 22:30 UTC, delivered three days later; changed just now."""
    at = datetime(2026, 6, 9, 21, 30, tzinfo=UTC)
    times = {"early": at, "late": at + HOUR}
    listed = fill(
        dated(
            *((order(each, 1, when), when) for each, when in times.items()),
            *(
                (UnitsDelivered(each, "s", (LineQuantity("1", 1),)), when + 3 * DAY)
                for each, when in times.items()
            ),
        )
    )

    def orders(**params: str) -> set[str]:
        items = listed("list_orders", sort=sort, **params)["items"]
        return {item["order_id"] for item in items}

    berlin, days = {"tz": "Europe/Berlin"}, ("2026-06-09", "2026-06-10")
    assert orders(placed_to=days[0]) == {"early", "late"}
    assert orders(placed_from=days[0], placed_to=days[0], **berlin) == {"early"}
    assert orders(placed_from=days[1], placed_to=days[1], **berlin) == {"late"}
    assert orders(placed_from="2026-06-09T22:00:00Z", **berlin) == {"late"}  # a time needs no zone
    then = ("2026-06-12", "2026-06-13")
    assert orders(delivered_from=then[1]) == set()
    assert orders(delivered_from=then[0], delivered_to=then[0], **berlin) == {"early"}
    assert orders(delivered_from=then[1], delivered_to=then[1], **berlin) == {"late"}
    (item, _) = listed("list_orders", sort=sort)["items"]
    changed = datetime.fromisoformat(str(item["updated_at"])).astimezone(ZoneInfo(FIRST))
    today, before = changed.date().isoformat(), (changed - DAY).date().isoformat()
    first = {"tz": FIRST}
    assert orders(updated_from=today, updated_to=today, **first) == {"early", "late"}
    assert orders(updated_from=before, updated_to=before, **first) == set()
    counted = listed("list_orders", sort=sort, count="true", placed_from=days[1], **berlin)
    assert counted["count"] == 1
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        orders(tz="Berlin")


def test_a_day_of_the_first_zone_is_no_error_at_the_bounds(fill: Fill) -> None:
    at = datetime(2026, 6, 9, tzinfo=UTC)
    listed = fill(dated((order("o", 1, at), at)))
    for zone in (FIRST, "Pacific/Niue"):
        for day in ("1900-01-01", "2299-12-31"):
            assert listed("list_orders", tz=zone, placed_from=day, placed_to=day)["items"] == []
            changed = listed("list_orders", tz=zone, sort="-updated_at", updated_to=day)["items"]
            assert len(changed) == (day == "2299-12-31")


def test_postgresql_knows_every_zone(postgres: Database) -> None:
    with postgres.connect_owner() as owner:
        zones = {name for (name,) in owner.execute("SELECT name FROM pg_timezone_names")}
    assert zone_names() <= zones
    assert len(zone_names()) > 400
