"""The ledger in every comparison: a stocked shop, and orders for it."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import psycopg
from psycopg import sql

from benchmarks.compare import Run
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders._fields import AddressFields, CustomerFields, LineFields, ShippingFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared, prepare
from oms_ledger.bus import PendingOutcome
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.personal import Personal
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.kernel import Command
from oms_ledger.settings import Settings

ACTOR = "benchmark"
SKUS = 1000
LINES = 3


@contextmanager
def ledger(server: str, name: str) -> Iterator[Settings]:
    """Settings of a new ledger on this server; dropped afterwards, as is one that was left by a
    run that was killed."""
    settings = replace(Settings(), database_url=server, ledger=f"bench_{name}")
    _drop(server, settings)
    prepare(server, settings)
    try:
        yield settings
    finally:
        _drop(server, settings)


def _drop(server: str, settings: Settings) -> None:
    schema = sql.Identifier(settings.schema)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
        for role in (sql.Identifier(role.of(settings.schema)) for role in Role):
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


@contextmanager
def stocked(settings: Settings, locations: Sequence[str] = ("LON",)) -> Iterator[Oms]:
    """A shop of `SKUS` products with plenty of stock, everywhere."""
    with open_prepared(settings) as oms:
        for priority, code in enumerate(locations):
            oms.execute(PutLocation(code=code, name_=code, priority=priority), actor=ACTOR)
        receipts = [
            ReceiveStock(sku=sku_of(n), location=code, quantity=10_000_000)
            for code in locations
            for n in range(SKUS)
        ]
        for result in oms.execute_many(receipts, actor=ACTOR):
            assert not isinstance(result, OmsError), result
        yield oms


def sku_of(number: int) -> str:
    return f"SKU-{number:04d}"


def five_event_order(
    chance: random.Random, skus: int = SKUS, *, lines: int = LINES, confirm: bool = False
) -> PlaceOrder:
    """Three lines, a customer, an address: the channel's number, the order, three allocations.
    With one SKU all lines are of it. With more `lines` there are as many more allocations."""
    picked = chance.sample(range(skus), lines) if skus >= lines else [0] * lines
    return PlaceOrder(
        channel="web",
        currency="GBP",
        confirm=confirm,
        customer=CustomerFields(
            id=str(chance.randrange(100_000)),
            name=Personal("A. Customer"),
            email=Personal("a@example.com"),
        ),
        shipping_address=AddressFields(
            name=Personal("A. Customer"),
            line1=Personal("1 High Street"),
            city="Leeds",
            postal_code=Personal("LS1 1AA"),
            country="GB",
        ),
        lines=tuple(
            LineFields(
                sku=sku_of(n),
                quantity=chance.randint(1, 5),
                unit_price="2.55",  # type: ignore[arg-type]  # as it comes in, text
                tax="0.42",  # type: ignore[arg-type]  # as it comes in, text
                title="A thing to buy",
            )
            for n in picked
        ),
        shipping=ShippingFields(service="standard", price="4.95"),  # type: ignore[arg-type]  # text
    )


def keep_in_flight(oms: Oms, commands: Iterator[Command], in_flight: int, seconds: float) -> Run:
    """Commands a second when this many are on their way at any time, in two halves: while one
    is being committed, the next is being made. Runs until `commands` end, or time is up."""
    half = max(1, in_flight // 2)

    def submit() -> list[PendingOutcome]:
        return oms.bus.submit(Submission(next(commands), new_context(ACTOR)) for _ in range(half))

    done = 0
    started = time.perf_counter()
    waiting = deque([submit(), submit()])
    while waiting:
        for future in waiting.popleft():
            future.result()
            done += 1
        if time.perf_counter() - started < seconds:
            waiting.append(submit())
    return Run(done / (time.perf_counter() - started))


def event_sizes(settings: Settings) -> list[int]:
    """Bytes of the five events of the first order in a ledger."""
    with _reading(settings) as connection:
        rows = connection.execute(
            "SELECT octet_length(state) FROM ledger_events WHERE notification_id >="
            " (SELECT min(notification_id) FROM ledger_events"
            " WHERE topic = 'channel.order_numbered.v1') ORDER BY notification_id LIMIT 5"
        ).fetchall()
    return [int(size) for (size,) in rows]


def orders_placed(settings: Settings) -> int:
    """Orders in the log itself, whatever clients were answered."""
    with _reading(settings) as connection:
        row = connection.execute(
            "SELECT count(*) FROM ledger_events WHERE topic = 'order.placed.v1'"
        ).fetchone()
    assert row is not None, "a count has one row"
    return int(row[0])


def _reading(settings: Settings) -> Connection:
    assert settings.database_url is not None
    options = f"-csearch_path={settings.schema}"
    return psycopg.connect(settings.database_url, autocommit=True, options=options)
