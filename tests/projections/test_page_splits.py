"""How the log is cut into pages must not show in any row; nor may an event go unheard."""

from __future__ import annotations

import pytest

from oms_ledger.domain.registry import EVENTS
from oms_ledger.kernel import ReadModel
from oms_ledger.testing import folded, recorded
from oms_projections import PROJECTIONS
from tests.projections.histories import Shop


@pytest.mark.parametrize("model", PROJECTIONS, ids=lambda m: m.name)
@pytest.mark.parametrize("size", [1, 2, 13])
def test_any_split_into_pages_gives_equal_rows(model: ReadModel, size: int) -> None:
    history = recorded(Shop(7).play(500))
    whole = folded(model, history)
    assert folded(model, history, size).rows == whole.rows
    assert len(whole.rows) >= 20


@pytest.mark.parametrize("model", PROJECTIONS, ids=lambda m: m.name)
def test_a_read_model_lists_every_event_that_it_folds(model: ReadModel) -> None:
    """An event left out of event_types would be skipped by projectors, silently."""
    history = recorded(Shop(3).play(400))
    assert model.event_types <= EVENTS.keys()
    for r in history:
        if type(r.event).type not in model.event_types:
            assert not list(model.touches(r))


def test_the_made_up_shop_plays_nearly_every_event() -> None:
    types = {type(event).type for event in Shop(3).play(600)}
    assert {name for name in EVENTS.keys() - types if not name.startswith("payment.")} == {
        "stock.moved_in.v1",
        "stock.moved_out.v1",
        "channel.order_numbered.v1",
        "customer.forgotten.v2",
        "customer.held.v1",
        "customer.hold_released.v1",
        "retention.set.v1",
    }
