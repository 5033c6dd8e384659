"""The other yardstick: `eventsourcing` used the ordinary way behind an ordinary FastAPI route.
Reads BENCH_URL and BENCH_SCHEMA. `uvicorn benchmarks.ordinary_route:app`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, FastAPI, Request

from benchmarks import ordinary
from oms_commands.orders.place import PlaceOrder


@asynccontextmanager
async def open_shop(app: FastAPI) -> AsyncIterator[None]:
    with ordinary.shop(os.environ["BENCH_URL"], os.environ["BENCH_SCHEMA"]) as shop:
        app.state.shop = shop
        yield


app = FastAPI(lifespan=open_shop)


@app.post("/v1/orders", status_code=201)
def place(order: Annotated[PlaceOrder, Body()], request: Request) -> dict[str, object]:
    """As FastAPI runs a blocking route: in a thread of its pool."""
    terms = {
        "channel": order.channel,
        "currency": order.currency,
        "customer": {"id": order.customer.id if order.customer else None},
        "lines": [
            {
                "line_id": str(n),
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": str(line.unit_price),
                "title": line.title,
            }
            for n, line in enumerate(order.lines, start=1)
        ],
    }
    return {"order_id": str(request.app.state.shop.place(terms))}
