"""A text is one text, whether it comes in NFC or in NFD."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from unicodedata import normalize

import pytest
from pydantic import TypeAdapter, ValidationError

from oms_commands import COMMANDS
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.catalogue.events import OrderNumbered
from oms_ledger.domain.identifiers import order_id_of_spelling
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.texts import composed, decomposed, forms, in_all_forms
from oms_ledger.importers.online_retail import FileRow, parse
from oms_ledger.testing import given
from tests.commands.shop import SHELF, place
from tests.commands.test_error_words import paths, sample, with_value

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
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


def valid(name: str) -> dict[str, Any]:
    kind = COMMANDS[name]
    path = [part[1:-1] for part in kind.route.path.split("/") if part.startswith("{")]
    return {**kind.example, **dict.fromkeys(path, "A")}


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
    assert taken


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


def _with(value: Any, **changed: object) -> Any:
    return type(value)(**{**{f.name: getattr(value, f.name) for f in fields(value)}, **changed})


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
