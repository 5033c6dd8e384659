"""The pick list of a location: each SKU once, and below it the fulfilment orders that want it."""

from __future__ import annotations

from reportlab.lib.units import mm

from oms_ledger.documents.sheets import MARGIN, RIGHT, Sheets
from oms_ledger.documents.texts import quantity_label
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.fulfilments.answers import PickAnswer, PickListAnswer, PickListItemAnswer

PICKS_MAX = 2500
"""Picks of one document, which is drawn within the seconds that a request has. An order has no more
lines, so that a wave of one fulfilment order always fits."""

ITEM_HEIGHT = 20 * mm
PICK_HEIGHT = 12 * mm
BAR_HEIGHT = 9 * mm

QUANTITY = MARGIN
TEXT = MARGIN + 18 * mm
CODE = MARGIN + 105 * mm


def pick_list_document(answer: PickListAnswer) -> bytes:
    """The file. `Invalid` where there are more picks than fit into one."""
    picks = sum(len(item["picks"]) for item in answer["items"])
    if picks > PICKS_MAX:
        raise invalid_field(
            "limit", f"The wave has {picks} picks, and a document at most {PICKS_MAX}. Lower it."
        )
    sheets = Sheets("Pick list", answer["location"])
    for item in answer["items"]:
        _draw_item(sheets, item)
    sheets.make_room(PICK_HEIGHT)
    sheets.write(_summary(answer, picks), MARGIN, RIGHT - MARGIN)
    return sheets.content()


def _summary(answer: PickListAnswer, picks: int) -> str:
    end = "More waves follow." if answer["next_cursor"] else "No wave follows."
    return f"End: {answer['fulfilments']} fulfilment orders, {picks} picks. {end}"


def _draw_item(sheets: Sheets, item: PickListItemAnswer) -> None:
    sheets.make_room(ITEM_HEIGHT + PICK_HEIGHT)
    sheets.write(
        quantity_label(item, item["quantity"]), QUANTITY, TEXT - QUANTITY, size=11, bold=True
    )
    below = sheets.write(item["sku"], TEXT, CODE - TEXT, size=11, bold=True, rows=2)
    sheets.write(item["title"], TEXT, CODE - TEXT, rows=2, down=below)
    sheets.draw_barcode(item["sku"], CODE, RIGHT - CODE, BAR_HEIGHT)
    sheets.move_down(ITEM_HEIGHT)
    for pick in item["picks"]:
        _draw_pick(sheets, pick)
    sheets.rule()
    sheets.move_down(3 * mm)


def _draw_pick(sheets: Sheets, pick: PickAnswer) -> None:
    sheets.make_room(PICK_HEIGHT)
    sheets.write(quantity_label(pick, pick["quantity"]), QUANTITY, TEXT - QUANTITY)
    order = f"Order {pick['order_number']}, line {pick['line_id']}"
    sheets.write(order, TEXT, CODE - TEXT)
    sheets.write(f"Ship by {pick['ship_by']}", TEXT, CODE - TEXT, down=4 * mm)
    sheets.draw_barcode(pick["order_number"], CODE, RIGHT - CODE, BAR_HEIGHT)
    sheets.move_down(PICK_HEIGHT)
