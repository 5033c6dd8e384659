"""The query by which day how many units of a SKU can be promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.domain.stock.answers import StockPromiseAnswer
from oms_ledger.domain.stock.promise import ExpectedUnits, promise_of, promise_view
from oms_ledger.domain.stock.rules import stock_skus
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.inbound.fold import READ_MODEL
from oms_projections.values import column

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class PromiseOfStock:
    """With `quantity`, days up to that on which there is so much; with `channel`, of the stock that
    it sells."""

    sku: str
    quantity: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    channel: Annotated[str, Field(max_length=100)] | None = None


def promise_of_stock(params: PromiseOfStock, reader: Reader) -> Mapping[str, Json]:
    given = StatesOfLog(reader)
    if given.state(Product, params.sku).defined is None:
        raise NotFound(f"There is no product {params.sku!r}. GET /v1/products lists them.")
    rows = reader.rows("expected_units", skus=stock_skus(params.sku, given))
    expected = [
        ExpectedUnits(
            column(row, "expected_at", datetime).date().isoformat(),
            column(row, "sku", str),
            column(row, "location", str),
            column(row, "quantity", int),
        )
        for row in rows
    ]
    channel = params.channel or ""
    promise = promise_of(params.sku, channel, expected, given, params.quantity)
    return promise_view(params.sku, promise)


QUERIES = (
    Query(
        "promise_of_stock",
        "/v1/stock/{sku}/promise",
        "stock:read",
        READ_MODEL.name,
        PromiseOfStock,
        promise_of_stock,
        "How many units can be promised now, and by which day",
        "A promise is made for now. What was there at a past moment: GET /v1/stock/{sku}?as_of=.",
        within_channels=True,
        answer_type=StockPromiseAnswer,
    ),
)
