"""An event as the feed shows it: the same shape wherever events are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from oms_ledger.kernel import Json, Recorded
from oms_projections.values import rfc3339


def feed_item(r: Recorded) -> dict[str, Json]:
    """Position, stream, who, when, why and the event's own data, personal values in clear."""
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
        "data": cast(dict[str, Json], revealed_json(msgspec.to_builtins(r.event))),
    }
    if r.meta.occurred_at is not None:
        item["occurred_at"] = rfc3339(r.meta.occurred_at)
    return item


def revealed_json(value: object) -> Json:
    """A JSON document with each stored personal value, `{"personal": "..."}`, in clear."""
    if isinstance(value, Mapping):
        if value.keys() == {"personal"}:
            return cast(Json, value["personal"])
        return {key: revealed_json(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [revealed_json(v) for v in value]
    return cast(Json, value)
