"""Tags in a request, and what of them changes the tags that are there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, Field

from oms_commands._fields import COMPOSED
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.labels import TAGS_MAX
from oms_ledger.domain.patterns import PRINTABLE


def _no_comma(tag: str) -> str:
    if "," in tag:
        raise ValueError("write it without commas, which part tags in lists")
    return tag


_Tag = Annotated[
    str, Field(min_length=1, max_length=50, pattern=PRINTABLE), AfterValidator(_no_comma), COMPOSED
]
Tags = Annotated[tuple[_Tag, ...], Field(max_length=TAGS_MAX)]


def require_changes(add: Collection[str], remove: Collection[str]) -> None:
    """ValueError where there is no tag, or one is both to be added and to be removed."""
    if not (add or remove):
        raise ValueError("add: name a tag to add, or one to remove")
    both = set(add) & set(remove)
    if both:
        raise ValueError(f"remove: {min(both)!r} is to be added as well")


def tag_changes(
    tags: Collection[str], add: Collection[str], remove: Collection[str], owner: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags that are new, and those that are there and go. `Refused` with `too_many_tags`."""
    added = tuple(tag for tag in dict.fromkeys(add) if tag not in tags)
    removed = tuple(tag for tag in dict.fromkeys(remove) if tag in tags)
    if len(tags) + len(added) - len(removed) > TAGS_MAX:
        raise Refused(
            f"{owner} has at most {TAGS_MAX} tags. Remove some first.", code="too_many_tags"
        )
    return added, removed
