"""The packing slip of a shipment: its recipient, its lines and its parcels."""

from __future__ import annotations

from collections.abc import Mapping

from reportlab.lib.units import mm

from oms_ledger.documents.sheets import MARGIN, RIGHT, Sheets
from oms_ledger.documents.texts import quantity_label
from oms_ledger.domain.catalogue.views import unit_from_view
from oms_ledger.domain.fulfilment.answers import (
    PackageAnswer,
    PackedLineAnswer,
    ShipmentDetailAnswer,
)
from oms_ledger.domain.units import UnitOfMeasure, quantity_text

BAR_HEIGHT = 9 * mm
LINE_HEIGHT = 12 * mm
ROW_HEIGHT = 5 * mm

LABEL = MARGIN
VALUE = MARGIN + 28 * mm
CODE = MARGIN + 105 * mm


def packing_slip_document(answer: ShipmentDetailAnswer) -> bytes:
    """The file."""
    sheets = Sheets("Packing slip", f"Order {answer['order_number']}")
    sheets.draw_barcode(answer["order_number"], CODE, RIGHT - CODE, BAR_HEIGHT)
    for label, value in _head(answer):
        _draw_row(sheets, label, value)
    sheets.move_down(ROW_HEIGHT)
    sheets.rule()
    sheets.move_down(3 * mm)
    for line in answer["lines"]:
        _draw_line(sheets, line)
    units = {
        line["line_id"]: unit
        for line in answer["lines"]
        if (unit := unit_from_view(line.get("unit_of_measure"))) is not None
    }
    for number, package in enumerate(answer["packages"], 1):
        _draw_row(sheets, f"Parcel {number}", _measures(package, units))
    if not units:  # grams and pieces do not add up
        _draw_row(sheets, "Units", answer["units"])
    return sheets.content()


def _head(answer: ShipmentDetailAnswer) -> list[tuple[str, object]]:
    """Labels and values; those that the shipment lacks are left out."""
    rows: list[tuple[str, object]] = [
        ("To", answer["recipient"]),
        ("Town", answer["city"]),
        ("Country", answer["country"]),
        ("Shipment", answer["shipment_id"]),
        ("From", answer["location"]),
        ("Carrier", answer["carrier"]),
        ("Service", answer["service"]),
        ("Tracking", answer["tracking_number"]),
        ("Dispatched", answer["dispatched_at"]),
    ]
    return [(label, value) for label, value in rows if value is not None]


def _draw_row(sheets: Sheets, label: str, value: object) -> None:
    sheets.make_room(ROW_HEIGHT)
    sheets.write(label, LABEL, VALUE - LABEL, bold=True)
    sheets.write(value, VALUE, CODE - VALUE)
    sheets.move_down(ROW_HEIGHT)


def _draw_line(sheets: Sheets, line: PackedLineAnswer) -> None:
    sheets.make_room(LINE_HEIGHT)
    sheets.write(quantity_label(line, line["quantity"]), LABEL, VALUE - LABEL, bold=True)
    sheets.write(line["sku"], VALUE, CODE - VALUE, bold=True, rows=2)
    sheets.draw_barcode(line["sku"], CODE, RIGHT - CODE, BAR_HEIGHT)
    sheets.move_down(LINE_HEIGHT)


def _measures(package: PackageAnswer, units: Mapping[str, UnitOfMeasure]) -> str:
    """The weight and the size, as far as they were measured, and what is in it. `units` are those
    of lines that have one, by `line_id`."""
    sides = [package["length_mm"], package["width_mm"], package["height_mm"]]
    weight, lines = package["weight_g"], package["lines"]
    parts = [
        f"{weight} g" if weight is not None else "",
        " x ".join(map(str, sides)) + " mm" if None not in sides else "",
        ", ".join(
            f"line {line['line_id']}: {quantity_text(line['quantity'], units.get(line['line_id']))}"
            for line in lines
        ),
    ]
    return "; ".join(part for part in parts if part)
