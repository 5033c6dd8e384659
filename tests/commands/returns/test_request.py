"""Requesting a return, an exchange or a claim."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.returns.request import RequestReturn
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.orders.events import OrderPlaced, ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnDeclined,
    ReturnPolicyDefined,
    ReturnRequested,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.returns.past import PAID_AND_DELIVERED, requested, returned, units
from tests.commands.shop import AT, UNDER_WAY, delivered, dispatched, packed, six

ID = CONTEXT.command_id
TWO = {"order_id": "o1", "lines": [{"line_id": "1", "quantity": 2, "reason": "Too small"}]}
ALL = {"order_id": "o1", "lines": [{"line_id": "1", "quantity": 6}]}
LATER = AT + timedelta(days=20)


def test_a_return() -> None:
    decision = given(*PAID_AND_DELIVERED).when(
        RequestReturn, **TWO, resolution="refund", refund_automatically=True
    )
    decision.then(
        replace(requested(), return_id=ID),
        ReturnProgressed("o1", ID, "requested", units(("1", 2))),
    )
    assert decision.answer["status"] == "requested"
    assert decision.answer["return_id"] == ID


def test_approved_at_once() -> None:
    decision = given(*PAID_AND_DELIVERED).when(RequestReturn, **TWO, approve=True)
    assert ReturnApproved(ID) in decision.events
    assert decision.answer["status"] == "approved"


def test_no_more_than_was_shipped_and_is_in_no_other_return() -> None:
    past = (*PAID_AND_DELIVERED, *returned(requested(5)))
    refusal = given(*past).when(RequestReturn, **TWO).then_refused("nothing_to_return")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 2, "available": 1},)
    assert "line 1: 1 of 2" in refusal.detail
    declined = (*PAID_AND_DELIVERED, *returned(requested(5), ReturnDeclined("r1", "Worn")))
    assert given(*declined).when(RequestReturn, **ALL).events


def test_what_has_not_shipped_is_cancelled_instead() -> None:
    given(*six()).when(RequestReturn, **TWO).then_refused("nothing_to_return")


def test_a_line_that_is_not_there() -> None:
    lines = [{"line_id": "9", "quantity": 1}]
    wrong = given(*PAID_AND_DELIVERED).when(RequestReturn, order_id="o1", lines=lines)
    assert wrong.then_refused("nothing_to_return").errors == (
        {"line": "9", "sku": None, "requested": 1, "available": 0},
    )


def test_what_was_claimed_cannot_be_returned_too() -> None:
    claim = returned(requested(2, "claim"), ReturnApproved("r1"))
    given(*PAID_AND_DELIVERED, *claim).when(RequestReturn, **ALL).then_refused("nothing_to_return")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "exchange"}, "replacement_lines"),
        ({"kind": "return", "resolution": "exchange"}, "resolution"),
        ({"replacement_lines": [{"sku": "A", "quantity": 1}]}, "replacement_lines"),
        ({"ship_replacement": "now"}, "ship_replacement"),
        (
            {"kind": "claim", "resolution": "replacement", "ship_replacement": "on_receipt"},
            "ship_replacement",
        ),
        (
            {"kind": "exchange", "replacement_lines": [{"sku": "A", "quantity": 1}]},
            "replacement_lines.0.unit_price",
        ),
        ({"lines": [{"line_id": "1", "quantity": 1}, {"line_id": "1", "quantity": 1}]}, "lines"),
    ],
)
def test_fields_that_do_not_go_together(wrong: dict[str, object], field: str) -> None:
    given(*PAID_AND_DELIVERED).when(RequestReturn, **{**TWO, **wrong}).then_invalid(field)


def test_store_credit_goes_to_an_account_or_to_the_customers_own() -> None:
    past = given(*PAID_AND_DELIVERED)
    for more, account in (({}, "c1"), ({"account": "gift-7"}, "gift-7")):
        decision = past.when(RequestReturn, **TWO, resolution="store_credit", **more)
        first = decision.events[0]
        assert isinstance(first, ReturnRequested)
        assert first.account == account
    past.when(RequestReturn, **TWO, account="gift-7").then_invalid("account")


def test_without_a_customer_the_account_is_named() -> None:
    placed = next(each for each in PAID_AND_DELIVERED if isinstance(each, OrderPlaced))
    guest = replace(placed, terms=replace(placed.terms, customer=None))
    past = tuple(guest if each is placed else each for each in PAID_AND_DELIVERED)
    refused = given(*past).when(RequestReturn, **TWO, resolution="store_credit")
    assert refused.then_refused("invalid_fields").errors[0]["field"] == "account"


# The windows of return policies.

MONTH = ReturnPolicyDefined("standard", 30)
FORTNIGHT = ReturnPolicyDefined("fresh", 14, categories=("fresh",))
FRESH = ProductDefined("A", "A", True, product_category="fresh")


def test_within_the_window() -> None:
    at = AT + timedelta(days=29)
    past = given(*PAID_AND_DELIVERED, ReturnPolicyDefined("standard", 29))
    assert past.when(RequestReturn, **TWO, occurred_at=at).events
    late = past.when(RequestReturn, **TWO, occurred_at=at + timedelta(seconds=1))
    assert late.then_refused("outside_policy").errors == (
        {
            "line": "1",
            "sku": "A",
            "requested": 2,
            "available": 0,
            "policy": "standard",
            "days_from_delivery": 29,
        },
    )


def test_staff_may_accept_it_all_the_same() -> None:
    at = AT + timedelta(days=29)
    decision = given(*PAID_AND_DELIVERED, ReturnPolicyDefined("standard", 14)).when(
        RequestReturn, **TWO, occurred_at=at, override="A good customer"
    )
    (event, _) = decision.events
    assert isinstance(event, ReturnRequested)
    assert event.override == "A good customer"
    assert decision.answer["override"] == "A good customer"


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        ((), True),
        ((FORTNIGHT,), False),
        ((FORTNIGHT, MONTH), False),
        ((ReturnPolicyDefined("shop", 5, channels=("till",)),), True),
        ((ReturnPolicyDefined("shop", 5, channels=("WEB",)),), False),
        ((ReturnPolicyDefined("web", 60, channels=("web",)), FORTNIGHT), False),
        ((ReturnPolicyDefined("both", 60, ("web",), ("fresh",)), FORTNIGHT), True),
        ((ReturnPolicyDefined("a", 5), MONTH), True),
    ],
)
def test_which_policy_applies(policies: tuple[Event, ...], allowed: bool) -> None:
    decision = given(*PAID_AND_DELIVERED, FRESH, *policies).when(
        RequestReturn, **TWO, occurred_at=LATER
    )
    if allowed:
        assert decision.events
    else:
        decision.then_refused("outside_policy")


def test_the_window_begins_with_the_delivery_of_the_units() -> None:
    """Four arrived on the first day, two are still on their way."""
    past = (
        *six(),
        *packed(4),
        *dispatched(4),
        *packed(2, "s2"),
        *dispatched(2, "s2"),
        *delivered(4),
        ReturnPolicyDefined("standard", 14),
    )
    assert given(*past).when(RequestReturn, **TWO, occurred_at=LATER).events
    refusal = given(*past).when(RequestReturn, **ALL, occurred_at=LATER)
    assert refusal.then_refused("outside_policy").errors[0]["available"] == 2
    assert given(*UNDER_WAY, MONTH).when(RequestReturn, **ALL).events


def test_units_of_another_return_are_those_that_came_first() -> None:
    past = (
        *six(),
        *packed(4),
        *dispatched(4),
        *packed(2, "s2"),
        *dispatched(2, "s2"),
        *delivered(4),
        *returned(requested(3)),
        ReturnPolicyDefined("standard", 14),
    )
    three = {"order_id": "o1", "lines": [{"line_id": "1", "quantity": 3}]}
    refusal = given(*past).when(RequestReturn, **three, occurred_at=LATER)
    assert refusal.then_refused("outside_policy").errors[0]["available"] == 2
    assert given(*past).when(RequestReturn, **TWO, occurred_at=LATER).events


def test_a_claim_has_no_window() -> None:
    """Who sold faulty goods answers for them by law, not by policy."""
    past = given(*PAID_AND_DELIVERED, ReturnPolicyDefined("standard", 0))
    assert past.when(RequestReturn, **TWO, kind="claim", occurred_at=LATER).events


def test_a_return_of_a_sensitive_order_is_sensitive() -> None:
    past = [replace(e, sensitive=True) if isinstance(e, OrderPlaced) else e for e in UNDER_WAY]
    assert given(*past).when(RequestReturn, **TWO).answer["sensitive"] is True
