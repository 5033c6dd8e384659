"""The list of customers."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json, Reader
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.values import Several, column, maybe, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class ListCustomers:
    """By id: customers who have one that is no e-mail address. Guests are found by their address:
    GET /v1/orders?q=. Tags may be several, with commas between: any of them. Those whose processing
    is restricted are left out; with `restricted` they alone are listed."""

    tag: Several[str] = None
    restricted: bool = False
    cursor: Cursor = None
    limit: Limit = 50


def list_customers(params: ListCustomers, reader: Reader) -> Mapping[str, Json]:
    after = mark_of(params.cursor, [""])[0] if params.cursor else None
    rows = reader.rows(
        "list_customers",
        after=after,
        tag=None if params.tag is None else list(params.tag),
        restricted=params.restricted,
        limit=params.limit,
    )
    last: Mark | None = [column(rows[-1], "customer_id", str)] if rows else None
    return page([_customer(row) for row in rows], params.limit, last)


def _customer(row: Mapping[str, object]) -> dict[str, Json]:
    counts = ("orders", "cancelled_orders", "returns", "forgotten")
    return {
        "customer_id": column(row, "customer_id", str),
        "tags": column(row, "tags", list),
        **{name: column(row, name, int) for name in counts},
        "first_order_at": maybe_time(row, "first_order_at"),
        "last_order_at": maybe_time(row, "last_order_at"),
        "money": [_money(part) for part in maybe(row, "money", list) or []],
    }


def _money(part: Mapping[str, object]) -> dict[str, Json]:
    currency = column(part, "currency", str)
    sums = ("ordered", "paid", "refunded")
    return {"currency": currency, **{n: to_text(column(part, n, int), currency) for n in sums}}
