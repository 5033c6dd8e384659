"""Creating a draft: anything may be missing, and nothing may be wrong."""

from __future__ import annotations

import pytest

from oms_commands.drafts.create import CreateDraft
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.drafts.content import DraftContent, DraftLine, DraftShipping
from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Personal
from oms_ledger.testing import CONTEXT, given

OWN = CONTEXT.command_id


def test_an_empty_draft_is_one() -> None:
    decision = given().when(CreateDraft)
    decision.then(DraftSaved(OWN, DraftContent()))
    assert decision.answer["draft_id"] == OWN
    assert (decision.answer["status"], decision.answer["version"]) == ("open", 1)


def test_what_is_there_is_kept_as_it_was_written() -> None:
    lines = ({"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1, "unit_price": "2.50"})
    given().when(
        CreateDraft,
        channel="Web",
        lines=lines,
        customer={"id": "c1", "name": "Ada"},
        shipping={"service": "standard", "price": "4.95"},
        discount="1",
        backorder="allow",
        confirm=True,
    ).then(
        DraftSaved(
            OWN,
            DraftContent(
                "Web",
                lines=(DraftLine("A", 2), DraftLine("B", 1, "2.50")),
                customer=Customer("c1", Personal("Ada")),
                shipping=DraftShipping("standard", "4.95"),
                discount="1",
                backorder="allow",
                confirm=True,
            ),
        )
    )


def test_a_draft_of_a_sensitive_product_is_sensitive() -> None:
    pill = ProductDefined("P", "Pill", True, sensitive=True)
    decision = given(pill).when(CreateDraft, lines=({"sku": "P", "quantity": 1},))
    (saved,) = decision.events
    assert isinstance(saved, DraftSaved)
    assert saved.sensitive


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "pounds"}, "currency"),
        ({"lines": ({"sku": "A", "quantity": 0},)}, "lines.0.quantity"),
        ({"lines": ({"sku": "A", "quantity": 1, "unit_price": "-1"},)}, "lines.0.unit_price"),
        ({"lines": ({"sku": "A", "quantity": 1, "price": "1"},)}, "lines.0.price"),
        ({"customer": {"id": "order:o1"}}, "customer.id"),
        ({"pay_by": "2400-01-01T00:00:00Z"}, "pay_by"),
    ],
)
def test_what_cannot_be_in_an_order_is_refused_at_once(
    fields: dict[str, object], field: str
) -> None:
    given().when(CreateDraft, **fields).then_invalid(field)
