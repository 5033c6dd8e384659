"""Days, weeks and months of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from oms_projections.zones import zone_names
from tests.databases import Database
from tests.projections.conftest import Fill
from tests.projections.shipping_analytics.test_queries import (
    HOUR,
    dated,
    order,
)


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


def test_postgresql_knows_every_zone(postgres: Database) -> None:
    with postgres.connect_owner() as owner:
        zones = {name for (name,) in owner.execute("SELECT name FROM pg_timezone_names")}
    assert zone_names() <= zones
    assert len(zone_names()) > 400
