"""Values as plain JSON: times as RFC 3339 text, personal values in clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import cast

from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Json, Recorded


def rfc3339(at: datetime) -> str:
    """UTC with a `Z`, whatever zone the value is in."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plain(value: object) -> Json:
    """A dataclass of the domain, or anything in it, as JSON."""
    if isinstance(value, Personal):
        return value.personal
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return cast(Json, value)


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
