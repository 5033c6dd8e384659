"""Immutable values: what events are made of, and what is stored with them."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """An immutable value with typed fields, made, compared and encoded in C. A subclass says
    `frozen=True` too; a changed copy is `msgspec.structs.replace(record, field=...)`. A record
    cannot be part of a reference cycle, so the garbage collector does not visit it."""


def field_names(kind: type) -> tuple[str, ...]:
    """The fields of a record or dataclass, in their order; none of another type."""
    names = _FIELD_NAMES.get(kind)
    if names is None:
        names = _FIELD_NAMES[kind] = _names(kind)
    return names


_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return tuple(each.name for each in dataclass_fields(kind)) if is_dataclass(kind) else ()
