"""States stay small: a stream goes by the life of one thing, and its state counts, it does not
tell the story."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter
from dataclasses import dataclass, fields
from typing import ClassVar

import pytest

from oms_ledger.domain.registry import EVENTS, STATES
from oms_ledger.kernel import Event, State
from tests.architecture.sources import Function, length

FIELDS_MAX = 12
EVENT_TYPES_MAX = 25
APPLY_LINES_MAX = 15


def apply_lines(kind: type[State]) -> int:
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(kind.apply))).body
    assert isinstance(function, Function)
    return length(function)


@pytest.mark.parametrize("category", STATES)
def test_a_state_has_few_fields_and_a_short_apply(category: str) -> None:
    state = STATES[category]
    assert len(fields(state())) <= FIELDS_MAX  # type: ignore[arg-type]  # states are dataclasses
    assert apply_lines(state) <= APPLY_LINES_MAX


def test_a_stream_has_few_types_of_events() -> None:
    types = Counter(event.category for event in EVENTS.values())
    assert {category: n for category, n in types.items() if n > EVENT_TYPES_MAX} == {}
    assert set(types) == set(STATES)


def test_a_long_apply_is_noticed() -> None:
    @dataclass(slots=True)
    class Long(State):
        category: ClassVar[str] = "long"
        version: int = 0

        def apply(self, event: Event) -> None:
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1
            self.version += 1

    assert apply_lines(Long) > APPLY_LINES_MAX
