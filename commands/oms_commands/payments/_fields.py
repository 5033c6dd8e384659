"""Fields of payments in a request, and their checks."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Id, Quantity
from oms_ledger.domain.errors import Refused


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError("write a web address, such as https://shop.example/thanks")
    return text


WebAddress = Annotated[str, Field(max_length=2000), AfterValidator(_web_address), COMPOSED]


@dataclass(frozen=True, slots=True, config=STRICT)
class RefundedLine:
    line_id: Id
    quantity: Quantity


def require_currency(wanted: str | None, currency: str) -> None:
    """`Refused` with `currency_mismatch` where a currency is given and is not the order's."""
    if wanted is not None and wanted != currency:
        raise Refused(
            f"The order is in {currency}, the payment in {wanted}. Write the amount in {currency}.",
            code="currency_mismatch",
        )
