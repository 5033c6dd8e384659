"""Time zones: which day a time is on, and when a day begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, WrapValidator
from pydantic_core import CoreSchema

from oms_ledger.domain.times import EARLIEST, LATEST, OUT_OF_BOUNDS
from oms_projections.values import Moment, day_alone

UTC_NAME = "UTC"


@cache
def zone_names() -> frozenset[str]:
    """Names of zones as `Area/Place`, and UTC. Old names such as `EST` are not in every database
    of zones."""
    return frozenset(name for name in available_timezones() if "/" in name) | {UTC_NAME}


def _existing(name: str) -> str:
    if name not in zone_names():
        raise ValueError("There is no such time zone. Write an IANA name, such as Europe/Berlin.")
    return name


Zone = Annotated[
    str,
    AfterValidator(_existing),
    Field(
        max_length=64,
        description="The time zone of days, weeks and months: an IANA name, such as Europe/Berlin.",
    ),
]


def _day_or_time(value: object, then: Callable[[object], date]) -> date:
    day = day_alone(value)
    if day is None:
        return then(value)
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError(OUT_OF_BOUNDS)
    return day


class _DayOrTime:
    """Validates a `Moment`, but keeps a day alone as the date that it is."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler.generate_schema(Annotated[Moment, WrapValidator(_day_or_time)])


DayOrTime: TypeAlias = Annotated[date, _DayOrTime()]
"""A bound of a period: a time (`datetime`), or a day alone, which is one of a zone's."""


def period_start(bound: date | None, zone: str) -> datetime | None:
    """The inclusive start of a period: of a day alone its beginning in the zone."""
    return bound if bound is None or isinstance(bound, datetime) else _begins(bound, zone)


def period_end(bound: date | None, zone: str) -> datetime | None:
    """The exclusive end of a period: of a day alone the beginning of the next in the zone."""
    if bound is None or isinstance(bound, datetime):
        return bound
    return _begins(bound + timedelta(days=1), zone)


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
