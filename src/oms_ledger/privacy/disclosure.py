"""What disclosures of personal values have in common: the access on record, and what is shown in
place of values.

Which values of an answer are personal follows from its type (`personal_fields.py`). Texts for
people are of no type: in them whatever looks sealed is masked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from oms_ledger.domain.personal import SEALED

MASKED = "***"
FORGOTTEN = "[forgotten]"
UNREADABLE = "[unreadable]"

SEALED_TEXT = re.compile(rf"{SEALED}[\w-]+:[\w-]+", re.ASCII)

_MARK = f'"{SEALED}'.encode()
_SEALED = re.compile(rb'"sealed:v1:[\w-]+:[\w-]+"')
_MASKED = orjson.dumps(MASKED)

SealedText: TypeAlias = tuple[str, str]
"""A sealed text, and the name of the field in which it was sealed."""


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
    """Sealed texts of an answer, and the access by which they are to be opened. `orders`: streams
    of the sensitive orders, shipments and drafts whose content is in the answer, which is recorded
    as well."""

    texts: Sequence[SealedText]
    access: Access
    orders: Collection[str] = ()


def key_id_of(sealed: str) -> str:
    """The id of the key of a sealed text."""
    return sealed[len(SEALED) :].partition(":")[0]


def holds_sealed(rendered: bytes) -> bool:
    return _MARK in rendered


def masked(rendered: bytes) -> bytes:
    """JSON with every text masked that looks sealed."""
    return _SEALED.sub(_MASKED, rendered)


def masked_text(text: str) -> str:
    """A text for people, in which sealed values have no quotes, with each of them masked."""
    return SEALED_TEXT.sub(MASKED, text)
