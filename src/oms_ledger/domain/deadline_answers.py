"""Answers about deadlines, as types."""

from __future__ import annotations

from typing_extensions import TypedDict


class DeadlineAnswer(TypedDict):
    """`key` is the id of the thing that has the deadline, `position` that of the event which has
    set it."""

    kind: str
    key: str
    due_at: str
    position: int


class DeadlinesAnswer(TypedDict):
    items: list[DeadlineAnswer]
    next_cursor: str | None
