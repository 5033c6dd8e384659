"""The head, and the position at a time: positions are dense, and recorded_at never runs backwards
but where a person has set the ledger's time back (see `clock.py`)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)


class _At(msgspec.Struct):
    at: datetime


class _Stamped(msgspec.Struct):
    meta: _At


_decode = msgspec.json.Decoder(_Stamped).decode


def recorded_at_of(state: bytes) -> datetime | None:
    """The recorded_at of a stored event of any type; None where the bytes have none."""
    try:
        return _decode(state).meta.at
    except msgspec.MsgspecError:
        return None


def head(connection: Connection) -> Position:
    """The position of the newest event; 0 in an empty ledger."""
    row = connection.execute(SQL["head"], binary=True).fetchone()
    assert row is not None, "ledger_head has lost its row"
    return int(row[0])


def position_at(connection: Connection, moment: datetime) -> Position:
    """The last position recorded at or before a time; 0 where there is none. By bisection, between
    the corrections of the ledger's time before and after: whatever was recorded before a correction
    counts as recorded by then."""
    around = connection.execute(SQL["corrections_around"], {"moment": moment}).fetchone()
    assert around is not None, "an aggregate has a row"
    low, last = int(around[0]), around[1]
    high = (head(connection) if last is None else int(last)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        row = connection.execute(
            SQL["stored_state"], (middle,), prepare=True, binary=True
        ).fetchone()
        at = recorded_at_of(row[0]) if row is not None else None
        if at is not None and at > moment:
            high = middle
        else:
            low = middle
    return low
