"""Opens or masks the sealed values in rendered answers.

The rendered JSON text is searched, so nothing depends on the shape of answers: every sealed value
is either opened for a reader with the right to see it, or masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import orjson

from oms_ledger.domain.given_names import given_name
from oms_ledger.domain.personal import SEALED

MASKED = "***"
FORGOTTEN = "[forgotten]"
UNREADABLE = "[unreadable]"

FIRST_NAME = "first_name"
"""The field that discloses the given name in a name alone, to every reader; see `given_name`."""

_MARK = f'"{SEALED}'.encode()
_SEALED = re.compile(rb'"(sealed:v1:([\w-]+):[\w-]+)"')
_TEXT = re.compile(rf"{SEALED}[\w-]+:[\w-]+")
_MASKED = orjson.dumps(MASKED)

Open = Callable[[str, str, str], str]
"""Opens a sealed text, given the id of its key, the text and the name of its field."""


@dataclass(frozen=True, slots=True)
class Access:
    """An access to personal data as logged: the actor, the principal, the route and the purpose.
    `public`: anybody may open the page, and its views are logged in groups."""

    actor: str
    principal: str
    route: str
    purpose: str
    public: bool = False


@dataclass(frozen=True, slots=True)
class DisclosureRequest:
    """A rendered answer, and the access by which its sealed values are to be opened. With `only`
    just fields of that name are opened and the others masked. `orders`: streams of the sensitive
    orders, shipments and drafts whose content is in the answer, which is recorded as well."""

    rendered: bytes
    access: Access
    only: str | None = None
    orders: Collection[str] = ()


def holds_sealed(rendered: bytes) -> bool:
    return _MARK in rendered


def masked(rendered: bytes) -> bytes:
    """A rendered answer with every sealed value masked."""
    return _SEALED.sub(_MASKED, rendered)


def masked_text(text: str) -> str:
    """A text for people, in which sealed values have no quotes, with each of them masked."""
    return _TEXT.sub(MASKED, text)


def keys_in(rendered: bytes, only: str | None = None) -> set[str]:
    """The ids of the keys of sealed values in an answer; with `only`, in fields of that name."""
    return {
        match[2].decode()
        for match in _SEALED.finditer(rendered)
        if only is None or _field_of(rendered, match) == only
    }


def opened(rendered: bytes, open_value: Open, only: str | None = None) -> bytes:
    """A rendered answer with its sealed values opened; with `only`, those in fields of that name,
    and the others masked."""

    def replacement(match: re.Match[bytes]) -> bytes:
        name = _field_of(rendered, match)
        if only is not None and name != only:
            return _MASKED
        text = open_value(match[2].decode(), match[1].decode(), name)
        if name == FIRST_NAME and text not in (FORGOTTEN, UNREADABLE):
            return orjson.dumps(given_name(text))
        return orjson.dumps(text)

    return _SEALED.sub(replacement, rendered)


def _field_of(rendered: bytes, match: re.Match[bytes]) -> str:
    """The name of the field of a sealed value; empty for an item of a list. Searched backwards from
    the value: a pattern that includes the name would be tried at every field of the answer."""
    end = match.start()
    if rendered[end - 1 : end] == b" ":
        end -= 1
    if rendered[end - 2 : end] != b'":':
        return ""
    return rendered[rendered.rfind(b'"', 0, end - 2) + 1 : end - 2].decode()
