"""Payments of the demo through a provider: buyers pay by PayPal what is due of orders that were
sent on account. PayPal is the stand-in that the project ships, on this machine; no account is
needed."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from threading import Thread

from oms_commands.connections.put import PutConnection
from oms_commands.payments.capture import CapturePayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.request import RequestPayment
from oms_ledger.app import Oms
from oms_ledger.demo.summary import all_items
from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.engine.work.job_runner import ATTEMPTS_MAX
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.kernel import Position
from oms_ledger.testing.paypal.api import CLIENT_ID, CLIENT_SECRET, WEBHOOK_ID, PayPalStandIn
from oms_ledger.testing.paypal.http import StandInServer

CONNECTION, PROVIDER = "paypal-demo", "paypal"
TILL = "till"
PORT = 8421
"""Of the stand-in, so that its address stays the same. Where it is taken any other."""

CAPTURED = 5
"""Payments that are captured. Of the first of them `REFUNDED` is given back."""

REFUNDED = Decimal("1.00")
PAYMENTS = CAPTURED + 2
"""Of one more PayPal does not answer the capture, which is left to a person. The last waits for its
buyer."""

AT_ONCE = BackOff(first_seconds=0.0, longest_seconds=0.0)
PATIENCE_SECONDS = 60.0
"""How long all calls to the stand-in may take together."""


@contextmanager
def stand_in_server(port: int = PORT) -> Generator[StandInServer]:
    """The stand-in as a web server on this machine, while the block runs."""
    stand_in = PayPalStandIn()
    try:
        server = StandInServer(stand_in, port)
    except OSError:
        server = StandInServer(stand_in)
    Thread(target=server.serve_forever, name="stand-in", daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def take_payments(oms: Oms, server: StandInServer, at: Position) -> Position:
    """Connect the shop to the stand-in and take payments there, once; the position of the read
    models afterwards, which were at `at`. The stand-in's address must be among the
    `development_urls` of the ledger's settings."""
    options = {"webhook_id": WEBHOOK_ID, "webhook_verification": "api"}
    connection = PutConnection(CONNECTION, PROVIDER, server.url, options=options)
    oms.execute(connection, actor=TILL)
    secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    oms.connections.put_secrets(CONNECTION, secrets, TILL)
    if not all_items(oms, "list_payments", {"provider": PROVIDER}, at):
        _take(oms, server.stand_in, _orders_on_account(oms, at))
    position = oms.readers.head()
    oms.catch_up(position)
    return position


def _orders_on_account(oms: Oms, at: Position) -> list[str]:
    """The newest orders that were sent and of which nothing was paid. What replaces goods is
    free."""
    unpaid = all_items(oms, "list_orders", {"payment": "none"}, at)
    sent = (str(order["order_id"]) for order in unpaid if order["shipped_at"] is not None)
    return [order_id for order_id in sent if _due(oms, order_id) > 0][:PAYMENTS]


def _due(oms: Oms, order_id: str) -> Decimal:
    return Decimal(oms.readers.log().fold(Order, order_id).balance.due).scaleb(-2)


def _take(oms: Oms, stand_in: PayPalStandIn, order_ids: Sequence[str]) -> None:
    payments = [_request(oms, order_id) for order_id in order_ids]
    settle(oms)
    for payment_id in payments[: CAPTURED + 1]:
        _approve(oms, stand_in, payment_id)
    _deliver(oms, stand_in)
    for payment_id in payments[:CAPTURED]:
        _capture(oms, payment_id)
    settle(oms)
    for payment_id in payments[:1]:
        refund = RefundPayment(_order_of(oms, payment_id), payment_id, "arrived late", REFUNDED)
        oms.execute(refund, actor=TILL)
    settle(oms)
    for payment_id in payments[CAPTURED : CAPTURED + 1]:
        stand_in.faults.extend(["error_before"] * ATTEMPTS_MAX)
        _capture(oms, payment_id)
    _deliver(oms, stand_in)


def _request(oms: Oms, order_id: str) -> str:
    request = RequestPayment(
        order_id=order_id,
        provider=PROVIDER,
        amount=_due(oms, order_id),
        connection=CONNECTION,
        return_url="https://shop.example/thanks",
    )
    return str(oms.execute(request, actor=TILL).answer["payment_id"])


def _payment(oms: Oms, payment_id: str) -> Payment:
    return oms.readers.log().fold(Payment, payment_id)


def _order_of(oms: Oms, payment_id: str) -> str:
    return _payment(oms, payment_id).first_event.order_id


def _capture(oms: Oms, payment_id: str) -> None:
    oms.execute(CapturePayment(_order_of(oms, payment_id), payment_id, None, True), actor=TILL)


def _approve(oms: Oms, stand_in: PayPalStandIn, payment_id: str) -> None:
    """What a buyer does at the address to which the shop has sent them."""
    url = _payment(oms, payment_id).action_url or ""
    stand_in.approve(url.partition("token=")[2])


def _deliver(oms: Oms, stand_in: PayPalStandIn) -> None:
    """Post what PayPal would, to the webhook; what came before is known. Then do what follows."""
    settle(oms)
    for event in list(stand_in.events):
        oms.connections.inbox.receive(CONNECTION, event.headers(), event.body)
    settle(oms)


def settle(oms: Oms) -> None:
    """Do all jobs and messages as a worker would, but try again without pauses."""
    connections = oms.connections
    deadline = time.monotonic() + PATIENCE_SECONDS
    translator = connections.translator()
    with connections.effect_runner() as effects, connections.job_runner(AT_ONCE) as jobs:
        while effects.step() or translator.step() or jobs.step() or _waits(oms):
            if time.monotonic() > deadline:
                raise Unavailable("The stand-in for PayPal does not answer. Start the demo again.")
            time.sleep(0.01)


def _waits(oms: Oms) -> bool:
    """Whether an event is not followed yet, or a job or message is not done."""
    unread = any(
        each.lag_events for each in oms.readers.policy_cursors() if each.name == "effect:payments"
    )
    return unread or any(each.backlog for each in oms.connections.statuses())
