"""Every event is in the catalogue, frozen, and belongs to exactly one kind of state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.domain.personal import Personal, revealed
from oms_ledger.domain.registry import EVENTS, STATES
from oms_ledger.kernel import Event, Record, State, field_names
from tests.golden.literals import LITERALS


def events_of_the_domain() -> set[type[object]]:
    """All classes of events but those that only families of events share, which have no type."""
    kinds = [kind for kind in every_subclass(Event) if "type" in vars(kind)]
    return {kind for kind in kinds if kind.__module__.startswith("oms_ledger.domain.")}


def every_subclass(kind: type[object]) -> Iterator[type[object]]:
    for each in kind.__subclasses__():
        yield each
        yield from every_subclass(each)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_names_the_category_that_its_stored_name_begins_with(name: str) -> None:
    event = LITERALS[name]
    assert event.category == name.split(".")[0]
    assert event.stream == f"{event.category}-{event.key}"
    state = STATES[event.category]()
    assert state.category == event.category


def test_every_event_is_in_the_catalogue_under_its_written_name() -> None:
    assert events_of_the_domain() == set(EVENTS.values())
    assert all(kind.type == name for name, kind in EVENTS.items())


@pytest.mark.parametrize("name", EVENTS)
def test_a_stored_name_has_a_noun_a_past_tense_and_a_version(name: str) -> None:
    match = re.fullmatch(r"([a-z]+(?:_[a-z]+)*)\.[a-z_]+\.v[1-9]\d*", name)
    assert match
    assert match[1] in STATES


@pytest.mark.parametrize("name", EVENTS)
def test_events_are_frozen_and_slotted(name: str) -> None:
    event = LITERALS[name]
    assert isinstance(event, Record)
    assert not hasattr(event, "__dict__")
    with pytest.raises(AttributeError, match="immutable"):
        setattr(event, field_names(type(event))[0], "other")


def applied(kind: type[State], event: Event) -> bool:
    """Whether this kind of state knows the event; it may not know what came before it."""
    try:
        kind().apply(event)
    except TypeError:
        return False
    except (KeyError, ValueError):
        return True
    return True


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_is_applied_by_its_own_kind_of_state_and_no_other(name: str) -> None:
    applied_by = [kind.category for kind in STATES.values() if applied(kind, LITERALS[name])]
    assert applied_by == [name.split(".")[0]]


@pytest.mark.parametrize("kind", STATES.values(), ids=STATES)
def test_states_have_defaults_for_all_their_fields(kind: type[State]) -> None:
    assert kind().version == 0
    assert not hasattr(kind(), "__dict__")


def test_nothing_personal_shows_itself() -> None:
    name = Personal("Ada Lovelace")
    assert "Ada" not in f"{name} {name!r} {LITERALS['order.placed.v1']!r}"
    assert revealed(Personal("Ada")) == "Ada"
    assert revealed(None) is None


@pytest.mark.parametrize("name", ["name", "email", "phone", "line1", "line2", "postal_code"])
def test_what_leads_to_a_person_is_personal(name: str) -> None:
    hints = {**get_type_hints(Customer), **get_type_hints(Address)}
    assert hints[name] == Personal | None
