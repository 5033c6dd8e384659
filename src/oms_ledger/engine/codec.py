"""Events to bytes and back: the one place every event, and every personal value, passes.

Stored is JSON: `{"meta": {...}, "data": {...}}`, `data` being the event's fields and `meta` who,
when and why. What is the same as its neighbour is left out of `meta`: a correlation or
causation id that is the command's own id. The stored name of the event is the `topic` column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

import msgspec

from oms_ledger.domain.catalogue import EVENTS, STATES
from oms_ledger.domain.personal import Personal
from oms_ledger.engine.upcasts import upcast
from oms_ledger.kernel import Event, Meta, Recorded, State

E = TypeVar("E")

ChangePersonal = Callable[[Personal], Personal]


class _Meta(msgspec.Struct, omit_defaults=True, frozen=True):
    at: datetime
    actor: str
    command: str
    id: str
    correlation: str | None = None
    causation: str | None = None
    occurred_at: datetime | None = None


class _Stored(msgspec.Struct, Generic[E], frozen=True):
    meta: _Meta
    data: E


_encode = msgspec.json.Encoder().encode
_DECODERS = {name: msgspec.json.Decoder(_Stored[event]) for name, event in EVENTS.items()}  # type: ignore[valid-type]  # a type made at run time


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
    `KeyError` for a name nobody ever wrote."""
    topic, state = upcast(topic, state)
    stored = _DECODERS[topic].decode(state)
    m = stored.meta
    meta = Meta(
        m.at,
        m.actor,
        m.command,
        m.id,
        m.correlation or m.id,
        m.causation or m.id,
        m.occurred_at,
    )
    return cast(Event, stored.data), meta


def recorded(position: int, stream: str, version: int, topic: str, state: bytes) -> Recorded:
    event, meta = decode(topic, state)
    return Recorded(position, stream, version, event, meta)


def change_personal(value: E, change: ChangePersonal) -> E:
    """A copy of a dataclass with every personal value in it, however deep, passed through
    `change`: how values are sealed on their way in, opened on their way out, or masked."""
    if isinstance(value, Personal):
        return cast(E, change(value))
    if isinstance(value, tuple):
        return cast(E, tuple(change_personal(v, change) for v in value))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            f.name: change_personal(getattr(value, f.name), change)
            for f in fields(value)
            if f.name in _personal_fields(type(value))
        }
        return replace(value, **changed) if changed else value
    return value


def _personal_fields(kind: type) -> frozenset[str]:
    found = _PERSONAL_FIELDS.get(kind)
    if found is None:
        hints = get_type_hints(kind)
        found = frozenset(f.name for f in fields(kind) if _holds_personal(hints[f.name]))
        _PERSONAL_FIELDS[kind] = found
    return found


_PERSONAL_FIELDS: dict[type, frozenset[str]] = {}


def _holds_personal(hint: Any) -> bool:
    if hint is Personal:
        return True
    if isinstance(hint, type) and is_dataclass(hint):
        return bool(_personal_fields(hint))
    return any(_holds_personal(arg) for arg in get_args(hint))


# Snapshots: a folded state as JSON, stamped with the shape of the class that wrote it.

_STATE_DECODERS = {name: msgspec.json.Decoder(state) for name, state in STATES.items()}


def encode_state(state: State) -> bytes:
    return _encode(state)


def decode_state(category: str, state: bytes) -> State:
    return _STATE_DECODERS[category].decode(state)


def _shape(kind: type[State]) -> str:
    schema = msgspec.json.encode(msgspec.json.schema(kind), order="sorted")
    return hashlib.sha256(schema).hexdigest()[:16]


SHAPES: Mapping[str, str] = {name: _shape(kind) for name, kind in STATES.items()}
"""Fingerprint of each state class: a snapshot of another shape is not read, but folded anew."""
