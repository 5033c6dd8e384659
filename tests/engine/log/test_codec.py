"""Stored events can be read for ever, and what is personal can be found in them.

A golden file holds what the log holds. It is never edited: an event of a new shape gets a new
name and a file of its own, and the old file is read through `engine/log/upcasts.py`. One that was
given a field with a default has a file of its own beside the old one, under the same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Personal, change_personal
from oms_ledger.domain.registry import EVENTS, STATES
from oms_ledger.engine.log import codec, upcasts
from oms_ledger.kernel import Meta
from oms_ledger.testing import replace
from tests.golden.added import ADDED, NESTED, OLDER
from tests.golden.literals import LITERALS, META

FILES = sorted((Path(__file__).parents[2] / "golden" / "events").glob("*.json"))


def golden(name: str) -> Path:
    """The file that has all of the event's fields."""
    added = "".join(f"+{field}" for field in (*ADDED.get(name, ()), *NESTED.get(name, ())))
    return FILES[0].with_name(f"{name}{added}.json")


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value that holds no others, with the path to it."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_a_golden_file_and_its_meaning(name: str) -> None:
    assert name in LITERALS, f"add {name} to tests/golden/literals.py, with every field set"
    wanted = codec.encode(LITERALS[name], META).decode()
    assert golden(name).is_file(), f"write {golden(name).name}: {wanted}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_golden_file_can_be_read_by_todays_code(file: Path) -> None:
    name, *added = file.stem.split("+")
    event, meta = codec.decode(name, file.read_bytes())
    kind = type(event).type
    absent: dict[str, object] = {}
    for field, fields in NESTED.get(kind, {}).items():
        absent |= {} if field in added else fields
    absent |= {f: meant for f, meant in ADDED.get(kind, {}).items() if f not in added}
    today = replace(LITERALS[kind], **absent)
    assert event == OLDER.get(file.stem, today)
    assert meta == META
    assert kind == name or name in upcasts.UPCASTS


@pytest.mark.parametrize("name", EVENTS)
def test_todays_code_writes_what_the_golden_file_holds(name: str) -> None:
    written = codec.encode(LITERALS[name], META)
    assert json.loads(written) == json.loads(golden(name).read_bytes())


@pytest.mark.parametrize("name", EVENTS)
def test_every_field_is_set(name: str) -> None:
    empty = [path for path, value in leaves(json.loads(golden(name).read_bytes())) if not value]
    assert empty == [], "an empty field tells nothing about its shape"


@pytest.mark.parametrize("name", EVENTS)
def test_personal_values_sit_in_objects_of_their_own(name: str) -> None:
    marked = change_personal(LITERALS[name], lambda value, field: Personal("SEALED"))
    data = json.loads(codec.encode(marked, META))["data"]
    sealed = {path for path, value in leaves(data) if value == "SEALED"}
    assert all(path.endswith(".personal") for path in sealed)
    paths = {path for path, _ in leaves(json.loads(golden(name).read_bytes())["data"])}
    assert sealed == {path for path in paths if path.endswith(".personal")}


def test_all_personal_values_of_an_order_are_walked() -> None:
    values: list[str] = []

    def seal(value: Personal, field: str) -> Personal:
        values.append(value.personal)
        return Personal("x")

    sealed = change_personal(LITERALS["order.placed.v1"], seal)
    names = ["Ada", "ada@example.org", "+44 1", "Ada L.", "1 High St", "Flat 2", "LS1 1AA"]
    names += ["Ada B.", "2 Bank St", "Floor 3", "YO1 1AA"]
    assert sorted(values) == sorted(names)
    stored = codec.encode(sealed, META).decode()
    assert not [name for name in names if name in stored]


def test_where_nothing_is_personal_nothing_is_copied() -> None:
    event = LITERALS["stock.received.v1"]
    assert change_personal(event, lambda value, field: Personal("x")) is event


def test_what_is_the_commands_own_id_is_left_out() -> None:
    own = replace(META, correlation_id="command-1", causation_id="command-1", occurred_at=None)
    stored = codec.encode(LITERALS["order.confirmed.v1"], own)
    assert set(json.loads(stored)["meta"]) == {"at", "actor", "command", "id"}
    assert codec.decode("order.confirmed.v1", stored)[1] == own


def test_bytes_that_are_no_such_event_are_refused() -> None:
    stored = codec.encode(LITERALS["order.held.v1"], META)
    with pytest.raises(msgspec.ValidationError):
        codec.decode("stock.received.v1", stored)
    with pytest.raises(KeyError):
        codec.decode("order.forgotten.v1", stored)


def test_an_old_shape_is_read_through_every_step_up_to_todays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def renamed(old: upcasts.Fields) -> upcasts.Fields:
        return {"order_id": old["order"], "hold_id": old["hold_id"]}

    def completed(old: upcasts.Fields) -> upcasts.Fields:
        return {**old, "reason": "unknown"}

    steps = {
        "order.held.v0": ("order.held.v0b", renamed),
        "order.held.v0b": ("order.held.v1", completed),
    }
    monkeypatch.setattr(upcasts, "UPCASTS", steps)
    stored = {"meta": {"at": "2026-01-01T00:00:00Z", "actor": "a", "command": "c", "id": "1"}}
    stored["data"] = {"order": "o1", "hold_id": "h1"}
    event, meta = codec.decode("order.held.v0", json.dumps(stored).encode())
    held = LITERALS["order.held.v1"]
    assert event == type(held)("o1", "h1", "unknown")
    assert meta == Meta(datetime(2026, 1, 1, tzinfo=UTC), "a", "c", "1", "1", "1")


def test_a_snapshot_is_the_state() -> None:
    order = Order()
    for name in ("order.placed.v1", "order.confirmed.v1", "order.held.v1", "order.units_packed.v1"):
        order.apply(LITERALS[name])
    assert codec.decode_state("order", codec.encode_state(order)) == order


def test_snapshots_are_stamped_with_the_shape_that_wrote_them() -> None:
    assert set(codec.SHAPES) == set(STATES)
    assert len(set(codec.SHAPES.values())) == len(STATES)
