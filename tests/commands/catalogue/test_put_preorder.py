"""A product is sold before it is there, until a time and up to a cap."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.catalogue.end_preorder import EndPreorder
from oms_commands.catalogue.put_preorder import PutPreorder
from oms_commands.catalogue.put_product import PutProduct
from oms_ledger.domain.catalogue.events import Component, Preorder, ProductDefined
from oms_ledger.testing import given, replace
from tests.commands.orders.test_place import OWN
from tests.commands.orders.test_preorders import SHELF, SOON, sold_early
from tests.commands.shop import place


def test_a_preorder_has_a_time_and_a_cap() -> None:
    goods = replace(sold_early(), preorder=None)
    decision = given(place(), goods).when(PutPreorder("A", SOON, 10))
    decision.then(replace(goods, preorder=Preorder(OWN, SOON, 10)))
    assert decision.answer["preordered"] == 0
    given(*SHELF).when(PutPreorder("A", SOON, 10)).then()
    later = SOON + timedelta(days=1)
    given(*SHELF).when(PutPreorder("A", later, 12)).then(sold_early(12, later))
    given(*SHELF).when(EndPreorder("A")).then(goods)
    given(place(), goods).when(EndPreorder("A")).then()


def test_defining_the_product_anew_leaves_it() -> None:
    (event,) = given(*SHELF).when(PutProduct("A", "New")).events
    assert isinstance(event, ProductDefined)
    assert event.preorder == sold_early().preorder
    (service,) = given(*SHELF).when(PutProduct("A", "Service", stocked=False)).events
    assert isinstance(service, ProductDefined)
    assert service.preorder is None


def test_kits_services_and_unknown_products_have_none() -> None:
    kit = ProductDefined("A", "Kit", True, components=(Component("B", 1),))
    for goods in (kit, ProductDefined("A", "Post", False)):
        given(place(), goods).when(PutPreorder("A", SOON, 1)).then_refused("not_stocked")
    given(place()).when(PutPreorder("A", SOON, 1)).then_refused("unknown_sku")
