"""Loads the 60 days of the sample shop into a ledger, once.

The days end at midnight UTC before the day of the first load. A later load continues the same days:
their end is computed from the first order in the ledger.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from oms_commands.catalogue._fields import SiteFields
from oms_commands.catalogue.put_channel import PutChannel
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_preorder import PutPreorder
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock_alerts.put import PutStockAlert
from oms_ledger.app import Oms
from oms_ledger.demo.shop import CHANNELS, DAYS, DELIVERIES, GOODS, LOCATIONS, stories
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState
from oms_ledger.demo.stages import CURRENCY, STAGES
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.domain.identifiers import order_id_for, stock_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import with_fields
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Command, Position, stream_id

OWNER = "shop owner"
FINISHED = "demo: the 60 days are over"
"""The reference of the last command. A ledger that has it is fully loaded."""
LAST_BEFORE_END = timedelta(minutes=1)
ALERT_UNITS = 5
"""Units for sale at or below which a product is low."""
PREORDER_SKU, PREORDER_UNITS = "TEAPOT-1", 40
"""What is sold before it is there, and how many units of it."""
PREORDER_WAIT = timedelta(days=30)
LAST_SKU, LAST_LOCATION = "SEEDS-MEAD", "YORK"


@dataclass(slots=True)
class LoadResult:
    """The result of a load. `until` is the end of the 60 days; `already` is true where the ledger
    had them all before; `refused` counts refused commands by name and code."""

    until: datetime
    already: bool = False
    commands: int = 0
    events: int = 0
    position: Position = 0
    seconds: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)


def load(oms: Oms, console: Console, now: datetime | None = None) -> LoadResult:
    """Load what is missing of the 60 days, and bring the read models up to date. An interrupted
    load continues when it is run again; after a complete one nothing happens."""
    started = time.monotonic()
    result = LoadResult(_until(oms, now or datetime.now(UTC)))
    result.already = _is_finished(oms)
    with _progress(console) as progress:
        if not result.already:
            task = progress.add_task(f"Playing {DAYS} days of a small shop", total=DAYS)
            for _ in load_days(oms, result):
                progress.advance(task)
        result.position = oms.readers.head()
        task = progress.add_task("Folding the read models", total=result.position)
        oms.catch_up(result.position, lambda at: progress.update(task, completed=at))
    result.seconds = time.monotonic() - started
    console.print(sentence(result), highlight=False, soft_wrap=True)
    return result


def sentence(result: LoadResult) -> str:
    """The load in one sentence."""
    if result.already:
        return f"The demo shop is there already, {DAYS} days up to {result.until:%d %B %Y}."
    rate = result.events / result.seconds if result.seconds else 0
    return (
        f"{result.commands:,} commands, {result.events:,} events written and folded in"
        f" {result.seconds:.1f} s: {rate:,.0f} a second."
    )


def load_days(oms: Oms, result: LoadResult) -> Iterator[Day]:
    """Set up the shop, then load each day in turn, counting into `result`; yields each day that is
    complete. Every command has an idempotency key, so that none is applied twice."""
    until = result.until
    deliveries = [(until - delivery.before, delivery) for delivery in DELIVERIES]
    state = ShopState(stories(until), deliveries, until)
    opens = days(until)[0].opens
    for commands in (_locations, _channels, _products, _opening_stock, _alerts, _preorders):
        _execute(oms, OWNER, list(commands(opens)), state, result)
    for day in days(until):
        for stage in STAGES:
            _execute(oms, stage.actor, list(stage.commands(state, day)), state, result)
        yield day
    _execute(oms, OWNER, [_last(until)], state, result)


def days(until: datetime) -> list[Day]:
    starts = [until - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
    return [Day(opens, closes) for opens, closes in pairwise(starts)]


def _execute(
    oms: Oms, actor: str, scheduled: list[ScheduledCommand], state: ShopState, result: LoadResult
) -> None:
    """Execute commands in order of time, and record their answers in `state`."""
    scheduled.sort(key=lambda each: each.at)
    outcomes = oms.execute_many(
        [_dated(each) for each in scheduled],
        actor=actor,
        keys=[f"demo:{each.key}" for each in scheduled],
    )
    result.commands += len(scheduled)
    for each, outcome in zip(scheduled, outcomes, strict=True):
        if isinstance(outcome, Unavailable):
            raise outcome
        if isinstance(outcome, OmsError):
            result.refused[f"{each.command.name}: {outcome.code}"] += 1
        else:
            result.events += outcome.events
            state.record(each, outcome.answer)


def _dated(scheduled: ScheduledCommand) -> Command:
    """The command with the time that its fact happened at, where it takes one and has none."""
    command = scheduled.command
    takes_time = any(each.name == "occurred_at" for each in fields(command))  # type: ignore[arg-type]  # commands are dataclasses
    if takes_time and getattr(command, "occurred_at", None) is None:
        return with_fields(command, occurred_at=scheduled.at)
    return command


def _locations(at: datetime) -> Iterable[ScheduledCommand]:
    for location in LOCATIONS:
        site = SiteFields(city=location.city, postal_code=location.postal_code, country="GB")
        command = PutLocation(
            code=location.code,
            name_=location.name,
            type=location.kind,
            address=site,
            priority=location.priority,
        )
        yield ScheduledCommand(at, f"place:{location.code}", command)


def _channels(at: datetime) -> Iterable[ScheduledCommand]:
    for channel in CHANNELS:
        command = PutChannel(channel=channel, name_=channel.capitalize())
        yield ScheduledCommand(at, f"channel:{channel}", command)


def _products(at: datetime) -> Iterable[ScheduledCommand]:
    for good in GOODS:
        command = PutProduct(
            sku=good.sku,
            title=good.title,
            weight_g=good.weight,
            unit_cost=Decimal(good.cost).scaleb(-2),
            currency=CURRENCY,
        )
        yield ScheduledCommand(at, f"product:{good.sku}", command)


def _opening_stock(at: datetime) -> Iterable[ScheduledCommand]:
    for good in GOODS:
        for location, quantity in zip(LOCATIONS, good.stock, strict=True):
            if quantity:
                command = ReceiveStock(
                    sku=good.sku,
                    location=location.code,
                    quantity=quantity,
                    reference="opening stock",
                    unit_cost=Decimal(good.cost).scaleb(-2),
                    currency=CURRENCY,
                )
                yield ScheduledCommand(at, f"opening:{good.sku}:{location.code}", command)


def _alerts(at: datetime) -> Iterable[ScheduledCommand]:
    for good in GOODS:
        command = PutStockAlert(sku=good.sku, threshold=ALERT_UNITS)
        yield ScheduledCommand(at, f"alert:{good.sku}", command)


def _preorders(at: datetime) -> Iterable[ScheduledCommand]:
    """A product that comes some weeks after the 60 days, and can be ordered already."""
    defined = PutProduct(sku=PREORDER_SKU, title="Stoneware teapot for one", weight_g=600)
    yield ScheduledCommand(at, f"product:{PREORDER_SKU}", defined)
    preorder = PutPreorder(PREORDER_SKU, at + timedelta(days=DAYS) + PREORDER_WAIT, PREORDER_UNITS)
    yield ScheduledCommand(at, f"preorder:{PREORDER_SKU}", preorder)


def _last(at: datetime) -> ScheduledCommand:
    command = AdjustStock(
        sku=LAST_SKU, location=LAST_LOCATION, change=-1, reason="eaten by mice", reference=FINISHED
    )
    return ScheduledCommand(at - LAST_BEFORE_END, "finished", command)


def _is_finished(oms: Oms) -> bool:
    stream = stream_id(StockLevel, stock_key(LAST_SKU, LAST_LOCATION))
    with oms.readers.open(None) as (reader, _):
        return any(
            isinstance(r.event, StockAdjusted) and r.event.reference == FINISHED
            for r in reader.history(stream)
        )


def _until(oms: Oms, now: datetime) -> datetime:
    """The end of the 60 days: the last midnight, or the one for which the first order in the ledger
    was placed."""
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
