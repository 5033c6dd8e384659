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
_FIELD = re.compile(rb'(?:"(\w+)":\s?)?"(sealed:v1:([\w-]+):[\w-]+)"')
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
class Sight:
    """A rendered answer, and who wants to see what is sealed in it. With `only`, in fields of
    that name; the rest is masked. `also` stands for what else is in it that goes on
    record."""

    rendered: bytes
    access: Access
    only: str | None = None
    also: Collection[str] = ()


def holds_sealed(rendered: bytes) -> bool:
    return _MARK in rendered


def masked(rendered: bytes) -> bytes:
    """With everything sealed in it out of sight."""
    return _FIELD.sub(lambda found: _shown(found, MASKED), rendered)


def masked_text(text: str) -> str:
    """The same for text that people read, in which nothing stands in quotes."""
    return _TEXT.sub(MASKED, text)


def keys_in(rendered: bytes, only: str | None = None) -> set[str]:
    """The ids of the keys that open what is sealed in it; with `only`, in fields of that name."""
    wanted = None if only is None else only.encode()
    return {
        found[3].decode()
        for found in _FIELD.finditer(rendered)
        if wanted is None or found[1] == wanted
    }


def opened(rendered: bytes, opening: Open, only: str | None = None) -> bytes:
    """With everything sealed in it opened; with `only`, what is in fields of that name, and the
    rest masked."""

    def shown(found: re.Match[bytes]) -> bytes:
        name = (found[1] or b"").decode()
        if only is not None and name != only:
            return _shown(found, MASKED)
        text = opening(found[3].decode(), found[2].decode(), name)
        if name == FIRST_NAME and text not in (FORGOTTEN, UNREADABLE):
            text = next(iter(text.split()), "")
        return _shown(found, text)

    return _FIELD.sub(shown, rendered)


def _shown(found: re.Match[bytes], text: str) -> bytes:
    before = found[0][: found.start(2) - 1 - found.start()]
    return before + (_MASKED if text == MASKED else orjson.dumps(text))
