"""The first page of lists of a million orders: every filter with every sort, one request after the
other, and the indexes by which PostgreSQL finds them."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping
from statistics import median, quantiles
from urllib.parse import urlencode, urlsplit

from pydantic import TypeAdapter

from benchmarks.compare import Plan, Run, Table
from benchmarks.machine import process_milliseconds
from benchmarks.many_orders import fill
from benchmarks.served import KEY, served_ledger
from benchmarks.shop import ledger
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Timeouts
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.db.statements import on_build
from oms_ledger.engine.rebuild.builds import list_builds
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import ORDERS, SORTINGS, ListOrders

COUNT, QUICK_COUNT = 1_000_000, 50_000
TIMES, WARM = 20, 2
PROCESSOR_TIMES = 5
SECONDS = 1.5
"""A list that takes longer in all is asked for fewer times, but thrice."""

TARGET_MS = 50.0

VALUES: Mapping[str, tuple[str, ...]] = {
    "status": ("completed", "pending", "cancelled", "expired", "processing", "pending,processing"),
    "payment": ("paid", "pending", "failed", "refunded"),
    "fulfilment": ("delivered", "unfulfilled", "shipped"),
    "return": ("none", "returned", "requested"),
    "channel": ("web", "Market", "outlet", "wholesale", "popup", "nobody"),
    "country": ("GB", "DE", "NL", "BR", "LI", "XX"),
    "location": ("LON", "BER", "PAR", "POP"),
    "tag": ("gift", "summer", "vip", "check", "nothing"),
    "archived": ("true", "false"),
    "on_hold": ("true", "false"),
    "late": ("true", "false"),
    "sku": ("SKU-00000", "SKU-00001", "SKU-05000", "SKU-09999"),
    "customer": ("17",),
    "external_id": ("ext-000000001",),
    "q": ("WEB-0000001", "web", "trk12345", "1234567", "99", "no such order", "ext-00", "WEB-09"),
    "placed_from": ("2026-11-01", "2025-06-01"),
    "placed_to": ("2025-01-01", "2026-06-01"),
    "updated_from": ("2026-11-20",),
    "updated_to": ("2025-03-01",),
    "delivered_from": ("2026-11-20", "2025-01-01"),
    "delivered_to": ("2025-01-10",),
}
TOGETHER: tuple[dict[str, str], ...] = (
    {},
    {"placed_from": "2025-06-01", "placed_to": "2025-06-02"},
    {"updated_from": "2025-03-01", "updated_to": "2025-03-03"},
    {"delivered_from": "2025-06-01", "delivered_to": "2025-06-03"},
    {"status": "pending", "channel": "web"},
    {"status": "cancelled", "channel": "Market"},
    {"archived": "true", "channel": "Market"},
    {"country": "DE", "tag": "summer"},
    {"country": "BR", "tag": "vip"},
)


def measure(server: str, plan: Plan) -> Table:
    count = QUICK_COUNT if plan.quick else COUNT
    with ledger(server, "lists") as settings:
        url = settings.database_url
        assert url is not None
        unhurried = Timeouts(statement_ms=0, deadline_seconds=None)
        with pool.connect(url, settings.schema, role=Role.OWNER, timeouts=unhurried) as owner:
            fill(owner, count, plan.progress)
        with served_ledger(settings, workers=0) as address:
            times = _times(address, plan)
        with pool.connect(url, settings.schema) as reader:
            plans = dict(_plans(reader))
            used = dict(_processor_times(reader))
    return _table(count, times, used, plans)


def cases() -> Iterator[dict[str, str]]:
    yield from TOGETHER
    for name, values in VALUES.items():
        for value in values:
            yield {name: value}


def _title(filters: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in filters.items()) or "without a filter"


Times = Mapping[tuple[str, str], list[float]]
"""Milliseconds of each request, by the title of the filters and the sort."""


def _times(address: str, plan: Plan) -> Times:
    times: dict[tuple[str, str], list[float]] = {}
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    for filters in cases():
        plan.progress(_title(filters))
        for sort in SORTINGS:
            path = "/v1/orders?" + urlencode({**filters, "sort": sort})
            times[_title(filters), sort] = _taken(connection, path)
    return times


def _taken(connection: http.client.HTTPConnection, path: str) -> list[float]:
    for _ in range(WARM):
        _milliseconds(connection, path)
    taken: list[float] = []
    while len(taken) < TIMES and (len(taken) < 3 or sum(taken) < SECONDS * 1000):
        taken.append(_milliseconds(connection, path))
    return taken


def _milliseconds(connection: http.client.HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{path}: {answer.status} {body.decode()}")
    return (time.perf_counter() - started) * 1000


def _statement(
    reader: Connection, filters: Mapping[str, str]
) -> tuple[bytes, Mapping[str, object]]:
    """The statement of a list and its parameters, on the live build."""
    number = next(b.number for b in list_builds(reader, READ_MODEL.name) if b.state == "live")
    tables = tuple(kind.table for kind in READ_MODEL.rows)
    params = TypeAdapter(ListOrders).validate_python(dict(filters))
    name, values = ORDERS.statement(params)
    given = frozenset(key for key, value in values.items() if value is not None)
    return on_build(READ_MODEL.package, name, tables, number, given).encode(), values


def _plans(reader: Connection) -> Iterator[tuple[str, str]]:
    """The indexes of the default sort, by the title of the filters."""
    for filters in cases():
        text, values = _statement(reader, filters)
        row = reader.execute(b"EXPLAIN (FORMAT JSON) " + text, values).fetchone()
        assert row is not None, "there is always a plan"
        used = re.findall(r'"(?:Index Name|Relation Name)": "(\w+)"', json.dumps(row[0]))
        names = dict.fromkeys(re.sub(r"_v\d+", "", name) for name in used)
        yield _title(filters), ", ".join(n for n in names if not n.startswith("order_dossiers"))


def _processor_times(reader: Connection) -> Iterator[tuple[tuple[str, str], float]]:
    """Milliseconds of PostgreSQL's processor time for a list, the median of some times: what is
    left of its time where the machine has nothing else to do."""
    process = reader.info.backend_pid
    for filters in cases():
        for sort in SORTINGS:
            text, values = _statement(reader, {**filters, "sort": sort})
            taken: list[float] = []
            for _ in range(PROCESSOR_TIMES):
                before = process_milliseconds(process)
                reader.execute(text, values, prepare=False).fetchall()
                taken.append(process_milliseconds(process) - before)
            yield (_title(filters), sort), median(taken)


def _p95(taken: list[float]) -> float:
    return quantiles(taken, n=20, method="inclusive")[-1]


def _table(
    count: int, times: Times, used: Mapping[tuple[str, str], float], plans: Mapping[str, str]
) -> Table:
    worst = sorted(((_p95(taken), *key) for key, taken in times.items()), reverse=True)
    within = sum(p95 <= TARGET_MS for p95, *_ in worst)
    above = [f"{title} by {sort}: {p95:.0f} ms" for p95, title, sort in worst if p95 > TARGET_MS]
    most = sorted(((each, *key) for key, each in used.items()), reverse=True)
    cheap = sum(each <= TARGET_MS for each, *_ in most)
    costly = [f"{title} by {sort}: {each:.0f} ms" for each, title, sort in most[:10]]
    runs = {}
    for title in dict.fromkeys(title for title, _ in times):
        slowest = max((taken for key, taken in times.items() if key[0] == title), key=_p95)
        rate = 1000 * len(slowest) / sum(slowest)
        runs[title] = [Run(rate, p50_ms=median(slowest), p95_ms=_p95(slowest))]
    notes = [
        f"{count:,} orders of two years, made by `benchmarks/many_orders.py` as rows of the read"
        " model: it says which share of them has each value. One client, the first page, over HTTP,"
        f" {TIMES} requests of each list after {WARM}, fewer of slow ones. Of the six sorts the"
        " slowest is shown.",
        "",
        f"Of {len(worst)} lists {within} have a p95 within {TARGET_MS:.0f} ms."
        + (f" Above it are: {'; '.join(above)}." if above else ""),
        "",
        f"PostgreSQL's processor time is within {TARGET_MS:.0f} ms for {cheap} of them (the median"
        f" of {PROCESSOR_TIMES}). The most take: {'; '.join(costly)}.",
        "",
        "What PostgreSQL reads for the default sort:",
        "",
        *(f"- {title}: {indexes}" for title, indexes in plans.items()),
    ]
    return Table("lists", "Lists of a million orders", "requests/s", runs, notes=notes)
