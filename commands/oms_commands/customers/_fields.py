"""Fields of customers in a request."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, PersonalText


@dataclass(frozen=True, slots=True, config=STRICT)
class ContactFields:
    name: PersonalText | None = None
    email: PersonalText | None = None
    phone: PersonalText | None = None
