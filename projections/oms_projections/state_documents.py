"""The state of a stream, kept in a row as its JSON document."""

from __future__ import annotations

from typing import Protocol

import msgspec

from oms_ledger.kernel import Recorded, State

_encode = msgspec.json.Encoder().encode


class DocumentRow(Protocol):
    document: str


def update_document(row: DocumentRow, state: State, r: Recorded) -> None:
    """Fold an event into the state, and keep the state as the document of the row."""
    state.apply(r.event)
    state.version = r.version
    row.document = _encode(state).decode()
