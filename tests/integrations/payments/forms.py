"""Forms as Stripe's SDK writes them: `a[b][0]=c`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl


def parsed(body: str) -> dict[str, Any]:
    """The form as nested objects and lists of texts."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        place = tree
        for key, following in zip([first, *rest], rest, strict=False):
            place = place.setdefault(key, {})
            assert isinstance(place, dict), following
        place[[first, *rest][-1]] = value
    return {key: _lists(value) for key, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(each) for key, each in value.items()}
