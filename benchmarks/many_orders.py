"""A million orders of two years, written as rows of the read model without a log: what lists are
measured on.

The rows are made by the code that folds orders. Many values are not spread evenly: statuses of open
orders are new, archived orders are old, some channels, countries, locations and tags begin late or
end early, and numbers begin with their channel, as in a shop that grows.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.compare import Progress
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.tables import Build, Table, tables_of
from oms_ledger.engine.rebuild.builds import list_builds
from oms_ledger.kernel import Row
from oms_projections.order_status.fold import READ_MODEL, facets_of, term_row
from oms_projections.order_status.rows import (
    LineRow,
    OrderDocumentRow,
    OrderRow,
)
from oms_projections.order_status.views import item
from oms_projections.order_status.weeks import (
    ARCHIVED,
    beginnings_of,
    facets_of_places,
    week_of,
    weeks_of,
)
from oms_projections.values import text_of

DAYS = 730
END = datetime(2026, 11, 27, 12, tzinfo=UTC)
SKUS = 10_000
CUSTOMERS = 300_000
CHUNK = 20_000
DATED_FROM, DATED_UNTIL = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """A value that a share of the orders has, of those placed in a part of the two years."""

    value: str
    share: float
    since: float = DATED_FROM
    until: float = DATED_UNTIL


CHANNELS = (
    Share("web", 0.6),
    Share("Market", 0.3, since=0.4),
    Share("outlet", 0.2, until=0.3),
    Share("wholesale", 0.02),
    Share("popup", 0.003, since=0.5, until=0.55),
)
COUNTRIES = (
    Share("GB", 0.6),
    Share("DE", 0.2, since=0.4),
    Share("FR", 0.1),
    Share("NL", 0.1, until=0.3),
    Share("BR", 0.02, since=0.9),
    Share("LI", 0.0002),
)
LOCATIONS = (
    Share("LON", 0.6),
    Share("BER", 0.3, since=0.5),
    Share("PAR", 0.1, until=0.6),
    Share("POP", 0.002, since=0.5, until=0.55),
)
TAGS = (
    Share("gift", 0.08),
    Share("summer", 0.5, since=0.6, until=0.72),
    Share("vip", 0.01),
    Share("check", 0.0001),
)


def fill(owner: Connection, count: int, progress: Progress) -> None:
    """Write the orders into the tables of the live build, whose indexes are made afterwards as a
    rebuild makes them."""
    (number,) = (b.number for b in list_builds(owner, READ_MODEL.name) if b.state == "live")
    tables = tables_of(Build(READ_MODEL, number))
    text = statements.source(READ_MODEL, "table.sql")
    for index in _secondary_indexes(owner, [table.name for table in tables.values()]):
        owner.execute(f'DROP INDEX "{index}"'.encode())
    chance = random.Random(1)
    where: dict[str, Row] = {}
    for begin in range(0, count, CHUNK):
        progress(f"making orders: {begin:,} of {count:,}")
        rows = _rows(chance, range(begin, min(begin + CHUNK, count)), count)
        for row in rows[OrderRow]:
            assert isinstance(row, OrderRow)
            where.update({repr(each): each for each in _beginnings(row)})
        _copy(owner, tables, rows)
    _copy(owner, tables, _by_type(where.values()))
    for definition in statements.definitions(text, number)[1]:
        progress(definition[:60])
        owner.execute(definition.encode())
    for table in tables.values():
        owner.execute(f"VACUUM (ANALYZE) {table.name}".encode())


def _secondary_indexes(owner: Connection, tables: Sequence[str]) -> list[str]:
    rows = owner.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
        " AND tablename = ANY (%s) AND indexname NOT LIKE '%%_pkey'",
        (list(tables),),
    )
    return [str(name) for (name,) in rows.fetchall()]


Rows = Mapping[type[Row], Sequence[Row]]


def _rows(chance: random.Random, numbers: range, count: int) -> Rows:
    return _by_type(row for n in numbers for row in order_rows(chance, n, n / count))


def _by_type(rows: Iterable[Row]) -> Rows:
    kinds = defaultdict[type[Row], list[Row]](list)
    for row in rows:
        kinds[type(row)].append(row)
    return kinds


def _beginnings(row: OrderRow) -> Iterator[Row]:
    facets = facets_of_places(row.channel, row.locations, row.country)
    facets += [f"tag:{tag}" for tag in row.tags] + ([ARCHIVED] if row.archived else [])
    delivered = week_of(row.delivered_at) if row.delivered_at else None
    yield from weeks_of(facets, week_of(row.placed_at), week_of(row.updated_at), delivered)
    yield from beginnings_of(row.number, row.channel, facets)


def _copy(owner: Connection, tables: Mapping[type[Row], Table], rows: Rows) -> None:
    for kind, some in rows.items():
        with owner.cursor().copy(tables[kind].copy) as copy:
            copy.write(tables[kind].copied(some))


def order_rows(chance: random.Random, number: int, age: float) -> Iterator[Row]:
    """The rows of one order. `age` is when it was placed: 0 at the beginning of the two years, 1 at
    their end."""
    placed = END - timedelta(days=DAYS * (1 - age), seconds=chance.random() * 60)
    row = _placed(chance, number, age, placed)
    _settle(chance, row, age)
    row.facets = facets_of(row)
    yield row
    yield OrderDocumentRow(row.order_id, "", "", text_of(item(row, None)), 5, row.sensitive)
    yield term_row(row.order_id, "number", row.number)
    if row.external_id:
        yield term_row(row.order_id, "external_id", row.external_id)
    if row.shipped_at:
        tracking = f"TRK{chance.randrange(10**10):010d}"
        yield term_row(row.order_id, "tracking", tracking, f"{row.order_id}-1")
    for line in range(row.line_count):
        sku = f"SKU-{int(SKUS * chance.random() ** 2):05d}"
        yield LineRow(row.order_id, f"{line}", sku, 1, 1, 0, 0, 0, 0, 0, 0)


def _placed(chance: random.Random, number: int, age: float, placed: datetime) -> OrderRow:
    channel = _one(chance, CHANNELS, age)
    ship_by = placed + timedelta(days=2)
    return OrderRow(
        order_id=f"{chance.getrandbits(128):032x}",
        number=f"{channel.upper()}-{number:07d}",
        version=5,
        channel=channel,
        external_id=f"ext-{chance.randrange(10**9):09d}" if chance.random() < 0.6 else None,
        sensitive=False,
        status="completed",
        payment="paid",
        fulfilment="delivered",
        returned="none",
        on_hold=False,
        tags=[tag.value for tag in TAGS if _applies(chance, tag, age)],
        archived=age < 0.88,
        currency="GBP",
        total=int(math.exp(chance.gauss(8.5, 1.0))),
        cancelled_total=0,
        units=3,
        line_count=chance.randint(1, 3),
        locations=[_one(chance, LOCATIONS, age)],
        customer_id=str(chance.randrange(CUSTOMERS)) if chance.random() < 0.7 else None,
        customer=None,
        person=f"{chance.randrange(CUSTOMERS):032x}",
        country=_one(chance, COUNTRIES, age),
        facets=[],
        placed_at=placed,
        ship_by=ship_by,
        deliver_by=placed + timedelta(days=6),
        shipped_at=placed + timedelta(days=abs(chance.gauss(0.8, 0.5))),
        delivered_at=placed + timedelta(days=2 + abs(chance.gauss(1.5, 1.2))),
        last_at=placed,
        updated_at=placed,
    )


def _settle(chance: random.Random, row: OrderRow, age: float) -> None:
    """How far the order has come. New ones are open; a few old ones were forgotten."""
    draw = chance.random()
    if age > 0.999 or draw < 0.0005:
        row.status, row.payment, row.fulfilment = "pending", "pending", "unfulfilled"
        row.shipped_at = row.delivered_at = None
        row.on_hold = chance.random() < 0.3
    elif age > 0.995:
        row.status, row.fulfilment = "processing", chance.choice(("shipped", "unfulfilled"))
        row.delivered_at = None
        if row.fulfilment == "unfulfilled":
            row.shipped_at = None
    elif draw < 0.04:
        row.status, row.payment, row.fulfilment = "cancelled", "refunded", "cancelled"
        row.shipped_at = row.delivered_at = None
        row.cancelled_total = row.total
    elif draw < 0.0405:
        row.status, row.payment, row.fulfilment = "expired", "failed", "cancelled"
        row.shipped_at = row.delivered_at = None
    elif draw < 0.1:
        row.returned, row.payment = "returned", "partially_refunded"
    else:
        row.updated_at = row.delivered_at or row.placed_at
    if row.archived:
        row.updated_at = row.placed_at + timedelta(days=88, seconds=chance.random() * 10**5)
    row.last_at = row.updated_at


def _one(chance: random.Random, shares: Sequence[Share], age: float) -> str:
    given = [share for share in shares if share.since <= age < share.until]
    (picked,) = chance.choices(given, [share.share for share in given])
    return picked.value


def _applies(chance: random.Random, share: Share, age: float) -> bool:
    return share.since <= age < share.until and chance.random() < share.share
