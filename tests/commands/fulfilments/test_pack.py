"""Packing into parcels."""

from __future__ import annotations

from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.fulfilment.events import Package
from oms_ledger.domain.fulfilments.events import FulfilmentPutBack
from oms_ledger.domain.orders.events import UnitsPacked
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.fulfilments.past import (
    BEGUN,
    OPENED,
    PART,
    WORK,
    opened,
    parcel,
    part,
    picked,
)
from tests.commands.shop import packed, quantities, six

OWN = CONTEXT.command_id


def pack(*units: int, fulfilment_id: str = WORK, **more: object) -> PackFulfilment:
    packages = [
        {
            "lines": [{"line_id": "1", "quantity": n}],
            "weight_g": 100 * n,
            "dimensions_mm": {"length": 300, "width": 200, "height": 100},
        }
        for n in units
    ]
    return PackFulfilment(fulfilment_id=fulfilment_id, packages=packages, **more)  # type: ignore[arg-type]  # pydantic converts


def test_without_picking_everything_is_packed() -> None:
    decision = given(*six()).when(pack())
    decision.then(OPENED, BEGUN, UnitsPacked("o1", OWN, "LON", quantities(6)), parcel(6, OWN))
    assert decision.answer["status"] == "created"


def test_what_is_picked_is_packed() -> None:
    decision = given(*six(), *opened(), picked(4)).when(pack())
    decision.then(UnitsPacked("o1", OWN, "LON", quantities(4)), parcel(4, OWN))


def test_each_parcel_has_its_units_weight_and_size() -> None:
    decision = given(*six(), *opened(), picked(6)).when(pack(2, 3))
    packages = tuple(Package(100 * n, 300, 200, 100, quantities(n)) for n in (2, 3))
    decision.then(
        UnitsPacked("o1", OWN, "LON", quantities(5)), replace(parcel(5, OWN), packages=packages)
    )


def test_a_part_is_packed_by_itself() -> None:
    decision = given(*six(), *opened(), *part(2)).when(pack(fulfilment_id=PART))
    decision.then(UnitsPacked("o1", OWN, "LON", quantities(2)), parcel(2, OWN, PART))


def test_not_more_than_there_is_nor_what_is_not_picked() -> None:
    refusal = given(*six()).when(pack(3, 4)).then_refused("not_enough_units")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 7, "available": 6},)
    begun = (*six(), *opened(), picked(2))
    (block,) = given(*begun).when(pack(3)).then_refused("ship_blocked").errors
    assert block["lines"] == [{"line_id": "1", "quantity": 1}]
    given(*six(), *packed()).when(pack()).then_refused("illegal_transition")
    given(*six()).when(pack(carrier="UPS")).then_refused("unknown_carrier")


def test_what_is_unpaid_is_packed_only_by_force() -> None:
    unpaid = (ChannelDefined("web", ship_unpaid=False), *six())
    (block,) = given(*unpaid).when(pack()).then_refused("ship_blocked").errors
    assert block["block"] == "unpaid"
    forced = given(*unpaid).when(pack(force=True, reason="a regular")).events[-1]
    assert getattr(forced, "overridden", ()) == ("unpaid",)


def test_picked_units_that_are_not_wanted_any_more_are_put_back() -> None:
    begun = (*six(), *opened(), picked(5))
    cancelled = given(*begun).when(CancelOrder(order_id="o1", reason="customer"))
    assert cancelled.events[-1] == FulfilmentPutBack(WORK, quantities(5))
    fewer = [{"type": "set_quantity", "line_id": "1", "quantity": 3}]
    edited = given(*begun).when(EditOrder, order_id="o1", changes=fewer)
    assert edited.events[-1] == FulfilmentPutBack(WORK, quantities(2))
