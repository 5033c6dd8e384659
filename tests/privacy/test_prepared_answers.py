"""Answers that are prepared as text have the same personal texts as their types."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.app import Oms
from oms_ledger.domain.json_values import plain
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.domain.personal import Personal, change_personal
from oms_ledger.domain.prepared_text import PART_MARK, PERSONAL_MARK, personal_part, plain_json
from oms_ledger.http.answer_plans import query_plan
from oms_ledger.http.app import create_app
from oms_ledger.privacy.crypto import DataKey
from oms_ledger.privacy.personal_fields import PersonalFields, to_open
from oms_ledger.privacy.prepared_answers import PreparedText
from oms_ledger.testing import given as history
from oms_projections import QUERIES
from oms_projections.order_status import views
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.rows import OrderDocumentRow
from oms_projections.values import text_of
from tests.http.conftest import Api
from tests.privacy.people import ADA as CUSTOMER
from tests.projections.histories import placed

ADA = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
NAME = ADA.seal("Ada Lovelace", "name")


def sealed(person: Any) -> Any:
    """The same person or address with its personal values sealed."""
    return change_personal(person, lambda value, name: Personal(ADA.seal(value.personal, name)))


EVERYTHING = OrderEdited(
    "o1",
    "e1",
    "GBP",
    2025,
    1722,
    -303,
    customer=sealed(Customer("c1", Personal("Ada"), Personal("a@b.c"), Personal("1"))),
    shipping_address=sealed(
        Address(Personal("A"), Personal("B"), Personal("C"), "Leeds", None, Personal("D"), "GB")
    ),
    billing_address=sealed(Address(Personal("Bob"), Personal('"B\\'), country="GB")),
)


def stored() -> OrderDocumentRow:
    (row,) = history(placed(), EVERYTHING).folded_into(READ_MODEL).of(OrderDocumentRow)
    return row


def fields_of(name: str) -> PersonalFields:
    return PersonalFields(query_plan(next(each for each in QUERIES if each.name == name)))


@pytest.mark.parametrize(("query", "count"), [("get_order", 9), ("list_orders", 3)])
def test_marked_are_the_personal_fields_of_the_type(query: str, count: int) -> None:
    row = stored()
    content = row.answer.replace(PART_MARK, "")
    content = content if query == "get_order" else f'{{"items":[{row.item}]}}'
    prepared = PreparedText.of(content)
    assert prepared is not None
    _, texts = fields_of(query).copied(orjson.loads(plain_json(content)))
    assert sorted(prepared.sealed) == sorted(to_open(texts))
    assert len(texts) == count


def opened(prepared: PreparedText) -> str:
    return prepared.opened([ADA.open(text, name) for text, name in prepared.sealed])


def test_opened_and_masked_without_parsing() -> None:
    prepared = PreparedText.of(stored().answer.replace(PART_MARK, ""))
    assert prepared is not None
    body = orjson.loads(opened(prepared))
    assert body["customer"] == {"id": "c1", "name": "Ada", "email": "a@b.c", "phone": "1"}
    assert body["billing_address"]["line1"] == '"B\\'
    masked = orjson.loads(prepared.masked())
    assert masked["customer"] == {"id": "c1", "name": "***", "email": "***", "phone": "***"}
    assert body == {**masked, **{name: body[name] for name in PERSONS}}


PERSONS = ("customer", "shipping_address", "billing_address")


def test_a_sealed_text_without_marks_is_opened_by_type() -> None:
    """A note, or a personal field whose marks were forgotten."""
    part = personal_part("name", text_of(NAME))
    assert PreparedText.of(f'{{"name":{part}}}') is not None
    assert PreparedText.of(f'{{"name":{part},"note":{text_of(NAME)}}}') is None
    assert PreparedText.of(f'{{"name":{text_of(NAME)}}}') is None


def test_a_text_that_is_not_sealed_is_masked_as_well() -> None:
    prepared = PreparedText.of(f'{{"name":{personal_part("name", text_of("Ada"))}}}')
    assert prepared is not None
    assert (prepared.sealed, opened(prepared)) == ([], '{"name":"Ada"}')
    assert prepared.masked() == '{"name":"***"}'


@given(st.text(max_size=20))
def test_no_text_can_hold_a_mark(text: str) -> None:
    written = text_of({"note": f"{text}{PERSONAL_MARK}name:x{PART_MARK}"})
    assert PERSONAL_MARK not in written
    assert PART_MARK not in written
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(personal_part("name", text_of(text)))


def test_a_build_without_marks_is_opened_and_masked_by_type(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of before they were there, or one that lacks them by mistake."""
    monkeypatch.setattr(views, "prepared_person", plain)
    made = CUSTOMER.buys(shop)
    path = f"/v1/orders/{made['order_id']}"
    assert shop.get("/v1/orders").status_code == 200
    with oms.readers.open(READ_MODEL.name) as (reader, _):
        (row,) = reader.rows("order_answers", keys=[made["order_id"]])
    assert PERSONAL_MARK not in str(row["answer"])
    assert shop.get(path).json()["customer"]["name"] == CUSTOMER.customer["name"]
    assert CUSTOMER.mark in shop.get("/v1/orders").text
    key = oms.api_keys.create("without", None, ["orders:read"])
    with Api(create_app(oms), key) as others:
        for each in (path, "/v1/orders"):
            answer = others.get(each)
            assert answer.status_code == 200
            assert '"***"' in answer.text
            assert CUSTOMER.mark not in answer.text
            assert "sealed:" not in answer.text
