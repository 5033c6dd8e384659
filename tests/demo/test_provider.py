"""Payments of the demo at the stand-in for PayPal, and the one that needs a person."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import httpx
import pytest
from rich.console import Console

from oms_ledger.app import Oms, open_prepared
from oms_ledger.demo import LoadResult, show_provider, stand_in_server, take_payments
from oms_ledger.demo.loader import load_days
from oms_ledger.demo.provider import CAPTURED, PAYMENTS, settle
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Position
from oms_ledger.testing.paypal.http import StandInServer
from tests.databases import Database
from tests.demo.conftest import UNTIL

DAYS = 30
"""Enough for orders that were sent on account."""


@pytest.fixture
def provider() -> Iterator[StandInServer]:
    with stand_in_server(0) as server:
        yield server


@pytest.fixture
def shop(ready: Database, provider: StandInServer) -> Iterator[Oms]:
    settings = replace(ready.settings, development_urls=provider.url)
    with open_prepared(settings) as oms:
        for _ in islice(load_days(oms, LoadResult(UNTIL)), DAYS):
            pass
        oms.catch_up()
        yield oms


def payments(oms: Oms) -> dict[str, Payment]:
    """Those through the stand-in, by id."""
    log = oms.readers.log()
    every = {key: log.fold(Payment, key) for key in log.keys(Payment)}
    return {key: each for key, each in every.items() if each.first_event.provider == "paypal"}


def summary(oms: Oms, at: Position, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    show_provider(oms, console, at)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_payments_are_taken_once_and_one_needs_a_person(shop: Oms, provider: StandInServer) -> None:
    start = shop.readers.head()
    assert summary(shop, start) == "", "before there are any"
    position = take_payments(shop, provider, start)
    statuses = Counter(each.status for each in payments(shop).values())
    assert statuses == {
        "captured": CAPTURED - 1,
        "partially_refunded": 1,
        "authorised": 1,
        "requires_action": 1,
    }
    assert statuses.total() == PAYMENTS
    assert_books_agree(shop, provider)
    (job,) = shop.connections.list_jobs(state="dead")
    text = summary(shop, position)
    assert f"needs a person: {job.attempts} tries" in text
    assert f"oms-ledger work jobs dead --ledger {shop.settings.ledger} " in text
    assert f"oms-ledger work retry-job {job.job_id} --ledger {shop.settings.ledger} " in text
    assert "…" not in text

    assert take_payments(shop, provider, position) == position, "again it changes nothing"

    shop.connections.retry_job(job.job_id)
    settle(shop)
    statuses = Counter(each.status for each in payments(shop).values())
    assert statuses["captured"] == CAPTURED
    assert_books_agree(shop, provider)
    shop.catch_up()
    assert "needs a person" not in summary(shop, shop.readers.head())


def assert_books_agree(oms: Oms, provider: StandInServer) -> None:
    books = provider.stand_in.books.totals()
    for payment_id, payment in payments(oms).items():
        totals = (payment.totals.captured, payment.totals.refunded)
        assert totals == (books[payment_id]["captured"], books[payment_id]["refunded"])


def test_the_stand_in_takes_another_port_where_its_own_is_taken(provider: StandInServer) -> None:
    with stand_in_server(provider.server_address[1]) as second:
        assert second.url != provider.url
        assert httpx.get(f"{second.url}/stand-in/books").json() == {}
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{second.url}/stand-in/books")
