"""Fields of reservations in a request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Quantity, Sku
from oms_ledger.kernel import Context

SECONDS_MAX = 31 * 24 * 3600

Seconds = Annotated[int, Field(ge=1, le=SECONDS_MAX, strict=True)]
"""From now, at most 31 days."""


@dataclass(frozen=True, slots=True, config=STRICT)
class ReservationLineFields:
    """Without `location` the units are held anywhere."""

    sku: Sku
    quantity: Quantity
    location: Code | None = None


def expiry(seconds: int, ctx: Context) -> datetime:
    return ctx.now + timedelta(seconds=seconds)
