"""Replay: every event in words, with its cause and effects, and always the same text."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.messages.events import MESSAGE_EVENTS
from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.history.changes import FieldDifference, differences, flat
from oms_ledger.history.narrator import Narrator, facts
from oms_ledger.history.sources import events_of_customer, events_of_order, events_of_sku
from oms_ledger.kernel import Event, Log, Position, all_events
from oms_ledger.testing import recorded
from oms_ledger.testing.log import LogUntil, Records
from tests.history.test_as_of import played
from tests.projections.histories import Shop


def log_of_a_shop(steps: int = 200) -> LogUntil:
    records = Records()
    for r in recorded(Shop(3).play(steps)):
        records.add(r)
    return LogUntil(records, len(records.all))


def test_every_event_has_a_description_and_effects() -> None:
    """Effects follow on each other: each begins where the one before it ended."""
    log = log_of_a_shop()
    values: dict[tuple[str, str], object] = {}
    entries = list(Narrator(log).entries(all_events(log)))
    assert [each.recorded.position for each in entries] == list(range(1, log.position + 1))
    for each in entries:
        assert each.description
        for effect in each.effects:
            before = values.get((each.recorded.stream, effect.field), effect.before)
            assert effect.before == before
            values[each.recorded.stream, effect.field] = effect.after
    for key in log.keys(Order):
        for field, value in facts(log.fold(Order, key)).items():
            last = values.get((f"order-{key}", field))
            assert last == value or (last is None and not value), (key, field)


def test_the_text_does_not_depend_on_the_size_of_the_cache() -> None:
    log = log_of_a_shop()
    whole = [each.text() for each in Narrator(log).entries(all_events(log))]
    assert whole == [
        each.text() for each in Narrator(log, cached_states=1).entries(all_events(log))
    ]


def test_no_more_states_are_cached_than_the_limit() -> None:
    log = log_of_a_shop()
    narrator = Narrator(log, cached_states=7)
    for _ in narrator.entries(all_events(log)):
        assert len(narrator._cache) <= 7
    assert len(narrator._cache) == 7


def test_a_paragraph() -> None:
    log = log_of_a_shop(0)
    entry = next(Narrator(log).entries(log.events(1, 1)))
    assert entry.text() == (
        "2  2026-01-01T00:00:01Z  tester  Test  stock-A@LON version 1\n"
        "    10000 x A at LON received\n"
        "    because of command c2, which followed from c1\n"
        "    on_hand: 0 -> 10000"
    )


def test_items_of_lists_are_compared_by_name() -> None:
    line = {"line_id": "7", "allocated": 2, "allocations": [{"location": "LON", "quantity": 2}]}
    before = flat({"status": {"order": "pending"}, "lines": [line], "places": ["LON"], "gone": 0})
    line = {**line, "allocated": 0, "allocations": []}
    after = flat({"status": {"order": "pending"}, "lines": [line], "places": [], "new": 0})
    assert differences(before, after) == [
        FieldDifference("lines.7.allocated", 2, 0),
        FieldDifference("lines.7.allocations.LON.quantity", 2, None),
        FieldDifference("places", ["LON"], None),
    ]
    twice = [{"sku": "A", "n": 1}, {"sku": "A", "n": 2}]
    assert flat({"items": twice}) == {
        "items.1.sku": "A",
        "items.1.n": 1,
        "items.2.sku": "A",
        "items.2.n": 2,
    }


def test_the_history_of_an_order_has_all_events_of_its_commands(oms: Oms) -> None:
    played(oms, 700)
    log = oms.readers.log()
    whole = list(all_events(log))
    by_command = Counter(r.meta.command_id for r in whole)
    order_ids = [r.event.order_id for r in whole if isinstance(r.event, OrderPlaced)]
    own: dict[str, set[Position]] = defaultdict(set)
    for r in whole:
        if not isinstance(r.event, MESSAGE_EVENTS):  # GET /v1/messages?order=
            own[getattr(r.event, "order_id", "")].add(r.position)
    categories = set()
    for order_id in order_ids:
        history = events_of_order(log, order_id)
        assert all(a.position < b.position for a, b in pairwise(history))
        counts = Counter(r.meta.command_id for r in history)
        assert all(by_command[command] == count for command, count in counts.items())
        categories |= {r.stream.split("-")[0] for r in history}
        assert own[order_id] <= {r.position for r in history}
    assert categories == {
        "order",
        "shipment",
        "payment",
        "return",
        "stock",
        "channel",
        "draft",
        "reservation",
        "order_routing",
        "fulfilment",
        "case",
        "message",
    }
    owners = {(r.stream, person.id) for r in whole if (person := _customer(r.event)) is not None}
    customer = [r for name in ("c1", "c2", "c3", "c4") for r in types_of_customer(log, name)]
    assert customer.count("order.placed.v1") == len(owners) >= len(order_ids)


def _customer(event: Event) -> Customer | None:
    """The customer that an order is placed for, or given to by an edit."""
    if isinstance(event, OrderPlaced):
        return event.terms.customer
    return event.customer if isinstance(event, OrderEdited) else None


def types_of_customer(log: Log, customer_id: str) -> list[str]:
    try:
        return [type(r.event).type for r in events_of_customer(log, customer_id)]
    except NotFound:
        return []


def test_the_history_of_a_sku_has_all_its_locations_and_no_other_sku(oms: Oms) -> None:
    """`A` and `A@B` are two SKUs, though the stream id of one begins like that of the other."""
    played(oms, 60)
    log = oms.readers.log()
    for sku in ("A", "A@B"):
        history = list(events_of_sku(log, sku))
        expected = [
            r
            for r in all_events(log)
            if getattr(r.event, "sku", None) == sku and r.stream.startswith(("stock", "product"))
        ]
        assert history == expected
        later = [r for r in expected if r.position > 40]
        assert list(events_of_sku(log, sku, after=40)) == later
    with pytest.raises(NotFound):
        events_of_sku(log, "nothing")


def test_a_replay_ends_where_the_ledger_was_when_it_began(oms: Oms) -> None:
    played(oms, 20)
    log = oms.readers.log()
    entries = Narrator(log).entries(all_events(log))
    texts = [next(entries).text()]
    oms.execute(PutLocation("NEW", "New"), actor="tester")
    texts += [each.text() for each in entries]
    assert len(texts) == log.position == oms.readers.head() - 1
    assert texts == [each.text() for each in Narrator(log).entries(all_events(log))]
