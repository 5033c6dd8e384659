"""Payments through PayPal's stand-in, from the order to the refund, with a ledger on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from threading import Event
from typing import get_args

import pytest

from oms_commands.connections.put import PutConnection
from oms_ledger.domain.errors import Unauthenticated
from oms_ledger.domain.money import Money
from oms_ledger.testing.paypal.api import CLIENT_ID, CLIENT_SECRET, WEBHOOK_ID, Fault
from tests.databases import Database
from tests.integrations.payments.till import TOTAL, Till, till
from tests.serving.family import PATIENCE_SECONDS, until


@pytest.fixture
def shop(ready: Database) -> Iterator[Till]:
    with till(ready) as opened:
        yield opened


@pytest.fixture
def forgetful(ready: Database) -> Iterator[Till]:
    """At a stand-in that does twice what is sent twice, and refuses nothing."""
    with till(ready, forgetful=True) as opened:
        yield opened


def test_from_the_order_to_the_refund(shop: Till) -> None:
    payment_id = shop.request(shop.order())
    assert shop.payment(payment_id).status == "pending"
    shop.work()
    assert shop.payment(payment_id).status == "requires_action"
    shop.approve(payment_id)
    shop.deliver()
    shop.work()
    payment = shop.payment(payment_id)
    assert (payment.status, payment.totals.authorised) == ("authorised", 2000)
    assert payment.expires_at is not None
    shop.capture(payment_id, "15.00")
    shop.work()
    assert shop.payment(payment_id).status == "partially_captured"
    shop.capture(payment_id, "3.00", final=True)
    shop.work()
    shop.refund(payment_id, "16.50")  # of two captures: PayPal has two refunds of it
    shop.work()
    shop.deliver()
    shop.work()
    payment = shop.payment(payment_id)
    assert (payment.totals.captured, payment.totals.refunded, payment.totals.released) == (
        1800,
        1650,
        200,
    )
    assert not payment.discrepancies
    assert not shop.disagreements()


def test_captured_at_once_when_approved(shop: Till) -> None:
    payment_id = shop.request(shop.order(), capture="automatic")
    shop.work()
    shop.approve(payment_id)
    shop.deliver()
    shop.work()
    shop.refund(payment_id, TOTAL)
    shop.work()
    assert shop.payment(payment_id).status == "refunded"
    assert not shop.disagreements()


def test_released(shop: Till) -> None:
    payment_id = shop.authorised()
    shop.void(payment_id)
    shop.work()
    shop.deliver()
    shop.work()
    assert shop.payment(payment_id).status == "voided"
    assert shop.stand_in.books.totals()[payment_id]["released"] == 2000


def test_a_refused_void_comes_back_to_the_ledger(shop: Till) -> None:
    """All of it was captured at PayPal's dashboard, before the message about that came."""
    payment_id = shop.authorised()
    (order,) = shop.stand_in.books.orders.values()
    shop.stand_in.capture(order.authorizations[0].id, {"final_capture": True})
    shop.void(payment_id)
    shop.work()
    payment = shop.payment(payment_id)
    assert (payment.voiding, payment.status) == (False, "authorised")
    (discrepancy,) = payment.discrepancies.values()
    assert "void_failed (20.00 GBP)" in discrepancy
    assert {job.state for job in shop.oms.connections.list_jobs()} == {"done"}
    shop.deliver()
    shop.work()
    assert shop.payment(payment_id).status == "captured"


def test_a_declined_payment_fails(shop: Till) -> None:
    payment_id = shop.request(shop.order(), amount="10.66")
    shop.work()
    shop.approve(payment_id)
    shop.deliver()
    shop.work()
    assert shop.payment(payment_id).status == "failed"


def test_what_is_done_at_paypal_comes_into_the_ledger(shop: Till) -> None:
    """A refund in PayPal's dashboard, whose message came, and one whose message was lost."""
    payment_id = shop.authorised()
    shop.capture(payment_id)
    shop.work()
    shop.deliver()
    (order,) = shop.stand_in.books.orders.values()
    (capture,) = order.captures
    shop.stand_in._once(f"/v2/payments/captures/{capture.id}/refund", None, _refund("4.00"))
    shop.deliver()
    shop.work()
    assert shop.payment(payment_id).totals.refunded == 400
    shop.stand_in._once(f"/v2/payments/captures/{capture.id}/refund", None, _refund("1.00"))
    missed = shop.oms.connections.sweeper().step(Event())
    assert missed == 1
    shop.work()
    assert shop.payment(payment_id).totals.refunded == 500
    assert not shop.disagreements()


def test_paypal_gets_the_number_of_the_parcel_once_it_has_captured(shop: Till) -> None:
    payment_id = shop.authorised()
    order_id = shop.payment(payment_id).first_event.order_id
    shop.ship(order_id, "JD0001")
    shop.capture(payment_id)
    shop.work()
    (order,) = shop.stand_in.books.orders.values()
    assert order.parcels == [("DHL", "JD0001")]
    without = shop.authorised()
    shop.ship(shop.payment(without).first_event.order_id, None)
    shop.work()
    listed = shop.oms.connections.list_jobs()
    assert [each.state for each in listed if each.effect == "parcels"] == ["done"]


@pytest.mark.parametrize("fault", get_args(Fault))
def test_whatever_goes_wrong_it_happens_once(forgetful: Till, fault: Fault) -> None:
    payment_id = forgetful.authorised()
    acts: tuple[Callable[[], None], ...] = (
        lambda: forgetful.capture(payment_id, "12.34", final=True),
        lambda: forgetful.refund(payment_id, "2.34"),
    )
    for act in acts:
        forgetful.stand_in.faults.extend([fault, fault])
        act()
        forgetful.work()
        forgetful.stand_in.faults.clear()
    payment = forgetful.payment(payment_id)
    assert (payment.totals.captured, payment.totals.refunded) == (1234, 234)
    assert not forgetful.disagreements()


def test_messages_shuffled_tripled_and_forged(shop: Till) -> None:
    """Each is kept once, whatever is forged is refused, and the ledger has what PayPal has."""
    check_messages(shop, payments=8)


@pytest.mark.long
def test_ten_thousand_messages_shuffled_tripled_and_forged(shop: Till) -> None:
    check_messages(shop, payments=860)


def check_messages(shop: Till, payments: int) -> None:
    chance = random.Random(16)
    patience = PATIENCE_SECONDS + payments
    ids = []
    for _ in range(payments):
        ids.append(shop.request(shop.order()))
    shop.work(patience)
    for payment_id in ids:
        shop.approve(payment_id)
    shop.deliver()
    shop.work(patience)
    for payment_id in ids:
        shop.capture(payment_id, "12.00", final=True)
    shop.work(patience)
    for payment_id in ids[::2]:
        shop.refund(payment_id, "2.00")
    shop.work(patience)
    events = list(shop.stand_in.events)
    posts = [(event, False) for event in events for _ in range(3)]
    posts += [(event, True) for event in chance.choices(events, k=len(posts) // 9)]
    chance.shuffle(posts)
    kept = refused = 0
    for event, forged in posts:
        headers = event.headers("ANOTHER" if forged else WEBHOOK_ID)
        try:
            kept += shop.oms.connections.inbox.receive("paypal", headers, event.body)
        except Unauthenticated:
            assert forged
            refused += 1
    assert refused == sum(forged for _, forged in posts)
    assert kept == len(events) - payments  # the approvals had come before
    shop.work(patience)
    assert not shop.disagreements()
    assert not any(shop.payment(payment_id).discrepancies for payment_id in ids)


def _refund(value: str) -> bytes:
    return b'{"amount":{"currency_code":"GBP","value":"%s"}}' % value.encode()


def test_another_connection_is_not_believed(shop: Till) -> None:
    """A test account whose owner names a payment of the real one as its own."""
    payment_id = shop.request(shop.order())
    shop.work()
    stand_in = shop.stand_in
    forged = stand_in.books.create("CAPTURE", Money(2000, "GBP"), payment_id, None)
    stand_in.books.approve(forged.id)
    stand_in._finish(forged.id, "capture")
    defined = shop.oms.connections.directory.get("paypal")[1]
    options = {each.name: each.value for each in defined.options}
    shop.execute(PutConnection("test", "paypal", defined.base_url, options=options))
    secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    receive = shop.oms.connections.inbox.receive
    until(lambda: "test" in shop.oms.connections.directory.all(), "the connection is there")
    shop.oms.connections.put_secrets("test", secrets, "clerk")
    for event in stand_in.events:
        receive("test", event.headers(), event.body)
    shop.work()
    assert shop.payment(payment_id).status == "requires_action"


def test_another_currency_is_left_to_a_person(shop: Till) -> None:
    payment_id = shop.authorised()
    (order,) = shop.stand_in.books.orders.values()
    order.captures.append(shop.stand_in.books._captured(order, Money(2000, "JPY")))
    shop.deliver([shop.stand_in.events[0]])
    shop.stand_in._event("CHECKOUT.ORDER.COMPLETED", shop.stand_in._order(order))
    shop.deliver()
    retries = shop.oms.connections.translator()
    retries.step()
    assert shop.payment(payment_id).totals.captured == 0
    listed = shop.oms.connections.messages.list(connection="paypal")
    assert "currency_mismatch" in {each.code for each in listed}
