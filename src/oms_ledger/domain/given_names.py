"""The given name in a full name, for pages that anybody with a link can open.

Where a name does not show which of its words is the given name, there is none: a page without a
name is better than one with a family name, a whole name or an e-mail address.
"""

from __future__ import annotations

import re
import unicodedata


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES = _set(
    "mr mrs ms miss mx sir dame lady lord rev reverend fr father sister brother capt captain col"
    " major sgt hon judge dr drs dra prof professor md phd dds dvm msc mba bsc esq jr sr jnr"
    " snr ii iii iv herr frau hr fru dipl ing mag med phil rer nat mme mlle madame monsieur"
    " mademoiselle m me don doña dona señor señora señorita sr sra srta senhor senhora signor"
    " signora sig sigra dott dottssa dhr mevr mw pan pani bay bayan shri smt sri sheikh"
    " \u0433-\u043d \u0433-\u0436\u0430 κ κα κος δρ"
)
"""Words before and after a name that are no part of it, without their full stops."""

NO_PERSON = _set(
    "the and und et y e of for c/o attn family familie famille familia famiglia firma company co"
    " gmbh ag kg ohg ug mbh ltd limited llc llp inc corp plc sa sas sarl srl spa bv nv oy ab as aps"
    " kft hotel office reception team dept department school university bank shop store"
)
"""Words that show that the text names several persons, a company or a place."""

PARTICLES = _set(
    "van von de der den del della di da do dos das du des la le los las el ten ter te zu zum zur"
    " af av bin bint ibn abu st saint san santa o mac mc"
)
"""Words that begin family names."""

GIVEN_NAME_FIRST = _set(
    "LATIN GREEK ARMENIAN GEORGIAN HEBREW ARABIC DEVANAGARI BENGALI GUJARATI GURMUKHI THAI"
    " ETHIOPIC CYRILLIC"
)
"""Scripts whose words have blanks between them, with the given name mostly first. Names in other
scripts (Chinese, Japanese and Korean among them) begin with the family name or have no blanks."""

FAMILY_NAME_FIRST = _set("CN HK HU JP KH KP KR MO SG TW VN")
"""Countries (ISO 3166-1) where names begin with the family name, whatever the script."""

WORDS_MAX = 6

_VIETNAMESE = re.compile("[ơưƠƯ\u1ea0-\u1ef9]")
"""Latin letters of Vietnamese alone, whose names begin with the family name."""

_COMMAS = re.compile("[,،]")
_BESIDE_LETTERS = "-'\u2019\u2010\u200c\u200d"
_PATRONYMIC = re.compile(r".{2,}(?:вич|вна|чна|шна)", re.IGNORECASE)


def given_name(name: str) -> str | None:
    """The given name in a full name as it was typed: `Ann` of `Ann Lee`, of `Dr. Ann Lee` and of
    `Lee, Ann`. None where no word is clearly that: a single word, initials, a company, an e-mail
    address, a script with the family name first."""
    parts = [_words(part) for part in _COMMAS.split(unicodedata.normalize("NFKC", name))]
    parts = [part for part in parts if part]
    words = [word for part in parts for word in part]
    if not 2 <= len(words) <= WORDS_MAX or not _names_a_person(words):
        return None
    if len(parts) == 1:
        chosen = _first(words)
    elif len(parts) == 2 and len([w for w in parts[0] if _key(w) not in PARTICLES]) == 1:
        chosen = parts[1][0]
    else:
        chosen = None
    return chosen if chosen is not None and _is_given(chosen) else None


def _words(part: str) -> list[str]:
    return [word for word in part.split() if _key(word) not in TITLES]


def _key(word: str) -> str:
    return word.casefold().replace(".", "")


def _names_a_person(words: list[str]) -> bool:
    scripts = {_script(word) for word in words}
    return (
        len(scripts) == 1
        and scripts <= GIVEN_NAME_FIRST
        and not any(_key(word) in NO_PERSON or _VIETNAMESE.search(word) for word in words)
    )


def _script(word: str) -> str | None:
    """The script of all letters of a word; None where it has several, or other characters."""
    letters = [c for c in word.removesuffix(".") if c not in _BESIDE_LETTERS]
    if not all(unicodedata.category(c)[0] in "LM" for c in letters):
        return None
    names = {unicodedata.name(c, "").split(" ")[0] for c in letters}
    names.discard("COMBINING")
    return names.pop() if len(names) == 1 else None


def _first(words: list[str]) -> str | None:
    """The given name of a name without commas. In Russian either order is usual, and a patronymic
    shows which it is. One word in capitals alone is the family name, wherever it stands."""
    if _script(words[0]) == "CYRILLIC":
        if len(words) != 3:
            return None
        if _PATRONYMIC.fullmatch(words[2]):
            return words[1]
        return words[0] if _PATRONYMIC.fullmatch(words[1]) else None
    capitals = [word.isupper() for word in words]
    return None if capitals[0] and not all(capitals) else words[0]


def _is_given(word: str) -> bool:
    """Whether a word can be a given name: no initial and no beginning of a family name."""
    letters = [c for c in word if unicodedata.category(c)[0] == "L"]
    return len(letters) > 1 and not word.endswith(".") and _key(word) not in PARTICLES
