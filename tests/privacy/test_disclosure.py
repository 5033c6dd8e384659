"""Every sealed value in an answer is opened or masked, wherever it is; nothing else changes."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.privacy import disclosure
from oms_ledger.privacy.crypto import DataKey

ADA = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
NAME, PHONE = ADA.seal("Ada Lovelace", "name"), ADA.seal('+44 "1" \\', "phone")


def opening(key_id: str, sealed: str, name: str) -> str:
    return ADA.open(sealed, name) if key_id == "k1" else disclosure.FORGOTTEN


def shown(body: Any, only: str | None = None) -> Any:
    return orjson.loads(disclosure.opened(orjson.dumps(body), opening, only))


def masked(body: Any) -> Any:
    return orjson.loads(disclosure.masked(orjson.dumps(body)))


def test_opened_wherever_it_stands() -> None:
    body = {"a": [{"name": NAME, "phone": PHONE, "n": 1}], "recipient": NAME}
    assert shown(body) == {
        "a": [{"name": "Ada Lovelace", "phone": '+44 "1" \\', "n": 1}],
        "recipient": "Ada Lovelace",
    }


def test_masked_wherever_it_stands() -> None:
    body = {"name": NAME, "any": [NAME, {"personal": PHONE}], "city": "Leeds"}
    assert masked(body) == {"name": "***", "any": ["***", {"personal": "***"}], "city": "Leeds"}


def test_of_a_name_its_given_name_where_no_more_is_meant() -> None:
    body = {"first_name": NAME, "name": NAME, "town": "Leeds"}
    assert shown(body, disclosure.FIRST_NAME) == {
        "first_name": "Ada",
        "name": "***",
        "town": "Leeds",
    }
    rendered = orjson.dumps(body)
    assert disclosure.keys_in(rendered, disclosure.FIRST_NAME) == {"k1"}
    assert disclosure.keys_in(orjson.dumps({"name": NAME}), disclosure.FIRST_NAME) == set()


def test_forgotten_values_are_shown_as_forgotten() -> None:
    assert shown({"first_name": NAME.replace(":k1:", ":k9:")}) == {"first_name": "[forgotten]"}


def test_indented_and_streamed_answers_too() -> None:
    indented = orjson.dumps({"name": NAME}, option=orjson.OPT_INDENT_2)
    assert orjson.loads(disclosure.masked(indented)) == {"name": "***"}
    event = b"id: 1\ndata: " + orjson.dumps({"name": NAME}) + b"\n\n"
    assert disclosure.masked(event) == b'id: 1\ndata: {"name":"***"}\n\n'


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(json)
def test_what_is_not_sealed_stays_as_it_is(body: Any) -> None:
    rendered = orjson.dumps(body)
    if not disclosure.holds_sealed(rendered):
        assert disclosure.masked(rendered) == rendered
        assert disclosure.opened(rendered, opening) == rendered


@given(st.text(max_size=20))
def test_a_text_in_the_form_of_an_answer_opens_nothing(text: str) -> None:
    """A note that looks like a field of an answer is returned unchanged."""
    note = f'{text}"name":"{NAME}"'
    assert shown({"note": note}) == {"note": note}
