"""The state of a stream, kept in a row as its JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec

from oms_ledger.kernel import Recorded, State

_encode = msgspec.json.Encoder().encode


S = TypeVar("S", bound=State)


def state_after(state: S, history: Iterable[Recorded]) -> S:
    """The state after the events of its stream."""
    for r in history:
        state.apply(r.event)
        state.version = r.version
    return state


class DocumentRow(Protocol):
    document: str


def update_document(row: DocumentRow, state: State, r: Recorded) -> None:
    """Fold an event into the state, and keep the state as the document of the row."""
    state.apply(r.event)
    state.version = r.version
    row.document = _encode(state).decode()
