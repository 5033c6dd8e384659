"""The personal texts of an answer are those of its personal fields, wherever these are, and nothing
else; what no type declares stays masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NotRequired

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypedDict

from oms_commands import COMMANDS
from oms_ledger.app import Oms
from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.json_values import plain
from oms_ledger.domain.orders.answers import CustomerAnswer
from oms_ledger.domain.personal import Personal, change_personal, personal_values
from oms_ledger.domain.text_kinds import (
    Harmless,
    SealedGivenName,
    SealedIn,
    SealedRecipient,
    SealedText,
)
from oms_ledger.http.answer_plans import batch_plan, command_plan, query_plan
from oms_ledger.http.app import create_app
from oms_ledger.privacy.crypto import DataKey
from oms_ledger.privacy.disclosure import FORGOTTEN, key_id_of
from oms_ledger.privacy.personal_fields import (
    PersonalFields,
    given_names,
    mask_all,
    sealed_texts,
    show_all,
    to_open,
)
from oms_ledger.privacy.sensitivity.plans import FieldPlan, answer_plan, plan_of
from oms_projections import QUERIES
from tests.golden.literals import LITERALS
from tests.http.conftest import Api
from tests.privacy.people import ADA as CUSTOMER

ADA = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
NAME, PHONE = ADA.seal("Ada Lovelace", "name"), ADA.seal('+44 "1" \\', "phone")
GONE = NAME.replace(":k1:", ":k9:")


class PersonAnswer(TypedDict):
    name: SealedText | None
    phone: NotRequired[SealedText]
    also: NotRequired[list[SealedText]]
    friends: NotRequired[list[PersonAnswer]]


class PlaceAnswer(TypedDict):
    """A field of the name of a personal one, which is none."""

    name: Harmless
    note: str


class WholeAnswer(TypedDict, total=False):
    person: PersonAnswer
    recipient: SealedRecipient | None
    first_name: SealedGivenName | None
    place: PlaceAnswer
    by_id: dict[str, PersonAnswer]
    either: Annotated[PlaceAnswer | PersonAnswer, "one of them"]
    events: list[FeedItemAnswer]
    anything: dict[str, object]
    note: str


PLAN = answer_plan(WholeAnswer)
FIELDS = PersonalFields(PLAN)


def opened(body: Any, fields: PersonalFields = FIELDS, *, all_of: bool = True) -> Any:
    """As shown to a reader with the right, or to everybody without a key."""
    copy, texts = fields.copied(body)
    sealed = sealed_texts(texts)
    if not all_of:
        mask_all(texts)
        sealed = given_names(sealed)
    show_all(
        sealed,
        [
            ADA.open(text, name) if key_id_of(text) == "k1" else FORGOTTEN
            for text, name in to_open(sealed)
        ],
    )
    return fields.closed(copy, undeclared=all_of)


def masked(body: Any, fields: PersonalFields = FIELDS) -> Any:
    copy, texts = fields.copied(body)
    mask_all(texts)
    return fields.closed(copy, undeclared=False)


def test_opened_wherever_the_type_has_it() -> None:
    person = {"name": NAME, "phone": PHONE, "also": [PHONE.replace(":k1:", ":k9:")]}
    shown = {"name": "Ada Lovelace", "phone": '+44 "1" \\', "also": [FORGOTTEN]}
    body = {
        "person": {**person, "friends": [person, {"name": None}]},
        "by_id": {"1": person},
        "recipient": NAME,
    }
    assert opened(body) == {
        "person": {**shown, "friends": [shown, {"name": None}]},
        "by_id": {"1": shown},
        "recipient": "Ada Lovelace",
    }


def test_the_answer_itself_is_left_as_it_is() -> None:
    body = {"person": {"name": NAME, "friends": [{"name": NAME}]}, "by_id": {"1": {"name": NAME}}}
    before = orjson.dumps(body)
    opened(body)
    masked(body)
    assert orjson.dumps(body) == before


def test_no_field_is_opened_for_its_name() -> None:
    """What looks sealed was written into a field that is not personal."""
    body = {"place": {"name": NAME, "note": NAME}, "note": NAME}
    assert opened(body) == body
    assert masked(body) == {"place": {"name": "***", "note": "***"}, "note": "***"}


def test_what_no_type_declares_stays_masked_for_every_reader() -> None:
    body = {
        "person": {"name": NAME, "nickname": NAME},
        "anything": {"name": NAME, NAME: 1},
        "email": [NAME],
    }
    shown = opened(body)
    assert shown["person"] == {"name": "Ada Lovelace", "nickname": "***"}
    assert shown["anything"] == {"name": "***", "***": 1}
    assert shown["email"] == ["***"]
    assert NAME not in orjson.dumps(masked(body)).decode()


def test_masked_by_type_even_where_it_is_not_sealed() -> None:
    body = {"person": {"name": "Ada Lovelace"}, "recipient": "Ada", "place": {"name": "London"}}
    assert masked(body) == {
        "person": {"name": "***"},
        "recipient": "***",
        "place": {"name": "London"},
    }


def test_a_field_that_is_personal_in_one_of_two_types() -> None:
    for body in ({"either": {"name": NAME}}, {"either": {"name": "London", "note": "n"}}):
        (text, *_) = body["either"].values()
        assert opened(body)["either"]["name"] == ("Ada Lovelace" if text == NAME else "London")
        assert masked(body)["either"]["name"] == ("***" if text == NAME else "London")


def test_of_a_name_its_given_name_where_no_more_is_meant() -> None:
    body = {"first_name": NAME, "recipient": NAME, "note": "Leeds"}
    assert opened(body, all_of=False) == {"first_name": "Ada", "recipient": "***", "note": "Leeds"}
    assert opened(body)["first_name"] == "Ada"
    assert masked(body)["first_name"] == "***"
    assert opened({"first_name": GONE}, all_of=False) == {"first_name": FORGOTTEN}
    assert masked({"first_name": "Ada"}) == {"first_name": "Ada"}


def test_a_value_is_opened_as_of_the_field_in_which_it_was_sealed() -> None:
    class Moved(TypedDict):
        called: Annotated[str, SealedIn("name")]

    fields = PersonalFields(answer_plan(Moved))
    assert masked({"called": NAME}, fields) == {"called": "***"}
    _, texts = FIELDS.copied({"recipient": NAME})
    assert to_open(texts) == [(NAME, "name")]


@pytest.mark.parametrize("name", LITERALS)
def test_the_personal_values_of_every_event(name: str) -> None:
    """They are found by the event's type as they are found in the event itself."""
    event = LITERALS[name]
    sealed = change_personal(event, lambda value, field: Personal(ADA.seal(value.personal, field)))
    item = {"type": type(event).type, "data": plain(sealed)}
    _, texts = PersonalFields(answer_plan(FeedItemAnswer)).copied(item)
    expected = sorted(value.personal for _, value in personal_values(sealed))
    assert sorted(text for _, _, text, _ in texts) == expected
    sealed_in = {
        value.personal: "name" if field == "recipient" else field
        for field, value in personal_values(sealed)
    }
    assert all(personal.sealed_in == sealed_in[text] for _, _, text, personal in texts)
    shown = orjson.dumps(masked(item, PersonalFields(answer_plan(FeedItemAnswer))))
    assert b"sealed:" not in shown


def test_an_event_of_no_type_stays_closed() -> None:
    data = {"terms": {"customer": {"name": NAME}}}
    body = {"events": [{"type": f"order.placed.{v}", "data": data} for v in ("v1", "v9")]}
    typed, untyped = (item["data"]["terms"]["customer"] for item in opened(body)["events"])
    assert (typed, untyped) == ({"name": "Ada Lovelace"}, {"name": "***"})


PLANS: dict[str, FieldPlan] = {
    **{name: command_plan(kind) for name, kind in COMMANDS.items()},
    **{query.name: query_plan(query) for query in QUERIES},
    "batch": batch_plan((*COMMANDS.values(),)),
}


def instance(plan: FieldPlan, depth: int = 6) -> Any:
    """A value with all its fields, however deep: a sealed text in each that is personal."""
    if plan.objects is None or not depth:
        return NAME if plan.personal else "text"
    body = {name: instance(each, depth - 1) for name, each in plan.objects.fields.items()}
    if plan.objects.values is not None:
        body["any"] = instance(plan.objects.values, depth - 1)
    return body


@pytest.mark.parametrize("name", PLANS)
def test_every_personal_field_of_every_answer_is_masked_and_opened(name: str) -> None:
    body = instance(PLANS[name])
    copy, texts = PersonalFields(PLANS[name]).copied(body)
    rendered = orjson.dumps(body)
    assert len(texts) == rendered.count(NAME.encode())
    show_all(sealed_texts(texts), ["Ada Lovelace"] * len(texts))
    assert b"sealed:" not in orjson.dumps(copy)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from([*WholeAnswer.__annotations__]), inner
        )
    ),
    max_leaves=20,
)


@given(json)
def test_what_is_not_personal_stays_as_it_is(body: Any) -> None:
    _, texts = FIELDS.copied(body)
    assert opened(body) == body
    if not texts:
        assert masked(body) == body


@pytest.fixture
def plans_end_with_the_test() -> Iterator[None]:
    yield
    query_plan.cache_clear()


@pytest.mark.usefixtures("plans_end_with_the_test")
def test_a_field_that_its_type_no_longer_declares_is_masked_for_every_reader(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = CUSTOMER.buys(shop)
    path = f"/v1/orders/{made['order_id']}?as_of={made['position']}"
    assert shop.get(path).json()["customer"]["name"] == CUSTOMER.customer["name"]
    monkeypatch.delitem(plan_of(CustomerAnswer).fields, "name")
    query_plan.cache_clear()
    with Api(create_app(oms)) as api:
        customer = api.get(path).json()["customer"]
    assert (customer["name"], customer["email"]) == ("***", CUSTOMER.email)
