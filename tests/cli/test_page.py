"""The page of a customer's export: complete, readable, and every value escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from oms_ledger.cli.page import HEADINGS, customer_page

EXPORT: dict[str, Any] = {
    "customer_id": "c1",
    "customer": {"name": "Ada", "phone": None, "customer_note": "late"},
    "order_details": [{"lines": [{"sku": "A", "quantity": 2, "gift": False}], "holds": []}],
    "events": [],
    "accesses": [{"actor": "key:desk", "purpose": "call"}],
}

HOSTILE = "</dd><script>alert('x')</script><img src=x onerror=\"y\">&amp;"


class Tags(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_fields_with_a_value_are_on_the_page_under_headings() -> None:
    page = customer_page(EXPORT)
    texts = Tags(page).texts
    assert "What is known of customer c1" in texts
    for text in (HEADINGS["customer"], "Ada", "Customer note", "Sku", "2", "False", "key:desk"):
        assert text in texts
    for absent in ("Phone", HEADINGS["events"], "Holds", "None"):
        assert absent not in texts
    assert page.endswith("</html>\n")


@pytest.mark.parametrize(
    "export",
    [
        {"customer_id": HOSTILE},
        {"customer_id": "c1", "customer": {"name": HOSTILE}},
        {"customer_id": "c1", "events": [{"data": [HOSTILE]}]},
        {"customer_id": "c1", HOSTILE: "x"},
        {"customer_id": "c1", "customer": {HOSTILE: "x"}},
    ],
)
def test_every_value_and_every_name_is_escaped(export: dict[str, Any]) -> None:
    plain = Tags(customer_page(EXPORT))
    hostile = Tags(customer_page(export))
    assert hostile.names <= plain.names
    assert any("alert('x')" in text for text in hostile.texts), "it is shown as text"
