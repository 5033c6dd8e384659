"""Changed copies of what tests are made of."""

from __future__ import annotations

import dataclasses
from typing import TypeVar, cast

import msgspec

from oms_ledger.kernel import Record

V = TypeVar("V")


def replace(value: V, /, **changes: object) -> V:
    """A copy of an event or another record, or of a dataclass, with some of its fields changed."""
    if isinstance(value, Record):
        return cast(V, msgspec.structs.replace(value, **changes))
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]  # a dataclass
