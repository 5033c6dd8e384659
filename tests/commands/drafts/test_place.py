"""Placing a draft: the same events as of the order itself, once."""

from __future__ import annotations

import pytest

from oms_commands.drafts._fields import order_of
from oms_commands.drafts.create import CreateDraft
from oms_commands.drafts.place import PlaceDraft
from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.catalogue.events import OrderNumbered, ProductDefined
from oms_ledger.domain.drafts.content import DraftContent, DraftLine
from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced, DraftSaved
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld, OrderPlaced
from oms_ledger.domain.orders.terms import Address, Customer, Presentment
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.risk.events import BuyerBlocked
from oms_ledger.domain.stock.events import StockAllocated
from oms_ledger.kernel import field_names
from oms_ledger.testing import given, replace
from tests.commands.drafts.past import CONTENT, SAVED
from tests.commands.shop import SHELF

PLACE = PlaceDraft("d1")


def test_the_order_has_everything_of_the_draft() -> None:
    decision = given(*SHELF, SAVED).when(PLACE)
    numbered, placed, allocated, ended = decision.events
    assert numbered == OrderNumbered("web", 1, "d1")
    assert isinstance(placed, OrderPlaced)
    assert (placed.order_id, placed.number) == ("d1", "WEB-000001")
    assert placed.terms.customer == CONTENT.customer
    assert placed.terms.total == 6 * 255 + 10 + 495
    assert allocated == StockAllocated("A", "LON", 6, "d1", "1")
    assert ended == DraftPlaced("d1", "d1")
    assert decision.answer["order_id"] == "d1"


def test_with_an_external_id_it_is_the_order_of_that() -> None:
    saved = DraftSaved("d1", replace(CONTENT, external_id="1001", confirm=True))
    decision = given(*SHELF, saved).when(PLACE)
    order_id = order_id_for("web", "1001", "")
    assert decision.events[-1] == DraftPlaced("d1", order_id)
    assert OrderConfirmed(order_id) in decision.events


def test_placed_again_it_answers_its_order() -> None:
    past = (*SHELF, SAVED)
    first = given(*past).when(PLACE)
    again = given(*past, *first.events).when(PLACE)
    again.then()
    assert again.answer == first.answer


def test_an_order_with_its_external_id_that_is_there_becomes_its_own() -> None:
    order = PlaceOrder(
        channel="web",
        currency="GBP",
        lines=({"sku": "A", "quantity": 6, "unit_price": "2.55"},),  # type: ignore[arg-type]  # read as in a body
        external_id="1001",
    )
    first = given(*SHELF).when(order)
    content = DraftContent("WEB", "GBP", (DraftLine("A", 6, "2.55"),), "1001")
    order_id = order_id_for("web", "1001", "")
    given(*SHELF, *first.events, DraftSaved("d1", content)).when(PLACE).then(
        DraftPlaced("d1", order_id)
    )
    other = replace(content, lines=(DraftLine("A", 5, "2.55"),))
    given(*SHELF, *first.events, DraftSaved("d1", other)).when(PLACE).then_refused(
        "external_id_reused"
    )


def test_every_line_that_is_short_is_named() -> None:
    saved = DraftSaved("d1", replace(CONTENT, lines=(DraftLine("A", 6000, "1"),)))
    given(*SHELF, saved).when(PLACE).then_refused("insufficient_stock")


def test_what_an_order_needs_is_named_and_nothing_is_written() -> None:
    saved = DraftSaved("d1", DraftContent(lines=(DraftLine("A", 1), DraftLine("A", 1, "1"))))
    refusal = given(*SHELF, saved).when(PLACE).then_refused("invalid_fields")
    named = [error["field"] for error in refusal.errors]
    assert named == ["channel", "currency", "lines.0.unit_price"]
    empty = given(DraftSaved("d1", DraftContent())).when(PLACE).then_refused("invalid_fields")
    assert [error["field"] for error in empty.errors] == ["channel", "currency", "lines"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"currency": "JPY"}, "lines.0.unit_price"),
        ({"currency": "XQQ"}, "currency"),
        ({"discount": "99.00"}, "discount"),
        ({"lines": (DraftLine("A", 1, "1.00", discount="1.01"),)}, "lines.0.discount"),
    ],
)
def test_what_placing_an_order_refuses_is_refused_with_its_field(
    changed: dict[str, object], field: str
) -> None:
    saved = DraftSaved("d1", replace(CONTENT, **changed))
    refusal = given(*SHELF, saved).when(PLACE).then_refused("invalid_fields")
    assert [error["field"] for error in refusal.errors] == [field]


def test_a_product_that_became_sensitive_makes_draft_and_order_sensitive() -> None:
    pill = ProductDefined("A", "Pill", True, sensitive=True)
    decision = given(*SHELF, SAVED, pill).when(PLACE)
    assert decision.events[-1] == DraftPlaced("d1", "d1", sensitive=True)
    assert decision.answer["sensitive"] is True


EVE = replace(CONTENT, customer=Customer(None, None, Personal("sealed:v1:k1:eve")))


@pytest.mark.parametrize("blinds", [{"sealed:v1:k1:eve": "b1"}, {"sealed:v1:k1:eve": ""}])
def test_the_address_is_compared_with_the_blocked_list(blinds: dict[str, str]) -> None:
    blocked = BuyerBlocked("email:b1", "charge-backs")
    place = PLACE.with_draft_blinds(blinds)
    decision = given(*SHELF, blocked, DraftSaved("d1", EVE)).when(place)
    holds = [event.rule for event in decision.events if isinstance(event, OrderHeld)]
    assert holds == (["blocked"] if blinds["sealed:v1:k1:eve"] else [])


def test_an_address_that_was_changed_meanwhile_is_not_left_uncompared() -> None:
    place = PLACE.with_draft_blinds({"sealed:v1:k1:adam": "b2"})
    given(*SHELF, DraftSaved("d1", EVE)).when(place).then_refused("draft_changed")


def test_a_draft_that_is_not_there() -> None:
    given().when(PLACE).then_refused("not_found")
    given(SAVED, DraftDeleted("d1")).when(PLACE).then_refused("not_found")


def test_every_field_of_the_order_is_the_drafts() -> None:
    """A field that placing an order gets, and a draft does not keep, would be lost silently. A
    draft holds no stock, so it refuses a reservation."""
    content, order = (set(field_names(kind)) for kind in (DraftContent, PlaceOrder))
    assert content == order - {"sensitive", "email_blinds", "reservation_id"}
    given().when(CreateDraft, reservation_id="r1").then_invalid("reservation_id")
    full = replace(
        CONTENT, presentment=Presentment("EUR", "1.17"), backorder="allow", tax_included=True
    )
    placed = order_of(full, sensitive=True)
    assert (placed.backorder, placed.tax_included, placed.sensitive) == ("allow", True, True)
    assert placed.presentment is not None
    assert str(placed.presentment.rate) == "1.17"


def test_personal_values_pass_as_they_were_sealed() -> None:
    """However long their sealed form is: longer than a name may be."""
    sealed = Personal("sealed:v1:k1:" + "x" * 2000)
    content = replace(
        CONTENT,
        customer=Customer("c1", sealed),
        shipping_address=Address(line1=sealed),
        billing_address=Address(postal_code=sealed),
    )
    (placed,) = [
        e
        for e in given(*SHELF, DraftSaved("d1", content)).when(PLACE).events
        if isinstance(e, OrderPlaced)
    ]
    assert placed.terms.customer == content.customer
    assert placed.terms.shipping_address == content.shipping_address
    assert placed.terms.billing_address == content.billing_address
