"""A text is one text, whether it comes in NFC or in NFD."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize

import pytest
from pydantic import TypeAdapter, ValidationError

from oms_commands import COMMANDS
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.catalogue.events import OrderNumbered, Preorder, ProductDefined
from oms_ledger.domain.counts.events import CountCreated
from oms_ledger.domain.identifiers import order_id_of_spelling
from oms_ledger.domain.inbound.events import InboundCreated, InboundLine
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.orders.events import OrderPlaced, UnitsReturned, UnitsShipped
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.stock.events import (
    IncomingStockAdded,
    LotChange,
    StockAllocated,
    StockLotsChanged,
    StockMovedOut,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.stock_alerts.events import StockAlertSet
from oms_ledger.domain.texts import composed, decomposed, forms, in_all_forms
from oms_ledger.domain.transfers.events import (
    ShippedTransferLine,
    TransferCreated,
    TransferLine,
    TransferShipped,
)
from oms_ledger.importers.online_retail import FileRow, parse
from oms_ledger.kernel import Event, field_names
from oms_ledger.testing import given, replace
from oms_ledger.testing.decision import Past
from tests.commands.shop import SHELF, goods, ordered, packed, place, quantities, stock
from tests.commands.shop import line as order_line
from tests.commands.test_error_words import paths, sample, with_value

OF_CODES_ALONE = {"ResumeConnection"}
"""Commands without a text that could have an accent."""

NFC, NFD = "Café", "Cafe\u0301"
assert normalize("NFC", NFD) == NFC != NFD


def texts(value: object) -> Iterator[str]:
    """Every text in a command, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Personal):
        yield value.personal
    elif isinstance(value, tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    else:
        for name in field_names(type(value)):
            yield from texts(getattr(value, name))


def valid(name: str) -> dict[str, Any]:
    kind = COMMANDS[name]
    path = [part[1:-1] for part in kind.route.path.split("/") if part.startswith("{")]
    return {**kind.example, **{part: "GB" if part == "country" else "A" for part in path}}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_text_of_a_command_is_put_into_one_form(name: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(COMMANDS[name])
    schema = adapter.json_schema()
    whole = sample(schema, schema.get("$defs", {}))
    base = valid(name)
    taken = 0
    for path in paths(whole):
        body = with_path(base, whole, path)
        if body is None:
            continue
        try:
            command = adapter.validate_python(body)
        except ValidationError:
            continue  # no text, or one that knows no accents
        values = list(texts(command))
        assert NFD not in values, (name, path)
        taken += NFC in values
    assert taken or name in OF_CODES_ALONE


def with_path(base: dict[str, Any], whole: Any, path: tuple[str | int, ...]) -> Any:
    """The valid body with NFD at the path, taking what lies around it from the sample."""
    if not path:
        return None
    top = path[0]
    return {**base, top: NFD if len(path) == 1 else with_value(whole[top], path[1:], NFD)}


def line(sku: str) -> dict[str, object]:
    return {"sku": sku, "quantity": 1, "unit_price": "1.00"}


def order(external_id: str, sku: str = "A") -> dict[str, object]:
    return {
        "channel": "web",
        "currency": "GBP",
        "lines": [line(sku)],
        "external_id": external_id,
    }


def test_a_sku_and_an_external_id_are_the_same_in_both_forms() -> None:
    given(place()).when(ReceiveStock, sku=NFD, location="LON", quantity=1).then(
        *given(place()).when(ReceiveStock, sku=NFC, location="LON", quantity=1).events
    )
    first = given(*SHELF).when(PlaceOrder, **order(NFC))
    given(*SHELF, *first.events).when(PlaceOrder, **order(NFD)).then()


@pytest.mark.parametrize("sent", [NFC, NFD])
def test_an_older_order_is_matched_by_its_external_id_in_any_form(sent: str) -> None:
    made = given(*SHELF).when(PlaceOrder, **order("plain"))
    (event,) = [each for each in made.events if isinstance(each, OrderPlaced)]
    order_id = order_id_of_spelling("web", NFD)
    terms = _with(event.terms, external_id=NFD)
    old = _with(event, order_id=order_id, terms=terms)
    again = given(*SHELF, OrderNumbered("web", 1, order_id), old).when(PlaceOrder, **order(sent))
    again.then()
    assert again.answer["order_id"] == order_id


LINE = {"sku": NFC, "quantity": 1, "unit_price": "1.00"}
OF_A_SKU: dict[str, dict[str, object]] = {
    "PutProduct": {"sku": NFC, "title": "Coffee"},
    "ReceiveStock": {"sku": NFC, "location": "LON", "quantity": 1},
    "AdjustStock": {"sku": NFC, "location": "LON", "change": -1, "reason": "broken"},
    "CountStock": {"sku": NFC, "location": "LON", "counted": 3},
    "TransferStock": {"sku": NFC, "from": "LON", "to": "MAN", "quantity": 10},
    "ReturnStock": {"sku": NFC, "location": "LON", "quantity": 1},
    "ChangeStockState": {
        "sku": NFC,
        "location": "LON",
        "from_state": "available",
        "to_state": "damaged",
        "quantity": 10,
        "reason": "wet",
    },
    "CreateInbound": {
        "location": "LON",
        "expected_at": "2026-02-01T09:00:00Z",
        "lines": [{"sku": NFC, "quantity": 1}],
    },
    "CreateTransfer": {
        "from_location": "LON",
        "to_location": "MAN",
        "lines": [{"sku": NFC, "quantity": 1}],
    },
    "CreateCount": {"location": "LON", "skus": [NFC]},
    "RecordCount": {"count_id": "n1", "lines": [{"sku": NFC, "counted": 1}]},
    "PutLot": {"sku": NFC, "lot": "L1", "status": "on_hold"},
    "ExpireLot": {"sku": NFC, "lot": "L1"},
    "PutSafetyStock": {"sku": NFC, "code": "LON", "quantity": 2},
    "PutPreorder": {"sku": NFC, "available_at": "2026-03-01T00:00:00Z", "cap": 5},
    "EndPreorder": {"sku": NFC},
    "PutStockAlert": {"sku": NFC, "threshold": 10},
    "CheckStockAlerts": {"sku": NFC},
    "EditOrder": {"order_id": "o1", "changes": [{"type": "add_line", "line": LINE}]},
    "ImportOrder": {
        "channel": "web",
        "currency": "GBP",
        "lines": [LINE, {**LINE, "quantity": 11}],
        "stock": "force",
    },
    "PlaceOrder": {
        "channel": "web",
        "currency": "GBP",
        "lines": [LINE, {**LINE, "quantity": 11}],
        "backorder": "allow",
    },
    "CreateReservation": {"lines": [{"sku": NFC, "quantity": 10}], "expires_in_s": 60},
    "RequestBlindReturn": {"lines": [{"sku": NFC, "quantity": 1}]},
    "RequestReturn": {
        "order_id": "o1",
        "kind": "exchange",
        "lines": [{"line_id": "1", "quantity": 1}],
        "replacement_lines": [LINE],
        "ship_replacement": "now",
        "approve": True,
    },
}
"""Commands with the SKU in NFC, which need the ten units that there are in NFD."""

OF_A_DOCUMENT: dict[str, dict[str, object]] = {
    "ReceiveInbound": {"inbound_id": "i1", "lines": [{"sku": NFC, "quantity": 2}]},
    "ShipTransfer": {"transfer_id": "t1", "lines": [{"sku": NFC, "quantity": 2}]},
    "ReceiveTransfer": {"transfer_id": "t1", "lines": [{"sku": NFC, "quantity": 1}]},
    "DispatchShipment": {
        "shipment_id": "s1",
        "lots": [{"line_id": "1", "sku": NFC, "lot": "L1", "quantity": 1}],
        "serials": [{"line_id": "1", "sku": NFC, "serials": ["S1"]}],
    },
}
"""Commands with the SKU in NFC about lines of a delivery, transfer or shipment of before."""

DOCUMENTS = (
    InboundCreated("i1", "LON", datetime(2026, 2, 1, tzinfo=UTC), (InboundLine(NFD, 2),)),
    IncomingStockAdded(NFD, "LON", 2, "i1"),
    TransferCreated("t1", "LON", "MAN", (TransferLine(NFD, 3),)),
    TransferShipped("t1", (ShippedTransferLine(NFD, 1),)),
    StockMovedOut(NFD, "LON", 1, "MAN", "t1"),
    IncomingStockAdded(NFD, "MAN", 1, "t1"),
    StockAllocated(NFD, "LON", 1, "o1", "1"),
    StockLotsChanged(NFD, "LON", (LotChange("L1", 9, "approved", "2030-01-01"),)),
    *packed(1, sku=NFD),
)

DRAFTS = {"CreateDraft", "PutDraft"}
"""They keep the SKU as it is written. Which product it is follows when the order is placed."""

OF_BEFORE = (
    place(),
    place("MAN", 2),
    goods(NFD),
    stock(10, NFD),
    goods("B"),
    stock(1, "B"),
    *ordered(order_line(1, sku="B"), got=(Allocation("1", "B", "LON", 1),)),
)


SENT = (
    *packed(1, sku="B"),
    UnitsShipped("o1", "s1", quantities(1)),
    StockShipped("B", "LON", 1, "o1", "1", "s1"),
)


def past_of(name: str, *before: Event) -> Past:
    """The past in which a command of `OF_A_SKU` can be executed."""
    newest, soon = NFC if before else NFD, datetime(2026, 3, 1, tzinfo=UTC)
    sold = ProductDefined(newest, newest, True, preorder=Preorder("p1", soon, 5))
    more: dict[str, tuple[Event, ...]] = {
        "EndPreorder": (sold,),
        "CheckStockAlerts": tuple(StockAlertSet(sku, None, None, 10) for sku in (NFC, NFD)),
        "RequestReturn": SENT,
        "RecordCount": (CountCreated("n1", "LON"),),
        "ExpireLot": tuple(LotDefined(sku, "L1", "approved", "2020-01-01") for sku in (NFC, NFD)),
    }
    return given(*OF_BEFORE, *before, *more.get(name, ()))


def test_all_commands_with_a_sku_are_tried() -> None:
    """Those that have one in a list, or in a class of its own, among them. A hold rule compares the
    composed forms."""
    with_sku = {
        name
        for name, kind in COMMANDS.items()
        if any("sku" in field for field in names_in_schema(TypeAdapter(kind).json_schema()))
    }
    assert with_sku - DRAFTS - {"PutHoldRule"} == {*OF_A_SKU, *OF_A_DOCUMENT}
    assert {"RequestReturn", "RequestBlindReturn", "EditOrder"} <= with_sku


def names_in_schema(schema: object) -> Iterator[str]:
    """The names of all fields in a schema, of the classes of its fields too."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for each in schema.values():
            yield from names_in_schema(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from names_in_schema(each)


@pytest.mark.parametrize("name", OF_A_SKU)
def test_a_product_of_before_is_reached_by_its_sku(name: str) -> None:
    done = past_of(name).when(COMMANDS[name], **OF_A_SKU[name])
    assert done.events
    shown = repr(done.events) + repr(done.answer)
    assert NFD in shown
    assert NFC not in shown
    same = past_of(name).when(
        COMMANDS[name], **{**OF_A_SKU[name], **({"sku": NFD} if "sku" in OF_A_SKU[name] else {})}
    )
    assert same.events == done.events


@pytest.mark.parametrize("name", OF_A_DOCUMENT)
def test_a_line_of_a_document_of_before_is_reached_by_its_sku(name: str) -> None:
    done = given(*OF_BEFORE, *DOCUMENTS).when(COMMANDS[name], **OF_A_DOCUMENT[name])
    assert done.events
    shown = repr(done.events) + repr(done.answer)
    assert NFD in shown
    assert NFC not in shown


@pytest.mark.parametrize("name", OF_A_SKU)
def test_a_product_in_the_form_that_is_sent_comes_first(name: str) -> None:
    """Where both forms were defined before texts had one."""
    both = past_of(name, goods(NFC), stock(10, NFC)).when(COMMANDS[name], **OF_A_SKU[name])
    shown = repr(both.events)
    assert NFC in shown
    assert NFD not in shown


def test_what_was_short_of_it_is_refused_by_the_units_of_before() -> None:
    lines = [{**LINE, "quantity": 11}]
    refused = given(*OF_BEFORE).when(PlaceOrder, channel="web", currency="GBP", lines=lines)
    assert refused.then_refused("insufficient_stock").errors[0]["available"] == 10


@pytest.mark.parametrize("sent", [NFC, NFD])
def test_a_line_is_returned_by_its_sku(sent: str) -> None:
    past = (
        *OF_BEFORE[:4],
        *ordered(order_line(1, sku=NFD), got=(Allocation("1", NFD, "LON", 1),)),
        *packed(1, sku=NFD),
        UnitsShipped("o1", "s1", quantities(1)),
        StockShipped(NFD, "LON", 1, "o1", "1", "s1"),
    )
    fields = {"sku": sent, "location": "LON", "quantity": 1, "order_id": "o1", "line_id": "1"}
    given(*past).when(COMMANDS["ReturnStock"], **fields).then(
        UnitsReturned("o1", None, quantities(1)),
        StockReturned(NFD, "LON", 1, None, None, "o1"),
    )


@pytest.mark.parametrize("sent", [NFC, NFD])
def test_an_order_of_before_sent_again_is_the_same(sent: str) -> None:
    """Whatever form its texts were stored in."""
    body = {
        **order("1001"),
        "lines": [{**line(sent), "title": sent}],
        "customer": {"id": sent},
        "shipping_address": {"city": sent, "region": sent, "country": "FR"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oms_ledger.domain.texts.normalize", lambda form, text: text)
        first = given(*OF_BEFORE).when(PlaceOrder, **_sent_in(body, sent, NFD))
    assert NFC not in repr(first.events)
    given(*OF_BEFORE, *first.events).when(PlaceOrder, **body).then()
    changed = {**body, "shipping_address": {"city": "Nantes", "country": "FR"}}
    other = given(*OF_BEFORE, *first.events).when(PlaceOrder, **changed)
    other.then_refused("external_id_reused")


def _sent_in(value: Any, form: str, other: str) -> Any:
    """A body with another form in the place of each text in this one."""
    if isinstance(value, dict):
        return {name: _sent_in(each, form, other) for name, each in value.items()}
    if isinstance(value, list):
        return [_sent_in(each, form, other) for each in value]
    return other if value == form else value


def _with(value: Any, **changed: object) -> Any:
    return replace(value, **changed)


def test_forms() -> None:
    assert (composed(NFD), decomposed(NFC), composed("plain")) == (NFC, NFD, "plain")
    assert forms(NFC) == [NFC, NFD]
    assert forms("plain") == ["plain"]
    assert in_all_forms({"sku": "A"}) == [{"sku": "A"}]
    assert in_all_forms({"q": NFD, "limit": "5"}) == [
        {"q": NFC, "limit": "5"},
        {"q": NFD, "limit": "5"},
    ]


def test_rows_of_a_file_are_put_into_one_form() -> None:
    row = parse(1, ["1", NFD, NFD, "1", "2010-12-01 08:26:00", "1.00", "", "France"])
    assert isinstance(row, FileRow)
    assert (row.sku, row.title) == (NFC, NFC)
