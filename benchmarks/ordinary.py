"""The yardstick: the same five events with `eventsourcing` used the ordinary way.

Aggregates and an `Application`, as the library's documentation shows them: get three stock
aggregates and the channel's counter, trigger an event on each, save them with the new order in
one call, and try again after a version conflict. The aggregate cache is switched on, as our
writer has one too.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError
from psycopg.conninfo import conninfo_to_dict

from benchmarks.compare import Contender, Run

SCHEMA = "bench_ordinary"
SKUS = 1000
LINES = 3


class Stock(Aggregate):
    @event("Received")
    def __init__(self, sku: str, location: str, quantity: int) -> None:
        self.sku = sku
        self.location = location
        self.on_hand = quantity
        self.allocated = 0

    @staticmethod
    def create_id(sku: str, location: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/stock/{sku}@{location}")

    @event("Allocated")
    def allocate(self, quantity: int, order_id: str, line_id: str) -> None:
        if self.on_hand - self.allocated < quantity:
            raise ValueError("insufficient stock")
        self.allocated += quantity


class Channel(Aggregate):
    @event("Opened")
    def __init__(self, code: str) -> None:
        self.code = code
        self.sequence = 0

    @staticmethod
    def create_id(code: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/channel/{code}")

    @event("OrderNumbered")
    def number(self, sequence: int, order_id: str) -> None:
        self.sequence = sequence


class Order(Aggregate):
    @event("Placed")
    def __init__(self, number: str, terms: dict[str, object]) -> None:
        self.number = number
        self.terms = terms


class Shop(Application[UUID]):
    """A shop of `SKUS` products with plenty of stock."""

    def open(self) -> None:
        self.save(Channel("web"))
        for i in range(SKUS):
            self.save(Stock(f"SKU-{i:04d}", "LON", 10_000_000))

    def place(self, terms: dict[str, object]) -> UUID:
        while True:
            try:
                return self._place(terms)
            except IntegrityError:
                continue

    def _place(self, terms: dict[str, object]) -> UUID:
        channel: Channel = self.repository.get(Channel.create_id("web"))
        order = Order(f"WEB-{channel.sequence + 1:06d}", terms)
        channel.number(channel.sequence + 1, str(order.id))
        touched: list[Stock] = []
        for line in terms["lines"]:  # type: ignore[attr-defined]  # made by `terms` below
            stock: Stock = self.repository.get(Stock.create_id(line["sku"], "LON"))
            stock.allocate(line["quantity"], str(order.id), line["line_id"])
            touched.append(stock)
        self.save(order, channel, *touched)
        return order.id


def terms(chance: random.Random) -> dict[str, object]:
    """An order like the others' five-event order: three lines, a customer, an address."""
    skus = chance.sample(range(SKUS), LINES)
    return {
        "channel": "web",
        "currency": "GBP",
        "customer": {"id": "17850", "name": "A. Customer", "email": "a@example.com"},
        "shipping_address": {"line1": "1 High Street", "city": "Leeds", "country": "GB"},
        "lines": [
            {
                "line_id": str(n + 1),
                "sku": f"SKU-{sku:04d}",
                "quantity": chance.randint(1, 5),
                "unit_price": 255,
                "tax": 0,
                "discount": 0,
                "title": "A thing",
            }
            for n, sku in enumerate(skus)
        ],
    }


def environment(url: str, schema: str) -> Mapping[str, str]:
    parts = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts.get("dbname", "postgres")),
        "POSTGRES_HOST": str(parts.get("host", "")),
        "POSTGRES_PORT": str(parts.get("port", "5432")),
        "POSTGRES_USER": str(parts.get("user", "postgres")),
        "POSTGRES_PASSWORD": str(parts.get("password", "") or "unused"),
        "POSTGRES_SCHEMA": schema,
        "POSTGRES_POOL_SIZE": "16",
        "AGGREGATE_CACHE_MAXSIZE": "5000",
        "AGGREGATE_CACHE_FASTFORWARD": "y",
    }


@contextmanager
def shop(url: str, schema: str) -> Iterator[Shop]:
    opened = Shop(env=environment(url, schema))
    try:
        try:
            opened.repository.get(Channel.create_id("web"))
        except AggregateNotFoundError:
            opened.open()
        yield opened
    finally:
        opened.close()


def _orders_per_second(place: Shop, threads: int, seconds: float) -> float:
    """Orders placed by this many threads in a loop."""
    done = [0] * threads
    deadline = time.perf_counter() + seconds

    def work(n: int) -> None:
        chance = random.Random(n)
        while time.perf_counter() < deadline:
            place.place(terms(chance))
            done[n] += 1

    started = time.perf_counter()
    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - started)


def _work(url: str, pipe: Connection, threads: int) -> None:
    with shop(url, SCHEMA) as opened:
        pipe.send("ready")
        while (seconds := pipe.recv()) is not None:
            pipe.send(_orders_per_second(opened, threads, seconds))


@contextmanager
def schema(url: str) -> Iterator[None]:
    """An empty schema for its tables, dropped afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        yield
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@contextmanager
def at_work(url: str, threads: int = 4) -> Iterator[Contender]:
    """The shop in a process of its own, with the interpreter's defaults; this one is tuned."""
    pipe, child_pipe = multiprocessing.Pipe()
    with schema(url):
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(url, child_pipe, threads), daemon=True
        )
        worker.start()
        pipe.recv()

        def run(seconds: float) -> Run:
            pipe.send(seconds)
            return Run(pipe.recv())

        try:
            yield run
        finally:
            pipe.send(None)
            worker.join()
