"""The answer for one payment, alone and in lists."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.views import payment_view
from oms_ledger.kernel import Json

_encode: Final = msgspec.json.Encoder().encode


def shown(payment: Payment, requested_at: datetime, updated_at: datetime) -> dict[str, Json]:
    """A payment, with when it was requested, and when its newest event was recorded."""
    return {
        **payment_view(payment),
        "requested_at": rfc3339(requested_at),
        "updated_at": rfc3339(updated_at),
    }


def text_of(body: dict[str, Json]) -> str:
    return _encode(body).decode()
