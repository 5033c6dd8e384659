"""Answers about deadlines, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, LinkNumber


class DeadlineAnswer(TypedDict):
    """`key` is the id of the thing that has the deadline, `position` that of the event which has
    set it."""

    kind: Harmless
    key: str
    due_at: str
    position: LinkNumber


class DeadlinesAnswer(TypedDict):
    items: list[DeadlineAnswer]
    next_cursor: Harmless | None
