"""A sealed value opens with its own key, in its own field and ledger, and unaltered; or not at
all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.personal import SEALED, Personal, key_of
from oms_ledger.privacy.crypto import TEXTS_MAX, DataKey, Keyring, LedgerKey, Unreadable

ADA = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
BOB = DataKey.of("k2", "customer:2", "ledger", b"b" * 32)
ELSEWHERE = DataKey.of("k1", "customer:1", "other ledger", b"a" * 32)
FIELDS = ("name", "email", "phone", "line1", "line2", "postal_code")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
fields = st.sampled_from(FIELDS)


@given(texts, fields)
def test_what_is_sealed_opens(text: str, name: str) -> None:
    sealed = ADA.seal(text, name)
    assert sealed.startswith(f"{SEALED}k1:")
    assert key_of(Personal(sealed)) == "k1"
    assert ADA.open(sealed, name) == text


@given(st.text("abcdefgh", min_size=3, max_size=200), fields)
def test_nothing_of_it_shows(text: str, name: str) -> None:
    assert text not in ADA.seal(text, name).removeprefix(SEALED) or len(text) < 6


@given(texts, fields)
def test_the_same_is_sealed_the_same(text: str, name: str) -> None:
    again = DataKey.of("k1", "customer:1", "ledger", b"a" * 32)
    assert again.seal(text, name) == ADA.seal(text, name)


@given(texts, fields)
def test_for_two_persons_or_fields_it_is_not_the_same(text: str, name: str) -> None:
    others = {ADA.seal(text, other) for other in FIELDS if other != name}
    mine = ADA.seal(text, name).rpartition(":")[2]
    assert mine not in {other.rpartition(":")[2] for other in others}
    assert mine != BOB.seal(text, name).rpartition(":")[2]


@given(texts, fields, fields)
def test_no_other_key_opens_it_and_it_opens_in_no_other_field(
    text: str, name: str, other: str
) -> None:
    sealed = ADA.seal(text, name)
    for key in (BOB, ELSEWHERE, DataKey.of("k2", "customer:1", "ledger", b"a" * 32)):
        with pytest.raises(Unreadable):
            key.open(sealed.replace(":k1:", f":{key.id}:"), name)
    if other != name:
        with pytest.raises(Unreadable):
            ADA.open(sealed, other)


@given(texts, fields, st.data())
def test_a_changed_character_is_noticed(text: str, name: str, data: st.DataObject) -> None:
    sealed = ADA.seal(text, name)
    start = len(f"{SEALED}k1:")
    # The last character may hold bits that are not looked at.
    at = data.draw(st.integers(start, len(sealed) - 2))
    letter = data.draw(st.sampled_from("ABCabc019-_").filter(lambda c: c != sealed[at]))
    with pytest.raises(Unreadable):
        ADA.open(sealed[:at] + letter + sealed[at + 1 :], name)


@given(st.text(max_size=50))
def test_what_was_never_sealed_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        ADA.open(f"{SEALED}k1:{text}", "name")


def test_addresses_are_blinded_however_they_are_written() -> None:
    own = LedgerKey("ledger", b"x" * 32)
    assert own.blind(" Ada@Example.ORG ") == own.blind("ada@example.org")
    assert own.blind("ada@example.org") != own.blind("bob@example.org")
    assert own.blind("ada@example.org") != LedgerKey("ledger", b"y" * 32).blind("ada@example.org")


def test_a_key_does_not_show_itself() -> None:
    assert "cipher" not in repr(ADA)
    assert "nonces" not in repr(ADA)


def test_the_ring_forgets_the_oldest_first() -> None:
    ring = Keyring(2)
    keys = [DataKey.of(f"k{n}", f"customer:{n}", "ledger", bytes([n]) * 32) for n in range(3)]
    ring.add(keys)
    assert [ring.by_id(key.id) for key in keys] == [None, *keys[1:]]
    assert ring.of("customer:0") is None
    ring.drop(["k1", "unknown"])
    assert ring.of("customer:1") is None
    assert ring.of("customer:2") is keys[2]


def test_opened_values_are_kept_within_bounds_and_each_in_its_field() -> None:
    key = DataKey.of("k", "customer:1", "ledger", bytes(32))
    sealed = [key.seal(f"name {n}", "name") for n in range(3 * TEXTS_MAX)]
    for _ in range(2):
        for n, value in enumerate(sealed):
            assert key.open(value, "name") == f"name {n}"
            assert len(key.texts) <= TEXTS_MAX
    with pytest.raises(Unreadable):
        key.open(sealed[-1], "email")
