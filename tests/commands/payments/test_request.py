"""Requesting a payment."""

from __future__ import annotations

import pytest

from oms_commands.payments.request import RequestPayment
from oms_ledger.domain.connections.events import ConnectionDefined
from oms_ledger.domain.orders.events import OrderCancelled, PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentRequested,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.payments.past import (
    AUTHORISED,
    PENDING,
    TOTAL,
    authorised,
    gbp,
    paid_by,
    requested,
)
from tests.commands.shop import quantities, six

ID = CONTEXT.command_id


def test_a_manual_payment_is_authorised_at_once() -> None:
    decision = given(*six()).when(
        RequestPayment, order_id="o1", provider="manual", amount="20.25", capture="manual"
    )
    decision.then(
        PaymentRequested(ID, "o1", "manual", gbp(TOTAL), "manual", channel="web"),
        PaymentAuthorised(ID, gbp(TOTAL)),
        PaymentProgressed("o1", ID, "manual", "authorised", "GBP", 0, TOTAL, 0, 0, 0, 0),
    )
    answer = decision.answer
    assert (answer["payment_id"], answer["status"]) == (ID, "authorised")
    assert answer["money"] == {
        "authorised": "20.25",
        "pending": "0.00",
        "captured": "0.00",
        "refunding": "0.00",
        "refunded": "0.00",
        "charged_back": "0.00",
        "due": "20.25",
        "credit": "0.00",
    }


def test_with_automatic_capture_it_is_captured_as_well() -> None:
    decision = given(*six()).when(
        RequestPayment, order_id="o1", provider="manual", amount="20.25", capture="automatic"
    )
    decision.then(
        PaymentRequested(ID, "o1", "manual", gbp(TOTAL), "automatic", channel="web"),
        PaymentAuthorised(ID, gbp(TOTAL)),
        CaptureRequested(ID, ID, gbp(TOTAL), True),
        PaymentCaptured(ID, ID, gbp(TOTAL)),
        PaymentProgressed("o1", ID, "manual", "captured", "GBP", 0, 0, TOTAL, 0, 0, 0),
    )


def test_a_payment_elsewhere_waits_for_its_report() -> None:
    decision = given(*six()).when(
        RequestPayment, order_id="o1", provider="external", amount="5.00", capture="automatic"
    )
    decision.then(
        PaymentRequested(ID, "o1", "external", gbp(500), "automatic", channel="web"),
        PaymentProgressed("o1", ID, "external", "pending", "GBP", 500, 0, 0, 0, 0, 0),
    )


@pytest.mark.parametrize("past", [AUTHORISED, PENDING], ids=["authorised", "pending"])
def test_no_more_is_requested_than_is_due_and_not_promised(past: tuple[object, ...]) -> None:
    refused = given(*past).when(  # type: ignore[arg-type]  # events they are
        RequestPayment, order_id="o1", provider="manual", amount="0.01"
    )
    refusal = refused.then_refused("over_payment")
    assert refusal.errors == ({"requested": "0.01", "available": "0.00"},)


def test_several_payments_share_an_order() -> None:
    past = (*six(), *authorised(minor=1000))
    shop = given(*past)
    shop.when(RequestPayment, order_id="o1", provider="manual", amount="10.26").then_refused(
        "over_payment"
    )
    rest = shop.when(RequestPayment, order_id="o1", provider="manual", amount="10.25")
    assert rest.answer["money"]["authorised"] == "20.25"  # type: ignore[index, call-overload]  # an object it is


def test_a_failed_payment_leaves_all_of_it_due() -> None:
    failed = paid_by("p1", requested(provider="external"), PaymentFailed("p1", "declined"))
    decision = given(*six(), *failed).when(
        RequestPayment, order_id="o1", provider="manual", amount="20.25"
    )
    assert decision.answer["status"] == "authorised"


def test_the_currency_is_the_orders() -> None:
    shop = given(*six())
    body = {"order_id": "o1", "provider": "manual", "amount": "1.00"}
    shop.when(RequestPayment, **body, currency="EUR").then_refused("currency_mismatch")
    assert shop.when(RequestPayment, **body, currency="GBP").answer["currency"] == "GBP"


@pytest.mark.parametrize("amount", ["0", "1.001"])
def test_an_amount_is_above_nothing_and_in_whole_minor_units(amount: str) -> None:
    given(*six()).when(
        RequestPayment, order_id="o1", provider="manual", amount=amount
    ).then_refused("invalid_fields")


def test_a_cancelled_order_is_not_paid() -> None:
    past = (*six(), OrderCancelled("o1", "staff", None, quantities(6)))
    given(*past).when(RequestPayment, order_id="o1", provider="manual", amount="1.00").then_refused(
        "illegal_transition"
    )


def test_a_provider_that_is_not_connected() -> None:
    given(*six()).when(RequestPayment, order_id="o1", provider="acme", amount="1.00").then_refused(
        "unknown_provider"
    )


def test_a_return_url_is_a_web_address() -> None:
    given(*six()).when(
        RequestPayment, order_id="o1", provider="external", amount="1.00", return_url="javascript:x"
    ).then_invalid("return_url")


def connected(name: str, vendor: str = "stripe", channel: str | None = None) -> ConnectionDefined:
    return ConnectionDefined(name, vendor, channel=channel)


@pytest.mark.parametrize(
    ("connections", "named", "used"),
    [
        ([connected("acme")], None, "acme"),
        ([connected("acme"), connected("other", "paypal")], None, "acme"),
        ([connected("acme"), connected("shop", channel="web")], None, "shop"),
        ([connected("acme"), connected("till", channel="store")], None, "acme"),
        ([connected("acme"), connected("shop", channel="web")], "acme", "acme"),
    ],
)
def test_a_payment_at_a_vendor_goes_through_a_connection(
    connections: list[ConnectionDefined], named: str | None, used: str
) -> None:
    decision = given(*connections, *six()).when(
        RequestPayment, order_id="o1", provider="stripe", amount="5.00", connection=named
    )
    requested = decision.events[0]
    assert isinstance(requested, PaymentRequested)
    assert (requested.connection, len(decision.events)) == (used, 2)


@pytest.mark.parametrize(
    ("connections", "named"),
    [
        ([connected("a"), connected("b")], None),
        ([connected("a", channel="store")], None),
        ([connected("a")], "b"),
        ([connected("a"), connected("p", "paypal")], "p"),
    ],
)
def test_the_account_must_be_clear(connections: list[ConnectionDefined], named: str | None) -> None:
    decision = given(*connections, *six()).when(
        RequestPayment, order_id="o1", provider="stripe", amount="5.00", connection=named
    )
    assert decision.then_refused("invalid_fields").errors[0]["field"] == "connection"
