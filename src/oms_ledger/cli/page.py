"""The export of a customer's data as one page of HTML, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

HEADINGS = {
    "customer": "Who you are",
    "order_details": "Your orders",
    "events": "What happened",
    "accesses": "Who was shown your data",
    "holds": "Legal holds",
}


def customer_page(export: Mapping[str, Any]) -> str:
    """The answer of `export_customer` as a page that is complete in itself. Every value is
    escaped; fields without a value are left out."""
    environment = Environment(
        loader=PackageLoader("oms_ledger.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"heading": _heading, "words": _words}
    title = f"What is known of customer {export['customer_id']}"
    return environment.get_template("customer_export.html").render(title=title, export=export)


def _heading(name: str) -> str:
    """The heading of a part of the export."""
    return HEADINGS.get(name, _words(name))


def _words(name: str) -> str:
    """The name of a field as words: `placed_at` becomes `Placed at`."""
    return name.replace("_", " ").capitalize()
