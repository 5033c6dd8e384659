"""Faults of payments are named: their own amounts, and what their orders count of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.findings import Finding
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.payments.events import PAYMENT_EVENTS
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger
from tests.audit.verify.conftest import stored

Change = Callable[[dict[str, Any]], None]


class Till:
    """An order of 10.00 GBP whose payments pass through one hand."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._reports = 0
        self.do("PutLocation", code="LON", name="London")
        self.do("ReceiveStock", sku="A", location="LON", quantity=9)
        line = {"sku": "A", "quantity": 5, "unit_price": "2.00"}
        placed = self.do("PlaceOrder", channel="web", currency="GBP", lines=[line], confirm=True)
        self.order_id: str = placed["order_id"]

    def do(self, command: str, **fields: object) -> Any:
        return self._ledger.execute(COMMANDS[command](**fields)).answer

    def request(self, provider: str, amount: str, **fields: object) -> str:
        answer = self.do(
            "RequestPayment", order_id=self.order_id, provider=provider, amount=amount, **fields
        )
        return str(answer["payment_id"])

    def about(self, command: str, payment_id: str, **fields: object) -> Any:
        return self.do(command, order_id=self.order_id, payment_id=payment_id, **fields)

    def report(self, payment_id: str, kind: str, **fields: object) -> None:
        self._reports += 1
        event_id = f"evt-{self._reports}"
        self.about("ReportPayment", payment_id, kind=kind, provider_event_id=event_id, **fields)


@pytest.fixture(scope="module")
def life() -> list[StoredEvent]:
    """Two payments of one order, with every event that a payment can have."""
    with MemoryLedger() as ledger:
        till = Till(ledger)
        here = till.request("manual", "4.00", capture="manual")
        till.about("CapturePayment", here, amount="3.00", final=False)
        till.about("VoidPayment", here)
        till.about("RefundPayment", here, amount="1.00", reason="late")
        away = till.request("external", "6.00", capture="manual")
        till.report(away, "requires_action", url="https://bank.example/3ds")
        till.report(away, "authorised")
        till.about("CapturePayment", away, amount="5.00", final=False)
        till.report(away, "capture_failed", code="busy")
        till.about("VoidPayment", away)
        till.report(away, "void_failed", code="busy")
        till.about("CapturePayment", away, amount="5.00", final=False)
        till.report(away, "captured")
        till.report(away, "authorisation_expired")
        till.about("RefundPayment", away, amount="2.00", reason="late")
        till.report(away, "refund_failed", code="busy")
        till.about("RefundPayment", away, amount="2.00", reason="late")
        till.report(away, "charged_back", amount="4.00")
        till.report(away, "refunded")
        till.report(away, "charge_back_reversed", amount="1.00")
        till.report(away, "captured", amount="99.00")
        discrepancy = f"evt-{till._reports}"
        till.about("ResolvePaymentDiscrepancy", away, discrepancy_id=discrepancy, note="a mistake")
        declined = till.request("external", "1.00", capture="manual")
        till.report(declined, "failed", code="declined")
        return stored(ledger.history())


def findings(events: list[StoredEvent]) -> list[Finding]:
    checker = LogChecker(codec.decode, len(events))
    checker.page(events)
    assert checker.invariants.checked["payments"] == 3
    return checker.finish()


def test_a_true_life_is_believed(life: list[StoredEvent]) -> None:
    """Also where a refund that was on its way succeeded after a charge-back."""
    assert findings(life) == []
    assert {e.type for e in life} >= {e.type for e in PAYMENT_EVENTS}


def amount(minor: int) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["amount"]["minor"] = minor

    return change


def other_currency(data: dict[str, Any]) -> None:
    data["amount"]["currency"] = "EUR"


def more(name: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        data[name] += 100

    return change


def of_another_order(data: dict[str, Any]) -> None:
    data["order_id"] = "o-2"


def in_euros(data: dict[str, Any]) -> None:
    data["currency"] = "EUR"


@pytest.mark.parametrize(
    ("type_", "change", "kinds"),
    [
        ("payment.captured.v1", amount(900), {"payment_does_not_add_up", "payment_differs"}),
        ("payment.captured.v1", amount(299), {"payment_differs"}),
        ("payment.captured.v1", amount(-300), {"payment_does_not_add_up", "payment_differs"}),
        ("payment.captured.v1", other_currency, {"payment_does_not_add_up"}),
        ("payment.refunded.v1", amount(400), {"payment_does_not_add_up", "payment_differs"}),
        ("payment.refunded.v1", amount(99), {"payment_does_not_add_up", "payment_differs"}),
        ("payment.refund_requested.v1", amount(99), {"payment_does_not_add_up"}),
        ("payment.charged_back.v1", amount(501), {"payment_does_not_add_up", "payment_differs"}),
        ("payment.charged_back.v1", amount(399), {"payment_differs"}),
        ("payment.charge_back_reversed.v1", amount(401), {"payment_does_not_add_up"}),
        ("payment.charge_back_reversed.v1", amount(99), {"payment_differs"}),
        ("payment.authorised.v1", amount(299), {"payment_does_not_add_up"}),
        ("payment.voided.v1", amount(101), {"payment_does_not_add_up"}),
        ("payment.authorisation_expired.v1", amount(99), {"payment_differs"}),
        ("payment.requested.v1", of_another_order, {"payment_differs"}),
        ("order.payment_progressed.v1", more("captured"), {"payment_differs"}),
        ("order.payment_progressed.v1", more("refunded"), {"payment_differs"}),
        ("order.payment_progressed.v1", more("charged_back"), {"payment_differs"}),
        ("order.payment_progressed.v1", in_euros, {"payment_differs", "money_does_not_add_up"}),
    ],
)
def test_a_tampered_payment_is_named(
    life: list[StoredEvent], type_: str, change: Change, kinds: set[str]
) -> None:
    at, state = next((n, json.loads(e.state)) for n, e in enumerate(life) if e.type == type_)
    change(state["data"])
    tampered = life[at]._replace(state=json.dumps(state).encode())
    result = findings([*life[:at], tampered, *life[at + 1 :]])
    assert kinds <= {each.kind for each in result}
    own = state["data"]["payment_id"]
    streams = {each.stream for each in result if each.kind.startswith("payment_")}
    assert streams == {f"payment-{own}"}
    for each in result:
        assert each.expected != each.actual


def test_a_payment_without_a_word_to_its_order_is_named(life: list[StoredEvent]) -> None:
    """The order's own events are renumbered, so that only the sum of its payments tells."""
    at = next(n for n, e in enumerate(life) if e.type == "order.payment_progressed.v1")
    left = [*life[:at], *life[at + 1 :]]
    changed = [
        e._replace(
            position=n + 1,
            version=e.version - (n >= at and e.stream == life[at].stream),
        )
        for n, e in enumerate(left)
    ]
    differing = [f for f in findings(changed) if f.kind == "payment_differs"]
    assert [f.actual for f in differing] == ["nothing"]
