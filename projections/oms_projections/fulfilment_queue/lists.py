"""The queue of fulfilment orders: lists, and pick lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from datetime import datetime
from typing import Annotated, cast

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.catalogue.views import in_unit_view, unit_from_view, unit_view
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.fulfilments.views import fulfilment_view
from oms_ledger.domain.fulfilments.work import (
    OPEN_STATUSES,
    FulfilmentOrderStatus,
    Work,
    is_late,
    work_status,
)
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Json, Reader
from oms_projections.fulfilment_queue.works import order_in, works_in
from oms_projections.pages import Cursor, Limit, Mark, cursor_for, mark_of
from oms_projections.search import facets_of, text_filter
from oms_projections.values import Several, Within, column, now
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

ORDERS_READ_MAX = 2000
"""Orders that are read for one page. A page of a rare status may be shorter than its limit."""

AFTER_ORDER = "\U0010ffff"
"""In a mark, after every fulfilment order of its order."""


@dataclass(frozen=True, slots=True, config=STRICT)
class ListFulfilments:
    """By `ship_by`, where `due_before` is given or statuses that only open ones have; else those of
    the newest orders first. Statuses, locations and channels may be several, with commas between.
    `late`: units that have not left should have by now. `due_before` is exclusive; a day alone is
    meant whole, in the time zone `tz`. `q` is looked for, whatever its case, in the order's number,
    external id and tracking numbers. A page can be shorter than `limit`, and have a next one."""

    location: Several[str] = None
    status: Several[FulfilmentOrderStatus] = None
    due_before: DayOrTime | None = None
    tz: Zone = UTC_NAME
    channel: Several[str] = None
    late: bool | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


@plain_dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which fulfilment orders are wanted; None: whatever they have."""

    location: tuple[str, ...] | None = None
    status: tuple[str, ...] | None = None
    due_before: datetime | None = None
    channel: tuple[str, ...] | None = None
    late: bool | None = None
    q: str | None = None
    within: tuple[str, ...] | None = None

    @property
    def is_of_open(self) -> bool:
        """Whether fulfilment orders of orders with nothing left to ship can be left out."""
        statuses = self.status is not None and set(self.status) <= set(OPEN_STATUSES)
        return statuses or self.late is True or self.due_before is not None

    def passes(self, work: Work, order: Order, at: datetime) -> bool:
        return (
            (self.location is None or work.name.location in self.location)
            and (self.status is None or work_status(work, order) in self.status)
            and (self.late is None or is_late(work, order, at) is self.late)
            and (self.due_before is None or work.is_open)
        )

    def parameters(self) -> dict[str, object]:
        """The parameters of the statements."""
        channels = _channels(self.channel)
        return {
            "location": facets_of("location", self.location),
            "channel": channels,
            "within": _channels(self.within),
            "due_before": self.due_before,
            **text_filter(self.q),
        }


def _channels(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else facets_of("channel", map(channel_key, names))


def list_fulfilments(params: ListFulfilments, reader: Reader) -> Mapping[str, Json]:
    wanted = WorkFilter(
        params.location,
        cast("tuple[str, ...] | None", params.status),
        period_end(params.due_before, params.tz),
        params.channel,
        params.late,
        params.q,
        params.within,
    )
    at = now()
    return work_page(
        wanted,
        params.cursor,
        params.limit,
        reader,
        lambda work, order: fulfilment_view(work, order, at),
    )


def work_page(
    wanted: WorkFilter,
    cursor: str | None,
    limit: int,
    reader: Reader,
    view: Callable[[Work, Order], Mapping[str, Json]],
) -> dict[str, Json]:
    """A page of fulfilment orders: `items`, and `next_cursor`."""
    sort = "due" if wanted.is_of_open else "newest"
    start: Mark = [sort, "-infinity" if sort == "due" else "infinity", "", ""]
    after = mark_of(cursor, start) if cursor else start
    if after[0] != sort:
        raise invalid_field(
            "cursor", "It belongs to a list with other filters. Use it with the same ones."
        )
    walk, at, items = _Walk(wanted, after, sort, limit + 1, reader), now(), list[Json]()
    for work, order in walk:
        if wanted.passes(work, order, at):
            items.append(view(work, order))
            if len(items) == limit:
                return {"items": items, "next_cursor": cursor_for(walk.mark)}
    return {"items": items, "next_cursor": None if walk.is_complete else cursor_for(walk.mark)}


class _Walk:
    """The fulfilment orders of orders one after another. `mark` is that of the last one; after the
    walk it `is_complete`, or ended at ORDERS_READ_MAX orders."""

    def __init__(
        self, wanted: WorkFilter, after: Mark, sort: str, batch: int, reader: Reader
    ) -> None:
        self.mark = after
        self.is_complete = False
        self._due = sort == "due"
        self._batch = batch
        self._reader = reader
        self._parameters = wanted.parameters()

    def __iter__(self) -> Iterator[tuple[Work, Order]]:
        statement = "work_by_due_date" if self._due else "work_newest_first"
        for _ in range(0, ORDERS_READ_MAX, self._batch):
            first = self.mark
            rows = self._reader.rows(
                statement,
                **self._parameters,
                after=first[1],
                after_id=first[2] if first[2] or self._due else AFTER_ORDER,
                limit=self._batch,
            )
            for row in rows:
                yield from self._of_order(row, first)
            if len(rows) < self._batch:
                self.is_complete = True
                return

    def _of_order(self, row: Mapping[str, object], first: Mark) -> Iterator[tuple[Work, Order]]:
        order, order_id = order_in(row), column(row, "order_id", str)
        time = rfc3339(column(row, "ship_by" if self._due else "placed_at", datetime))
        last_id = str(first[3]) if order_id == first[2] else ""
        for fulfilment_id, work in sorted(works_in(row, order, self._reader).items()):
            if fulfilment_id > last_id:
                self.mark = [first[0], time, order_id, fulfilment_id]
                yield work, order
        self.mark = [first[0], time, order_id, AFTER_ORDER]


@dataclass(frozen=True, slots=True, config=STRICT)
class PickList:
    """One wave of a location: at most `limit` fulfilment orders with units to pick, those that are
    to be shipped first, and `cursor` for the next wave. `due_before` is exclusive; a day alone is
    meant whole, in the time zone `tz`."""

    location: str
    due_before: DayOrTime | None = None
    tz: Zone = UTC_NAME
    channel: Several[str] = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


PICKABLE = ("open", "accepted", "picking")
"""Statuses of fulfilment orders with units that can be picked."""


def pick_list(params: PickList, reader: Reader) -> Mapping[str, Json]:
    wanted = WorkFilter(
        (params.location,),
        PICKABLE,
        period_end(params.due_before, params.tz),
        params.channel,
        within=params.within,
    )
    page = work_page(wanted, params.cursor, params.limit, reader, _picks)
    works = cast("list[Mapping[str, Json]]", page["items"])
    return {
        "location": params.location,
        "fulfilments": len(works),
        "items": _by_sku(works),
        "next_cursor": page["next_cursor"],
    }


def _picks(work: Work, order: Order) -> Mapping[str, Json]:
    """What is left to pick of a fulfilment order."""
    placed = order.first_event
    return {
        "fulfilment_id": work.fulfilment_id,
        "order_id": placed.order_id,
        "order_number": placed.number,
        "sensitive": placed.sensitive,
        "ship_by": rfc3339(order.ship_by),
        "lines": [
            {
                "line_id": line_id,
                "sku": line.sku,
                "title": line.title,
                "quantity": units,
                "unit": unit_view(line.unit),
            }
            for line_id, units in work.unpicked.items()
            for line in [order.lines[line_id].line]
        ],
    }


def _by_sku(works: list[Mapping[str, Json]]) -> list[Json]:
    """The units of all fulfilment orders by SKU, so that a picker walks to each place once."""
    units: dict[tuple[str, bool], dict[str, Json]] = {}
    for work in works:
        for line in cast("list[Mapping[str, Json]]", work["lines"]):
            key = str(line["sku"]), bool(work["sensitive"])
            item = units.setdefault(
                key,
                {
                    "sku": line["sku"],
                    "title": line["title"],
                    "quantity": 0,
                    "sensitive": work["sensitive"],
                    "picks": [],
                },
            )
            item["quantity"] = cast(int, item["quantity"]) + cast(int, line["quantity"])
            names = ("fulfilment_id", "order_id", "order_number", "ship_by")
            pick = {**{name: work[name] for name in names}}
            pick |= {"line_id": line["line_id"], **_measured(line["quantity"], line["unit"])}
            cast("list[Json]", item["picks"]).append(pick)
            item |= _measured(item["quantity"], line["unit"])
    return [units[key] for key in sorted(units)]


def _measured(quantity: Json, unit: Json) -> dict[str, Json]:
    """A quantity, and where it is measured in a unit the same in this unit."""
    units = {"quantity": cast(int, quantity)}
    measured = unit_from_view(cast("Mapping[str, object] | None", unit))
    return {**units, **in_unit_view(measured, units)}
