"""Playing the shop's 60 days into a ledger, once.

The days end at midnight UTC before the day of the first load. Whoever loads again gets the same
days again: how far the ledger is can be told from the ledger.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from oms_commands.catalogue._fields import SiteFields
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms
from oms_ledger.demo.shop import DAYS, DELIVERIES, GOODS, LOCATIONS, stories
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState
from oms_ledger.demo.stages import STAGES
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.domain.identifiers import order_id_for, stock_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Position, stream_id

OWNER = "shop owner"
FINISHED = "demo: the 60 days are over"
"""The reference of the last command. Where it is, there is nothing left to load."""
LAST_SKU, LAST_PLACE = "SEEDS-MEAD", "YORK"


@dataclass(slots=True)
class LoadResult:
    """What loading did. `already`: everything had been there. `until` ends the 60 days;
    `refused` counts what the ledger said no to, by command and code."""

    until: datetime
    already: bool = False
    commands: int = 0
    events: int = 0
    position: Position = 0
    seconds: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)


def load(oms: Oms, console: Console, now: datetime | None = None) -> LoadResult:
    """Play what is missing of the 60 days, and bring the read models up to it. Killed in the
    middle and run again, it goes on; run again after that, it does nothing."""
    started = time.monotonic()
    loaded = LoadResult(_until(oms, now or datetime.now(UTC)))
    loaded.already = _is_finished(oms)
    with _progress(console) as progress:
        if not loaded.already:
            task = progress.add_task(f"Playing {DAYS} days of a small shop", total=DAYS)
            for _ in play(oms, loaded):
                progress.advance(task)
        loaded.position = oms.readers.head()
        task = progress.add_task("Folding the read models", total=loaded.position)
        oms.catch_up(loaded.position, lambda at: progress.update(task, completed=at))
    loaded.seconds = time.monotonic() - started
    console.print(told(loaded), highlight=False, soft_wrap=True)
    return loaded


def told(loaded: LoadResult) -> str:
    """The load in one sentence."""
    if loaded.already:
        return f"The demo shop is there already, {DAYS} days up to {loaded.until:%d %B %Y}."
    rate = loaded.events / loaded.seconds if loaded.seconds else 0
    return (
        f"{loaded.commands:,} commands, {loaded.events:,} events written and folded in"
        f" {loaded.seconds:.1f} s: {rate:,.0f} a second."
    )


def play(oms: Oms, loaded: LoadResult) -> Iterator[Day]:
    """Set the shop up, then each day in turn, counting into `loaded`; yields each day that is
    over. Every command has its key, so that what had happened before happens no more."""
    until = loaded.until
    deliveries = [(until - delivery.before, delivery) for delivery in DELIVERIES]
    books = ShopState(stories(until), deliveries)
    for asked in (_places, _products, _opening):
        _ask(oms, OWNER, list(asked(until)), books, loaded)
    for day in days(until):
        for stage in STAGES:
            _ask(oms, stage.actor, list(stage.asks(books, day)), books, loaded)
        yield day
    _ask(oms, OWNER, [_last(until)], books, loaded)


def days(until: datetime) -> list[Day]:
    starts = [until - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
    return [Day(opens, closes) for opens, closes in pairwise(starts)]


def _ask(
    oms: Oms, actor: str, asks: list[ScheduledCommand], books: ShopState, loaded: LoadResult
) -> None:
    """Ask in order of time, and note the answers."""
    asks.sort(key=lambda asked: asked.at)
    results = oms.execute_many(
        [asked.command for asked in asks],
        actor=actor,
        keys=[f"demo:{asked.key}" for asked in asks],
    )
    loaded.commands += len(asks)
    for asked, result in zip(asks, results, strict=True):
        if isinstance(result, Unavailable):
            raise result
        if isinstance(result, OmsError):
            loaded.refused[f"{asked.command.name}: {result.code}"] += 1
        else:
            loaded.events += result.events
            books.note(asked, result.answer)


def _places(at: datetime) -> Iterable[ScheduledCommand]:
    for place in LOCATIONS:
        site = SiteFields(city=place.city, postal_code=place.postal_code, country="GB")
        command = PutLocation(
            code=place.code,
            name_=place.name,
            type=place.kind,
            address=site,
            priority=place.priority,
        )
        yield ScheduledCommand(at, f"place:{place.code}", command)


def _products(at: datetime) -> Iterable[ScheduledCommand]:
    for good in GOODS:
        command = PutProduct(
            sku=good.sku,
            title=good.title,
            weight_g=good.weight,
            unit_cost=Decimal(good.cost).scaleb(-2),
        )
        yield ScheduledCommand(at, f"product:{good.sku}", command)


def _opening(at: datetime) -> Iterable[ScheduledCommand]:
    for good in GOODS:
        for place, quantity in zip(LOCATIONS, good.stock, strict=True):
            if quantity:
                command = ReceiveStock(
                    sku=good.sku,
                    location=place.code,
                    quantity=quantity,
                    reference="opening stock",
                    unit_cost=Decimal(good.cost).scaleb(-2),
                )
                yield ScheduledCommand(at, f"opening:{good.sku}:{place.code}", command)


def _last(at: datetime) -> ScheduledCommand:
    command = AdjustStock(
        sku=LAST_SKU, location=LAST_PLACE, change=-1, reason="eaten by mice", reference=FINISHED
    )
    return ScheduledCommand(at, "finished", command)


def _is_finished(oms: Oms) -> bool:
    stream = stream_id(StockLevel, stock_key(LAST_SKU, LAST_PLACE))
    with oms.readers.open(None) as (reader, _):
        return any(
            isinstance(r.event, StockAdjusted) and r.event.reference == FINISHED
            for r in reader.history(stream)
        )


def _until(oms: Oms, now: datetime) -> datetime:
    """The midnight that the 60 days lead up to: today's, or, where the first order has been
    placed before, the one it was placed for."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = stories(midnight)[0]
    order_id = order_id_for(first.channel, first.external_id, "")
    with oms.readers.open(None) as (reader, _):
        placed = reader.fold(Order, order_id).placed
    return midnight if placed is None else midnight + (placed.placed_at - first.placed_at)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        transient=True,
    )
