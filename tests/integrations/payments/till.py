"""A ledger that takes payments through the stand-in for PayPal, step by step."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import Any

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.connections.put import PutConnection
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.payments.capture import CapturePayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.request import RequestPayment
from oms_commands.payments.void import VoidPayment
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.payments.state import Payment
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work import jobs
from oms_ledger.engine.work.effects import EffectRunner
from oms_ledger.engine.work.job_runner import JobRunner
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.integrations import postgres
from oms_ledger.integrations.inbox import InboxTranslator
from oms_ledger.kernel import Command
from oms_ledger.testing import replace
from oms_ledger.testing.paypal.api import (
    CLIENT_ID,
    CLIENT_SECRET,
    WEBHOOK_ID,
    PayPalStandIn,
    StandInEvent,
)
from oms_ledger.testing.paypal.books import PayPalBooks
from oms_ledger.testing.paypal.http import StandInServer
from tests.databases import Database
from tests.serving.family import PATIENCE_SECONDS

LEASE_SECONDS = 60.0
"""Longer than a try takes on a busy machine. What a killed worker had leased is given back by
`release`."""
RETRIES = BackOff(first_seconds=0.02, longest_seconds=0.05)
TOTAL = "20.00"


class Till:
    """One connection to the stand-in, and the loops of a worker, run by hand."""

    def __init__(self, oms: Oms, stand_in: PayPalStandIn) -> None:
        self.oms = oms
        self.stand_in = stand_in
        self.delivered = 0
        self.approved: set[str] = set()
        self._numbers = count(1)

    def execute(self, command: Command) -> dict[str, Any]:
        return dict(self.oms.execute(command, actor="clerk").answer)

    def order(self) -> str:
        lines = [{"sku": "MUG", "quantity": 2, "unit_price": "10.00"}]
        order = PlaceOrder(channel="web", currency="GBP", lines=lines)  # type: ignore[arg-type]  # validated
        return str(self.execute(order)["order_id"])

    def request(self, order_id: str, *, capture: str = "manual", amount: str = TOTAL) -> str:
        request = RequestPayment(
            order_id=order_id,
            provider="paypal",
            amount=amount,  # type: ignore[arg-type]  # validated from text
            capture=capture,  # type: ignore[arg-type]  # likewise
            return_url="https://shop.example/thanks",
        )
        return str(self.execute(request)["payment_id"])

    def capture(self, payment_id: str, amount: str | None = None, *, final: bool = False) -> None:
        order_id = self.payment(payment_id).first_event.order_id
        self.execute(CapturePayment(order_id, payment_id, amount, final))  # type: ignore[arg-type]  # from text

    def refund(self, payment_id: str, amount: str) -> None:
        order_id = self.payment(payment_id).first_event.order_id
        self.execute(RefundPayment(order_id, payment_id, "damaged", amount))  # type: ignore[arg-type]  # from text

    def void(self, payment_id: str) -> None:
        order_id = self.payment(payment_id).first_event.order_id
        self.execute(VoidPayment(order_id, payment_id, "changed their mind"))

    def ship(self, order_id: str, number: str | None) -> None:
        self.execute(ConfirmOrder(order_id))
        shipment = self.execute(CreateShipment(order_id, "LON", service="DHL"))
        self.execute(DispatchShipment(shipment["shipment_id"], number))

    def payment(self, payment_id: str) -> Payment:
        return self.oms.readers.log().fold(Payment, payment_id)

    def approve(self, payment_id: str) -> None:
        """What the buyer does at the address they were sent to."""
        url = self.payment(payment_id).action_url
        assert url is not None
        self.approved.add(url)
        self.stand_in.approve(url.partition("token=")[2])

    def deliver(self, events: Iterable[StandInEvent] | None = None) -> int:
        """Post what the stand-in has sent since; how many were new."""
        if events is None:
            events = list(self.stand_in.events)[self.delivered :]
            self.delivered = len(self.stand_in.events)
        receive = self.oms.connections.inbox.receive
        return sum(receive("paypal", event.headers(), event.body) for event in events)

    def authorised(self, *, amount: str = TOTAL) -> str:
        """A payment that its buyer has approved."""
        payment_id = self.request(self.order(), amount=amount)
        self.work()
        self.approve(payment_id)
        self.deliver()
        self.work()
        assert self.payment(payment_id).status == "authorised"
        return payment_id

    def work(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Do all jobs and messages."""
        with effect_runner(self.oms) as effects, job_runner(self.oms) as runner:
            translator = inbox_translator(self.oms)

            def at_rest() -> bool:
                effects.step()
                runner.step()
                translator.step()
                return is_at_rest(self.oms)

            deadline = time.monotonic() + patience_seconds
            while not at_rest():
                assert time.monotonic() < deadline, "jobs or messages are not done in time"
                time.sleep(0.02)

    def release(self, database: Database) -> None:
        """Let go of what a worker that is dead for sure has leased, as time would do."""
        with database.connect_owner() as owner:
            owner.execute("UPDATE jobs SET due_at = clock_timestamp() WHERE state = 'running'")
            owner.execute("UPDATE policy_cursors SET lease_owner = NULL")
            owner.execute(
                "UPDATE inbox_messages SET lease_owner = NULL, due_at = clock_timestamp()"
                " WHERE state = 'waiting'"
            )

    def disagreements(self) -> dict[str, object]:
        """Payments of which the stand-in has something else than the ledger."""
        books = self.stand_in.books.totals()
        log = self.oms.readers.log()
        differing: dict[str, object] = {}
        for payment_id in log.keys(Payment):
            totals = log.fold(Payment, payment_id).totals
            ledger = (totals.captured, totals.refunded)
            other = books.get(payment_id, {})
            if ledger != (other.get("captured", 0), other.get("refunded", 0)):
                orders = self.stand_in.books.orders.values()
                mine = [order for order in orders if order.custom_id == payment_id]
                differing[payment_id] = (totals, other, mine)
        return differing


def is_at_rest(oms: Oms) -> bool:
    """Whether every event was followed, and every job and message is done or dead."""
    with oms.connections._lend(Role.READER) as session:
        waiting = [each for each in jobs.counts(session) if each.state not in ("dead", "done")]
        messages = postgres.count_messages(session)
    lags = [each.lag_events for each in oms.readers.policy_cursors() if "effect" in each.name]
    unread = [name for name in messages if name[1] == "waiting"]
    return not any(each.jobs for each in waiting) and not unread and not any(lags)


def effect_runner(oms: Oms) -> EffectRunner:
    runner = oms.connections.effect_runner()
    runner._leases.seconds = LEASE_SECONDS
    return runner


def job_runner(oms: Oms) -> JobRunner:
    connections = oms.connections
    return JobRunner(
        lambda: oms.connections._lend(Role.CONNECTOR),
        list(connections._effects),
        connections.performer(),
        connections.directory.paused,
        lease_seconds=LEASE_SECONDS,
        retries=RETRIES,
    )


def inbox_translator(oms: Oms) -> InboxTranslator:
    translator = oms.connections.translator()
    translator._lease_seconds = LEASE_SECONDS
    return translator


@contextmanager
def serving_stand_in(*, forgetful: bool = False) -> Generator[tuple[PayPalStandIn, str]]:
    """The stand-in on a port, and its address."""
    stand_in = PayPalStandIn(PayPalBooks(lenient=forgetful), forgetful=forgetful)
    with StandInServer(stand_in) as server:
        stand_in._base_url = server.url
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield stand_in, server.url
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def till(database: Database, *, forgetful: bool = False) -> Generator[Till]:
    """A shop with one product, connected to a stand-in."""
    with serving_stand_in(forgetful=forgetful) as (stand_in, url):
        settings = replace(database.settings, development_urls=url)
        with open_prepared(settings) as oms:
            yield connected(oms, stand_in, url)


def connected(oms: Oms, stand_in: PayPalStandIn, url: str) -> Till:
    it = Till(oms, stand_in)
    it.execute(PutLocation("LON", "London"))
    it.execute(ReceiveStock(sku="MUG", location="LON", quantity=100_000))
    options = {"webhook_id": WEBHOOK_ID, "webhook_verification": "api"}
    it.execute(PutConnection("paypal", "paypal", url, options=options))
    secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    oms.connections.put_secrets("paypal", secrets, "clerk")
    return it
