"""Rendered answers: where sealed values stand in them, and what is shown in their place.

Answers are looked through as the JSON text that leaves, so that nothing depends on their shape:
whatever is sealed is either opened for somebody who may see it, or masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import orjson

from oms_ledger.domain.personal import SEALED

MASKED = "***"
FORGOTTEN = "[forgotten]"
UNREADABLE = "[unreadable]"

FIRST_NAME = "first_name"
"""The field that shows no more of a name than its first word, to whoever asks."""

_MARK = f'"{SEALED}'.encode()
_SEALED = re.compile(rb'"(sealed:v1:([\w-]+):[\w-]+)"')
_TEXT = re.compile(rf"{SEALED}[\w-]+:[\w-]+")
_MASKED = orjson.dumps(MASKED)

Open = Callable[[str, str, str], str]
"""What a sealed text says: given its key's id, the text itself and the name of its field."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who wants to see personal data, by which route, and what for."""

    actor: str
    principal: str
    route: str
    purpose: str


@dataclass(frozen=True, slots=True)
class DisclosureRequest:
    """A rendered answer, and the access by which its sealed values are to be opened. With `only`
    just fields of that name are opened and the others masked. `orders`: streams of the sensitive
    orders and shipments whose content is in the answer, which is recorded as well."""

    rendered: bytes
    access: Access
    only: str | None = None
    orders: Collection[str] = ()


def holds_sealed(rendered: bytes) -> bool:
    return _MARK in rendered


def masked(rendered: bytes) -> bytes:
    """With everything sealed in it out of sight."""
    return _SEALED.sub(_MASKED, rendered)


def masked_text(text: str) -> str:
    """The same for text that people read, in which nothing stands in quotes."""
    return _TEXT.sub(MASKED, text)


def keys_in(rendered: bytes, only: str | None = None) -> set[str]:
    """The ids of the keys that open what is sealed in it; with `only`, in fields of that name."""
    return {
        found[2].decode()
        for found in _SEALED.finditer(rendered)
        if only is None or _field_of(rendered, found) == only
    }


def opened(rendered: bytes, opening: Open, only: str | None = None) -> bytes:
    """With everything sealed in it opened; with `only`, what is in fields of that name, and the
    rest masked."""

    def shown(found: re.Match[bytes]) -> bytes:
        name = _field_of(rendered, found)
        if only is not None and name != only:
            return _MASKED
        text = opening(found[2].decode(), found[1].decode(), name)
        if name == FIRST_NAME and text not in (FORGOTTEN, UNREADABLE):
            text = next(iter(text.split()), "")
        return orjson.dumps(text)

    return _SEALED.sub(shown, rendered)


def _field_of(rendered: bytes, found: re.Match[bytes]) -> str:
    """The name of the field whose value it is; empty for an item of a list. Looked for backwards
    from the value: a pattern with the name in it would be tried at every field there is."""
    end = found.start()
    if rendered[end - 1 : end] == b" ":
        end -= 1
    if rendered[end - 2 : end] != b'":':
        return ""
    return rendered[rendered.rfind(b'"', 0, end - 2) + 1 : end - 2].decode()
