"""Upcasts: events stored in old shapes are converted to the newest when they are read. The log is
never rewritten.

To change the shape of an event: give the new class the next version in its `type`, and add a
function here from the old stored fields to the new ones under the old name. CONTRIBUTING.md goes
through one, step by step.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

Fields = dict[str, object]


def _cost_as_money(old: Fields) -> Fields:
    """`product.defined.v1` had the fields `unit_cost` and `currency`, both or neither set."""
    cost, currency = old.get("unit_cost"), old.get("currency")
    money = None if cost is None else {"minor": cost, "currency": currency}
    others = {name: value for name, value in old.items() if name != "currency"}
    return {**others, "unit_cost": money}


def _without_keys(old: Fields) -> Fields:
    """`customer.forgotten.v1` was recorded after the keys were destroyed, without their ids."""
    return {**old, "keys": [], "period": None}


UPCASTS: dict[str, tuple[str, Callable[[Fields], Fields]]] = {
    "product.defined.v1": ("product.defined.v2", _cost_as_money),
    "customer.forgotten.v1": ("customer.forgotten.v2", _without_keys),
}
"""Old stored name: (new stored name, function of the old `data`)."""


def upcast(topic: str, state: bytes) -> tuple[str, bytes]:
    """The newest name and bytes of a stored event."""
    if topic not in UPCASTS:
        return topic, state
    stored: dict[str, Fields] = msgspec.json.decode(state)
    while topic in UPCASTS:
        topic, change = UPCASTS[topic]
        stored["data"] = change(stored["data"])
    return topic, msgspec.json.encode(stored)
