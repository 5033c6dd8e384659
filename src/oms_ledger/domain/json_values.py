"""Values as plain JSON: times as RFC 3339 text, personal values in clear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Json, Recorded, field_names


@lru_cache(4096)  # an answer has the same times several times, and so have those after it
def rfc3339(at: datetime) -> str:
    """UTC with a `Z`, whatever zone the value is in."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{utc.isoformat()[:-6]}Z"


def plain(value: object) -> Json:
    """A record or dataclass of the domain, or anything in it, as JSON."""
    kind = type(value)
    if kind is str or value is None:
        return cast(Json, value)
    if kind is Personal:
        return cast(Personal, value).personal
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if names := field_names(kind):
        return _plain_fields(value, names)
    return cast(Json, value)


def _plain_fields(value: object, names: tuple[str, ...]) -> dict[str, Json]:
    """A record or dataclass as JSON. Texts, most of what there is, are taken here: a call for each
    would take longer than the rest."""
    plain_fields: dict[str, Json] = {}
    for name in names:
        inner = getattr(value, name)
        plain_fields[name] = inner if type(inner) is str or inner is None else plain(inner)
    return plain_fields


def plain_values(values: Mapping[str, object]) -> dict[str, Json]:
    """Named values, such as those of a named tuple, as JSON."""
    return {name: plain(value) for name, value in values.items()}


def revealed_json(value: object) -> Json:
    """A stored JSON document with each personal value in it, `{"personal": "..."}`, in clear."""
    if isinstance(value, Mapping):
        if value.keys() == {"personal"}:
            return cast(Json, value["personal"])
        return {key: revealed_json(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [revealed_json(v) for v in value]
    return cast(Json, value)


def feed_item(r: Recorded) -> dict[str, Json]:
    """An event as the feed shows it, and everybody else who shows events: position, stream, who,
    when, why, and its own data."""
    item: dict[str, Json] = {
        "position": r.position,
        "stream": r.stream,
        "version": r.version,
        "type": type(r.event).type,
        "recorded_at": rfc3339(r.meta.recorded_at),
        "actor": r.meta.actor,
        "command": r.meta.command,
        "command_id": r.meta.command_id,
        "correlation_id": r.meta.correlation_id,
        "causation_id": r.meta.causation_id,
        "data": plain(r.event),
    }
    if r.meta.occurred_at is not None:
        item["occurred_at"] = rfc3339(r.meta.occurred_at)
    return item
