"""A worker calls vendors for what events request, and translates what they send."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from oms_ledger.app import Oms
from oms_ledger.integrations import catalogue
from oms_ledger.testing.fault_server import FaultServer, ServedAnswer, fault_server
from oms_ledger.worker import worker as workers
from tests.databases import Database
from tests.integrations.acme import KINDS, message, open_with_acme, payment, post, state
from tests.serving.family import until

LOOPS = {"effects", "jobs", "inbox", "sweeps", "pruner"}


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def shop(ready: Database, vendor: FaultServer) -> Iterator[Oms]:
    with open_with_acme(ready.settings, vendor.url) as oms:
        yield oms


@contextmanager
def worker(oms: Oms) -> Iterator[None]:
    stop = threading.Event()
    run = threading.Thread(target=workers.work, args=(oms.settings, stop, KINDS))
    run.start()
    try:
        yield
    finally:
        stop.set()
        run.join()


def test_a_payment_is_authorised_and_what_the_vendor_sends_is_booked(
    shop: Oms, vendor: FaultServer
) -> None:
    with worker(shop):
        first, second = payment(shop), payment(shop)
        until(lambda: state(shop, second).status == "authorised", "both are authorised")
        until(lambda: state(shop, first).status == "authorised", "both are authorised")
        post(shop, message("m1", "captured", first, 2000))
        until(lambda: state(shop, first).totals.captured == 2000, "the message is translated")
        until(lambda: {each.name for each in shop.readers.work_states()} >= LOOPS, "all report")
    assert {each.target for each in vendor.done if each.method == "POST"} == {
        f"/authorised/{first}",
        f"/authorised/{second}",
    }


def test_a_refusal_of_the_vendor_is_reported(shop: Oms, vendor: FaultServer) -> None:
    declines = ServedAnswer(402, json.dumps({"why": "declined"}).encode())
    vendor.answers = [declines] * 3  # the first sweep has one of them
    with worker(shop):
        declined = payment(shop)
        until(lambda: state(shop, declined).status == "failed", "it is reported")


def test_no_vendor_is_called_where_none_is_connected(ready: Database, vendor: FaultServer) -> None:
    """And payments that the ledger settles itself make no job."""
    assert "stripe" in catalogue.PAYMENT_VENDORS
    with open_with_acme(replace(ready.settings), vendor.url) as oms:
        payment_id = payment(oms, provider="manual")
        with oms.connections.effect_runner() as effects:
            effects.catch_up()
        assert state(oms, payment_id).status == "authorised"
        assert oms.connections.list_jobs() == []
    assert vendor.connections == 0
