"""How the log is cut into pages must not show in any row; nor may an event go unheard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.registry import EVENTS
from oms_ledger.kernel import Page, ReadModel, Recorded, Row
from oms_ledger.testing import folded, recorded, replace
from oms_projections import PROJECTIONS, order_status
from oms_projections.order_status.fold import term_row
from tests.projections.histories import Shop


@cache
def history_of(seed: int, steps: int) -> Sequence[Recorded]:
    return recorded(Shop(seed).play(steps))


@pytest.mark.parametrize("model", PROJECTIONS, ids=lambda m: m.name)
@pytest.mark.parametrize("size", [1, 2, 13])
def test_any_split_into_pages_gives_equal_rows(model: ReadModel, size: int) -> None:
    history = history_of(7, 500)
    whole = folded(model, history)
    assert folded(model, history, size).rows == whole.rows
    assert len(whole.rows) >= 20


@pytest.mark.parametrize("model", PROJECTIONS, ids=lambda m: m.name)
def test_a_read_model_lists_every_event_that_it_folds(model: ReadModel) -> None:
    """An event left out of event_types would be skipped by projectors, silently."""
    history = history_of(3, 400)
    assert model.event_types <= EVENTS.keys()
    for r in history:
        if type(r.event).type not in model.event_types:
            assert not list(model.touches(r))


def folded_by_stream(
    model: ReadModel, history: Sequence[Recorded]
) -> Mapping[tuple[type[Row], tuple[object, ...]], Row]:
    """The rows after each stream was folded by itself. Where two of them make a row, it is the same
    one."""
    rows: dict[tuple[type[Row], tuple[object, ...]], Row] = {}
    for stream in {r.stream for r in history}:
        one = folded(model, [r for r in history if r.stream == stream]).rows
        assert all(rows[key] == one[key] for key in rows.keys() & one.keys())
        rows.update(one)
    return rows


def test_every_read_model_but_five_is_split_by_streams() -> None:
    """The row of a deadline may be set by one stream and ended by another; the figures of an order
    count its returns; a customer is listed from the first of their orders on; the value of a SKU
    is that of its units at all locations; a fulfilment order knows its first shipment."""
    names = [m.name for m in PROJECTIONS if not m.by_stream]
    assert names == [
        "deadlines",
        "order_analytics",
        "customers",
        "stock_history",
        "fulfilment_queue",
    ]


@pytest.mark.parametrize("model", [m for m in PROJECTIONS if m.by_stream], ids=lambda m: m.name)
def test_a_read_model_that_is_split_by_streams_has_no_row_of_two(model: ReadModel) -> None:
    """Otherwise processes that fold different streams would write over each other's rows."""
    history = history_of(11, 500)
    whole = folded(model, history).rows
    assert folded_by_stream(model, history) == whole
    assert len(whole) >= 20


def test_sabotage_a_row_of_two_streams_is_noticed() -> None:
    """A read model that counts shipments in the row of their order."""

    def folds(r: Recorded, page: Page) -> None:
        order_status.READ_MODEL.fold(r, page)
        if isinstance(r.event, ShipmentCreated):
            page.put(term_row(r.event.order_id, "number", r.event.shipment_id))

    with pytest.raises(AssertionError):
        folded_by_stream(replace(order_status.READ_MODEL, fold=folds), history_of(11, 400))


def test_the_made_up_shop_plays_nearly_every_event() -> None:
    types = {type(event).type for event in Shop(3).play(600)}
    assert {name for name in EVENTS.keys() - types if not name.startswith("payment.")} == {
        "channel.order_numbered.v1",
        "channel_settings.routing_defined.v1",
        "postal_areas.defined.v1",
        "location_load.units_routed.v1",
        "order_routing.decided.v1",
        "hold_rule.defined.v1",
        "blocked.added.v1",
        "blocked.removed.v1",
        "buyer.order_counted.v1",
        "store_credit.issued.v1",
        "store_credit.spent.v1",
        "store_credit.returned.v1",
        "customer.forgotten.v2",
        "customer.held.v1",
        "customer.hold_released.v1",
        "retention.set.v1",
    }
