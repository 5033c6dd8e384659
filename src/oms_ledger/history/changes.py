"""The difference between two documents, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from oms_ledger.domain.json_values import plain
from oms_ledger.kernel import Json

NAMES = ("line_id", "shipment_id", "hold_id", "payment_id", "return_id", "location", "sku")
"""Fields that name the items of a list: the first of these that every item has."""


class FieldDifference(NamedTuple):
    """A field that differs. `field` is a dotted path, in which items of a list stand by their name.
    `before` or `after` is None where that document lacks the field."""

    field: str
    before: Json
    after: Json


def differences(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[FieldDifference]:
    """The differences between two documents flattened by `flat`, in the order of their fields. A
    field that one document lacks and that is 0 or empty in the other is no difference."""
    fields = (
        FieldDifference(field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
    )
    return [each for each in fields if each.before != each.after and not _is_nothing(each)]


def _is_nothing(each: FieldDifference) -> bool:
    return None in (each.before, each.after) and not (each.before or each.after)


def flat(document: Mapping[str, object]) -> dict[str, Json]:
    """The values of a document by their dotted paths. A list without objects is one value."""
    return dict(_leaves("", document))


def _leaves(path: str, value: object) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), each)
    elif isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value):
        for name, each in _named(value):
            yield from _leaves(f"{path}.{name}", each)
    else:
        yield path, plain(value)


def _named(items: Sequence[Mapping[str, object]]) -> Iterator[tuple[object, Mapping[str, object]]]:
    """Items with their names, or with numbers from 1 where names are missing or not unique."""
    name_field = next((name for name in NAMES if all(name in item for item in items)), None)
    names = [item[name_field] for item in items] if name_field else []
    if len(set(names)) < len(items):
        yield from enumerate(items, start=1)
        return
    for name, item in zip(names, items, strict=True):
        yield name, {key: value for key, value in item.items() if key != name_field}
