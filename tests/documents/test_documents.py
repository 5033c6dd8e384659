"""Pick lists and packing slips as PDF, read back: their texts, barcodes and pages."""

from __future__ import annotations

import string
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from oms_ledger.documents.packing_slip import packing_slip_document
from oms_ledger.documents.pick_list import PICKS_MAX, pick_list_document
from oms_ledger.documents.sheets import MODULE_MAX, MODULE_MIN, Sheets
from oms_ledger.documents.texts import ELLIPSIS, REGULAR, REPLACEMENT, fitted, printable
from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.fulfilment.answers import ShipmentDetailAnswer
from oms_ledger.domain.fulfilments.answers import PickAnswer, PickListAnswer, PickListItemAnswer
from tests.documents.pdf import barcodes, modules, text_of, texts

HOSTILE = "<b>x</b> &amp; (un\\balanced) ) Tj ET \\ <img src='http://example.com/'/> {{7*7}}"


def pick(number: int) -> PickAnswer:
    return {
        "fulfilment_id": f"o{number}@LON",
        "order_id": f"o{number}",
        "order_number": f"ORD-{number}",
        "ship_by": "2026-11-27T16:00:00Z",
        "line_id": "1",
        "quantity": number,
    }


def item(sku: str, title: str | None, *picks: PickAnswer) -> PickListItemAnswer:
    quantity = sum(each["quantity"] for each in picks)
    return {
        "sku": sku,
        "title": title,
        "quantity": quantity,
        "sensitive": False,
        "picks": list(picks),
    }


def listed(*items: PickListItemAnswer, more: str | None = None) -> PickListAnswer:
    return {
        "location": "LON",
        "fulfilments": len(items),
        "items": list(items),
        "next_cursor": more,
    }


def shipment(**changed: object) -> ShipmentDetailAnswer:
    """The fields of a shipment that its slip shows."""
    answer = {
        "order_number": "ORD-7",
        "shipment_id": "s7",
        "recipient": "Ada Lovelace",
        "city": "London",
        "country": "GB",
        "location": "LON",
        "carrier": "dhl",
        "service": None,
        "tracking_number": "TRK7",
        "dispatched_at": None,
        "units": 3,
        "lines": [{"line_id": "1", "sku": "85123A", "quantity": 3}],
        "packages": [],
    }
    return cast(ShipmentDetailAnswer, answer | changed)


def test_a_pick_list_names_units_places_and_orders() -> None:
    file = pick_list_document(listed(item("85123A", "White lantern", pick(2), pick(3)), more="c"))
    (page,) = texts(file)
    assert page[:3] == ["Pick list", "LON", "Page 1"]
    assert page[3:6] == ["5 x", "85123A", "White lantern"]
    assert page[6:9] == ["2 x", "Order ORD-2, line 1", "Ship by 2026-11-27T16:00:00Z"]
    assert page[-1] == "End: 1 fulfilment orders, 2 picks. More waves follow."
    assert barcodes(file) == ["85123A", "ORD-2", "ORD-3"]


def test_a_packing_slip_names_the_recipient_and_the_units() -> None:
    sizes = {"weight_g": 900, "length_mm": 100, "width_mm": 200, "height_mm": 50}
    package = {**sizes, "lines": [{"line_id": "1", "quantity": 3}]}
    unmeasured: dict[str, object] = {**dict.fromkeys(sizes), "lines": []}
    file = packing_slip_document(shipment(packages=[package, unmeasured]))
    (page,) = texts(file)
    assert page[:3] == ["Packing slip", "Order ORD-7", "Page 1"]
    shown = {"To": "Ada Lovelace", "Town": "London", "Tracking": "TRK7", "3 x": "85123A"}
    assert {label: page[page.index(label) + 1] for label in shown} == shown
    assert "900 g; 100 x 200 x 50 mm; line 1: 3" in page
    assert "Service" not in page
    assert barcodes(file) == ["ORD-7", "85123A"]


def test_goods_by_weight_are_written_in_their_unit() -> None:
    measured: dict[str, object] = {
        "quantity": 250,
        "unit_of_measure": {"code": "kg", "decimals": 3},
        "in_unit": {"quantity": "0.250"},
    }
    cheese = cast(PickAnswer, pick(1) | measured)
    page = texts(
        pick_list_document(listed(cast(PickListItemAnswer, item("C", None, cheese) | measured)))
    )[0]
    assert page.count("0.250 kg") == 2
    lines = [{"line_id": "1", "sku": "C", **measured}, {"line_id": "2", "sku": "M", "quantity": 3}]
    parcel = {
        **dict.fromkeys(("weight_g", "length_mm", "width_mm", "height_mm")),
        "lines": [{"line_id": "1", "quantity": 250}, {"line_id": "2", "quantity": 3}],
    }
    page = texts(packing_slip_document(shipment(lines=lines, packages=[parcel], units=253)))[0]
    assert "line 1: 0.250 kg, line 2: 3" in page
    assert ("0.250 kg" in page, "3 x" in page, "253" in page) == (True, True, False)


@pytest.mark.slow
def test_two_thousand_lines_are_many_pages_and_none_is_lost() -> None:
    lines = [{"line_id": str(n), "sku": f"SKU-{n:04}", "quantity": 1} for n in range(2000)]
    slip = packing_slip_document(shipment(lines=lines))
    pages = texts(slip)
    assert len(pages) > 80
    assert [page[2] for page in pages] == [f"Page {n}" for n in range(1, len(pages) + 1)]
    assert {page[1] for page in pages} == {"Order ORD-7"}
    assert barcodes(slip)[1:] == [f"SKU-{n:04}" for n in range(2000)]
    file = pick_list_document(listed(item("A", None, *map(pick, range(1, 2001)))))
    assert barcodes(file) == ["A", *(f"ORD-{n}" for n in range(1, 2001))]


def test_a_wave_that_is_too_large_names_the_remedy() -> None:
    with pytest.raises(Invalid, match=f"at most {PICKS_MAX}. Lower it") as refused:
        pick_list_document(listed(item("A", None, *map(pick, range(PICKS_MAX + 1)))))
    assert refused.value.errors[0]["field"] == "limit"


def test_markup_in_a_title_is_text() -> None:
    file = pick_list_document(listed(item("A", HOSTILE, pick(1))))
    (page,) = texts(file)
    assert " ".join(page[5:7]).startswith(HOSTILE[:60])
    assert b"/URI" not in file


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    rows = fitted("word " * 300, REGULAR, 9, 200, rows=2)
    assert len(rows) == 2
    assert (rows[0][-4:], rows[1][-1]) == ("word", ELLIPSIS)
    (cut,) = fitted("y" * 900, REGULAR, 9, 200)
    assert cut.endswith(ELLIPSIS)
    assert fitted("short", REGULAR, 9, 200) == ["short"]
    assert fitted(None, REGULAR, 9, 200) == []


@given(st.text(max_size=600), st.floats(20, 300), st.integers(1, 3))
def test_any_text_fits(text: str, width: float, rows: int) -> None:
    fitting = fitted(text, REGULAR, 9, width, rows)
    assert len(fitting) <= rows
    assert all(stringWidth(row, REGULAR, 9) <= width + 0.01 for row in fitting)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zo\u0065\u0301 · 5 €", "Zoé · 5 €"),
        ("東京 tea", f"{REPLACEMENT * 2} tea"),
        ("a\x00b\u202ec", f"a{REPLACEMENT}b{REPLACEMENT}c"),
        (" a\n\tb ", "a b"),
        ("\ud800", REPLACEMENT),
    ],
)
def test_a_character_that_the_fonts_lack_is_replaced_visibly(text: str, shown: str) -> None:
    assert printable(text) == shown


@settings(max_examples=30)
@given(st.text(max_size=200), st.text(max_size=80))
def test_no_text_breaks_a_document(text: str, sku: str) -> None:
    file = pick_list_document(listed(item(sku, text, {**pick(1), "order_number": text})))
    assert "Pick list" in text_of(file)
    lines = [{"line_id": text, "sku": sku, "quantity": 1}]
    slip = packing_slip_document(shipment(recipient=text, city=text, lines=lines, carrier=sku))
    assert "Packing slip" in text_of(slip)


@settings(max_examples=50)
@given(st.text(string.ascii_letters + string.digits + string.punctuation + " ", max_size=18))
def test_a_barcode_is_read_back_or_is_not_drawn(value: str) -> None:
    sheets = Sheets("Pick list", "LON")
    sheets.draw_barcode(value, 0, 1000, 20)
    file = sheets.content()
    assert barcodes(file) == ([] if set(value) <= {"*"} else [value])


@pytest.mark.parametrize("value", ["***", "", "é1", "東京", "A\n1", "X" * 64])
def test_what_no_scanner_could_read_has_no_barcode(value: str) -> None:
    sheets = Sheets("Pick list", "LON")
    sheets.draw_barcode(value, 0, 75 * mm, 20)
    assert barcodes(sheets.content()) == []


def test_a_bar_is_as_wide_as_scanners_need() -> None:
    skus = ["A", "B" * 8, "C" * 14, "D" * 20, "E" * 40]
    file = pick_list_document(listed(*(item(sku, None, pick(1)) for sku in skus)))
    assert "D" * 20 in barcodes(file)
    assert all(MODULE_MIN - 0.001 <= module <= MODULE_MAX + 0.001 for module in modules(file))


def test_the_same_answer_is_the_same_file() -> None:
    assert packing_slip_document(shipment()) == packing_slip_document(shipment())
