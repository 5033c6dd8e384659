"""Encodes and decodes events and states; every event passes here.

The stored form is JSON: `{"meta": {...}, "data": {...}}`. `data` has the event's fields, `meta` its
time, actor and command; a correlation or causation id that is the command's own id is left out. The
stored name of the event is the `topic` column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec

from oms_ledger.domain.registry import EVENTS, STATES
from oms_ledger.engine.log.upcasts import upcast
from oms_ledger.kernel import Event, Meta, Recorded, State

E = TypeVar("E")


class _Meta(msgspec.Struct, omit_defaults=True, frozen=True):
    at: datetime
    actor: str
    command: str
    id: str
    correlation: str | None = None
    causation: str | None = None
    occurred_at: datetime | None = None


class _Stored(msgspec.Struct, Generic[E], frozen=True):
    meta: msgspec.Raw
    data: E


META_CACHE_SIZE = 32
"""Number of commands whose decoded meta is cached."""

_encode = msgspec.json.Encoder().encode
_decode_meta = msgspec.json.Decoder(_Meta).decode
_DECODE: Mapping[str, Callable[[bytes], _Stored[Event]]] = {
    name: msgspec.json.Decoder(_Stored[event]).decode  # type: ignore[valid-type]  # made at run time
    for name, event in EVENTS.items()
}


def encode_meta(meta: Meta) -> bytes:
    own = meta.command_id
    return _encode(
        _Meta(
            meta.recorded_at,
            meta.actor,
            meta.command,
            own,
            None if meta.correlation_id == own else meta.correlation_id,
            None if meta.causation_id == own else meta.causation_id,
            meta.occurred_at,
        )
    )


def encode_with(meta: bytes, event: Event) -> bytes:
    """Like `encode`, for several events that share one already encoded meta."""
    return b'{"meta":' + meta + b',"data":' + _encode(event) + b"}"


def encode(event: Event, meta: Meta) -> bytes:
    return encode_with(encode_meta(meta), event)


def decode(topic: str, state: bytes) -> tuple[Event, Meta]:
    """The event and its meta. `msgspec.ValidationError` where the bytes are not such an event,
    `KeyError` for a name that no version of the ledger ever wrote."""
    topic, state = upcast(topic, state)
    stored = _DECODE[topic](state)
    return stored.data, _meta(bytes(stored.meta))


@lru_cache(META_CACHE_SIZE)
def _meta(stored: bytes) -> Meta:
    """Cached, since the events of one command share it and are adjacent."""
    m = _decode_meta(stored)
    return Meta(
        m.at,
        m.actor,
        m.command,
        m.id,
        m.correlation or m.id,
        m.causation or m.id,
        m.occurred_at,
    )


def recorded(position: int, stream: str, version: int, topic: str, state: bytes) -> Recorded:
    event, meta = decode(topic, state)
    return Recorded(position, stream, version, event, meta)


# Snapshots: a folded state as JSON, beside the fingerprint of its class.

_STATE_DECODERS = {name: msgspec.json.Decoder(state) for name, state in STATES.items()}


def encode_state(state: State) -> bytes:
    return _encode(state)


def decode_state(category: str, state: bytes) -> State:
    return _STATE_DECODERS[category].decode(state)


def shape_of(kind: type) -> str:
    """Fingerprint of a stored class: names and types of its fields, all the way down. What the
    docstrings say does not count."""
    schema = _without_prose(msgspec.json.schema(kind))
    return hashlib.sha256(msgspec.json.encode(schema, order="sorted")).hexdigest()[:16]


def _without_prose(schema: object) -> object:
    if isinstance(schema, dict):
        described = isinstance(schema.get("description"), str)
        kept = {k: v for k, v in schema.items() if not (described and k == "description")}
        return {key: _without_prose(value) for key, value in kept.items()}
    if isinstance(schema, list):
        return [_without_prose(each) for each in schema]
    return schema


SHAPES: Mapping[str, str] = {name: shape_of(kind) for name, kind in STATES.items()}
"""Fingerprint of each state class by category. Snapshots with another one are not read; their
states are folded from the log."""
