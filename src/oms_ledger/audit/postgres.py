"""Receipts, as verification reads them, and stored verification reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, cast

import msgspec

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.kernel import Json, Position

SQL = statements.queries(__package__)

PAGE_RECEIPTS = 5000


class _Outcome(msgspec.Struct):
    position: Position


_position_of = msgspec.json.Decoder(_Outcome).decode


class StoredReceipt(NamedTuple):
    """A receipt under an idempotency key, and the position in its outcome; None where the outcome
    cannot be decoded."""

    scope: str
    key: str
    position: Position | None


def receipts(lend: Callable[[], AbstractContextManager[Connection]]) -> Iterator[StoredReceipt]:
    """All receipts in order of scope and key, PAGE_RECEIPTS of them in memory."""
    scope, key = "", ""
    while True:
        with lend() as connection:
            params = (scope, key, PAGE_RECEIPTS)
            rows = connection.execute(SQL["receipts"], params, binary=True).fetchall()
        if not rows:
            return
        for scope, key, outcome in rows:
            yield StoredReceipt(scope, key, _position(outcome))


def _position(outcome: bytes) -> Position | None:
    try:
        return _position_of(outcome).position
    except msgspec.MsgspecError:
        return None


def keep(connection: Connection, report: Mapping[str, Json], *, ok: bool) -> None:
    """Store a verification report; `ok` says that it has no finding."""
    connection.execute(SQL["keep_report"], (ok, msgspec.json.encode(report).decode()))


def newest(connection: Connection) -> dict[str, Any] | None:
    """The newest verification report; None before the first."""
    row = connection.execute(SQL["newest_report"]).fetchone()
    return None if row is None else cast("dict[str, Any]", msgspec.json.decode(row[0]))
