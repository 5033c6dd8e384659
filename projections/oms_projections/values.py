"""How values of rows are read and written in answers: times, money, columns of a known type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias, TypeVar, cast

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.personal import personal_values
from oms_ledger.domain.prepared_text import PART_MARK, personal_part
from oms_ledger.domain.times import bounded, moment, not_a_number
from oms_ledger.kernel import Json

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

Within: TypeAlias = SkipJsonSchema[tuple[str, ...] | None]
"""Keys of the channels whose orders alone may be shown; None: of all. No parameter of the API."""

WITHIN = "within"
"""The parameter of the type `Within`, as `Query.within_channels`."""


def maybe_time(row: Mapping[str, object], column: str) -> str | None:
    at = row[column]
    return rfc3339(at) if isinstance(at, datetime) else None


def maybe_money(minor: int | None, currency: str | None) -> str | None:
    return None if minor is None or currency is None else to_text(minor, currency)


def column(row: Mapping[str, object], name: str, kind: type[T]) -> T:
    """A column of the type it is known to have; TypeError where a statement returns another."""
    value = row[name]
    if not isinstance(value, kind):
        raise TypeError(f"column {name} is {type(value).__name__}, not {kind.__name__}")
    return value


def maybe(row: Mapping[str, object], name: str, kind: type[T]) -> T | None:
    return None if row[name] is None else column(row, name, kind)


def is_of(channel: str | None, channels: tuple[str, ...] | None) -> bool:
    """Whether it is one of these channels, by their keys. `channels` is None: of all; `channel` is
    None: of no channel."""
    return channels is None or (channel is not None and channel_key(channel) in channels)


def text_of(body: Json) -> str:
    """An answer, or a part of one, as JSON text."""
    return _encode(body).decode()


def prepared_person(person: object) -> Json:
    """A person or an address, for `text_of`, with marks around the personal texts."""
    shown = plain(person)
    for name, value in personal_values(person):
        part = personal_part(name, text_of(value.personal))
        cast("dict[str, object]", shown)[name] = msgspec.Raw(part.encode())
    return shown


def replaceable(part: Json) -> Json:
    """A part of an answer, for `text_of`, with marks around it."""
    return cast(Json, msgspec.Raw(f"{PART_MARK}{text_of(part)}{PART_MARK}".encode()))


def now() -> datetime:
    """The edge's clock: what `late` is judged by when the asker names no time."""
    return datetime.now(UTC)


def day_alone(value: object) -> date | None:
    """The day, where only a day was given; None otherwise."""
    if isinstance(value, str) and len(value) == len("2010-12-01"):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _happened_by(value: object) -> object:
    """A time as `as_of` takes it. A position would be taken for seconds since 1970."""
    if not isinstance(value, str):
        return value
    at = moment(value, "happened_by")
    if isinstance(at, int):
        raise invalid_field("happened_by", "Things happen at times. Write 2010-12-01T08:26:00Z.")
    return at


Moment = Annotated[datetime, AfterValidator(bounded), BeforeValidator(not_a_number)]
"""A time; UTC where no zone is given."""


def _separated(value: object) -> object:
    """The values of a text with commas between."""
    if not isinstance(value, str):
        return value
    return tuple(part for each in value.split(",") if (part := each.strip())) or None


Several: TypeAlias = Annotated[
    tuple[T, ...] | None,
    BeforeValidator(_separated),
    Field(description="One, or several with commas between."),
]
"""A filter that takes any of several values."""
HappenedBy = Annotated[
    Moment | None,
    BeforeValidator(_happened_by),
    Field(
        description="Of what is known, only what had happened by this time: by its own date where"
        " it has one (a carrier's scan, an import), else by when it was recorded. A day alone is"
        " meant whole."
    ),
]
