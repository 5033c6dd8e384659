"""The yardstick of the HTTP stack: an ordinary FastAPI route that validates the same body and
writes nothing. `uvicorn benchmarks.null_route:app`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, FastAPI, Request
from stripe import WebhookSignature

from oms_commands.orders.place import PlaceOrder

WEBHOOK_SECRET = "whsec_benchmark"

app = FastAPI()


@app.post("/v1/orders", status_code=201)
async def place(order: Annotated[PlaceOrder, Body()]) -> dict[str, object]:
    """Validated, counted, forgotten."""
    return {"lines": len(order.lines)}


@app.post("/v1/inbox/{connection}")
async def receive(connection: str, request: Request) -> dict[str, object]:
    """Verified, forgotten."""
    body = await request.body()
    signature = request.headers["stripe-signature"]
    WebhookSignature.verify_header(body, signature, WEBHOOK_SECRET, 300)
    return {"status": "stored"}


@app.get("/v1/orders/{order_id}")
async def show(order_id: str) -> dict[str, object]:
    """Found nowhere."""
    return {"order_id": order_id}
