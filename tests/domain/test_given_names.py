"""The given name that a public page shows of a full name: never more than that, rather nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oms_ledger.domain.given_names import given_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann Lee", "Ann"),
        ("  ann   lee ", "ann"),
        ("Lee, Ann", "Ann"),
        ("Lee,Ann Marie", "Ann"),
        ("van der Berg, Anna", "Anna"),
        ("Dr. Ann Lee", "Ann"),
        ("Herr Prof. Dr. Jürgen Groß", "Jürgen"),
        ("Lee, Dr. Ann", "Ann"),
        ("Ann Lee, PhD", "Ann"),
        ("ANN LEE", "ANN"),
        ("Ann LEE", "Ann"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("D'Arcy Wretzky", "D'Arcy"),
        ("Ludwig van Beethoven", "Ludwig"),
        ("Γιώργος Παπαδόπουλος", "Γιώργος"),
        ("محمد علي", "محمد"),
        ("علي، محمد", "محمد"),
        ("דוד לוי", "דוד"),
        ("अमित कुमार", "अमित"),
        ("สมชาย ใจดี", "สมชาย"),
        ("Անի Պետրոսյան", "Անի"),
        ("Иван Иванович Петров", "Иван"),
        ("Петрова Анна Сергеевна", "Анна"),
    ],
)
def test_the_given_name_of_a_name(name: str, shown: str) -> None:
    assert given_name(name) == shown


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "王小明",
        "王 小明",
        "김 철수",
        "さくら 山田",
        "Lee",
        "Dr. Lee",
        "Mr and Mrs Lee",
        "Lee,",
        ", Lee",
        "ann.lee@example.org",
        "Ann ann.lee@example.org",
        "ann.lee\uff20example.org",
        "ann.lee example.org",
        "LEE Ann",
        "A. Lee",
        "J R Tolkien",
        "van Beethoven",
        "De Souza Maria",
        "Петров Иван",
        "Ann Lee, Munich",
        "Lee, Ann, Bob",
        "Lee & Sons",
        "Lee Ltd.",
        "Bäckerei Lee GmbH",
        "c/o Ann Lee",
        "Ann Lee 2",
        "Ann 李",
        "Ann\u200bLee Smith",
        "Ann_Lee Smith",
        "Familie Lee Meier",
        "Nguyễn Văn An",
        "Jean Paul Marie Luc Jacques André Pierre",
    ],
)
def test_no_name_where_none_is_clearly_the_given_one(name: str) -> None:
    assert given_name(name) is None


SCRIPTS = (
    (0x41, 0x24F),
    (0x370, 0x3FF),
    (0x400, 0x52F),
    (0x530, 0x58F),
    (0x590, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0x109F),
    (0x10A0, 0x13FF),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF01, 0xFF5E),
    (0x1F300, 0x1F5FF),
)
letters = st.sampled_from(SCRIPTS).flatmap(
    lambda script: st.text(
        st.characters(min_codepoint=script[0], max_codepoint=script[1]), min_size=1, max_size=12
    )
)
names = st.lists(
    letters | st.sampled_from(["Dr.", ",", "van", "@", "Ann", "-", "&", "Lee,", "، "]), max_size=6
).flatmap(lambda words: st.sampled_from([" ", "", ", "]).map(lambda between: between.join(words)))


@given(names | st.text())
@example("\u017f \u017f\u017f")
def test_whatever_is_typed_one_word_of_several_is_shown_at_most(name: str) -> None:
    shown = given_name(name)
    if shown is None:
        return
    plain = unicodedata.normalize("NFKC", name)
    words = plain.replace(",", " ").replace("،", " ").split()
    assert shown in words
    assert len(words) > 1, "a single word may be the whole name"
    assert sum(unicodedata.category(c)[0] == "L" for c in shown) > 1
    assert not any(unicodedata.category(c)[0] in "NSC" for c in shown if c not in "\u200c\u200d")
    assert not set("@&/_") & set(plain), "an address, a company or two persons"


@given(letters, st.sampled_from(["Dr. ", "Mr ", "Frau ", "", "  "]))
def test_a_single_word_is_never_shown(word: str, title: str) -> None:
    joined = "".join(unicodedata.normalize("NFKC", word).replace(",", "").split())
    assert given_name(title + joined) is None


@given(st.emails())
def test_an_e_mail_address_is_never_shown(email: str) -> None:
    for name in (email, f"Ann {email}", f"{email} Lee", f"Lee, {email}", f"Dr. Ann Lee {email}"):
        assert given_name(name) is None
