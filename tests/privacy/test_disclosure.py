"""In texts that are of no type whatever looks sealed is masked; nothing else changes."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.privacy import disclosure
from oms_ledger.privacy.crypto import DataKey

ADA = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
NAME, PHONE = ADA.seal("Ada Lovelace", "name"), ADA.seal('+44 "1" \\', "phone")


def masked(body: Any) -> Any:
    return orjson.loads(disclosure.masked(orjson.dumps(body)))


def test_masked_wherever_it_stands() -> None:
    body = {"name": NAME, "any": [NAME, {"personal": PHONE}], "city": "Leeds"}
    assert masked(body) == {"name": "***", "any": ["***", {"personal": "***"}], "city": "Leeds"}


def test_indented_and_streamed_answers_too() -> None:
    indented = orjson.dumps({"name": NAME}, option=orjson.OPT_INDENT_2)
    assert orjson.loads(disclosure.masked(indented)) == {"name": "***"}
    event = b"id: 1\ndata: " + orjson.dumps({"name": NAME}) + b"\n\n"
    assert disclosure.masked(event) == b'id: 1\ndata: {"name":"***"}\n\n'


def test_a_text_for_people_too() -> None:
    assert disclosure.masked_text(f"to {NAME}, {PHONE}.") == "to ***, ***."


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
