"""What is different between two documents, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from oms_ledger.domain.json_values import plain
from oms_ledger.kernel import Json

NAMES = ("line_id", "shipment_id", "hold_id", "payment_id", "return_id", "location", "sku")
"""What the items of a list go by: the first of these that they have."""


class Difference(NamedTuple):
    """`field` is a dotted path; items of a list are called by their name, not by their place. A
    side that has no such field is None."""

    field: str
    before: Json
    after: Json


def differences(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Difference]:
    """Between two documents that `flat` made; fields in the order in which they first stand. A
    new field that says 0, or nothing, is no difference."""
    found = (
        Difference(field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
    )
    return [each for each in found if each.before != each.after and not _is_nothing(each)]


def _is_nothing(each: Difference) -> bool:
    return None in (each.before, each.after) and not (each.before or each.after)


def flat(document: Mapping[str, object]) -> dict[str, Json]:
    """Every value in a document by its path; a list of mere values is one value."""
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
    """Items with their names, where these tell them apart; else with their numbers."""
    called = next((name for name in NAMES if all(name in item for item in items)), None)
    names = [item[called] for item in items] if called else []
    if len(set(names)) < len(items):
        yield from enumerate(items, start=1)
        return
    for name, item in zip(names, items, strict=True):
        yield name, {key: value for key, value in item.items() if key != called}
