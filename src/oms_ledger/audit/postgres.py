"""What a verification reads beside log and tree, and where its report is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, cast

import msgspec
import psycopg

from oms_ledger.kernel import Json, Position

Connection = psycopg.Connection[tuple[Any, ...]]

RECEIPTS = """
SELECT scope, key, outcome FROM receipts WHERE (scope, key) > (%s, %s)
ORDER BY scope, key LIMIT %s"""

PAGE_RECEIPTS = 5000

KEEP = """
INSERT INTO verifications (verified_at, ok, report) VALUES (clock_timestamp(), %s, %s::jsonb)"""

NEWEST = "SELECT report::text FROM verifications ORDER BY number DESC LIMIT 1"


class _Outcome(msgspec.Struct):
    position: Position


_position_of = msgspec.json.Decoder(_Outcome).decode


class StoredReceipt(NamedTuple):
    """A receipt, and the position it answers with; None where its bytes do not say."""

    scope: str
    key: str
    position: Position | None


def receipts(lend: Callable[[], AbstractContextManager[Connection]]) -> Iterator[StoredReceipt]:
    """All receipts in order, a page at a time in memory."""
    scope, key = "", ""
    while True:
        with lend() as connection:
            params = (scope, key, PAGE_RECEIPTS)
            rows = connection.execute(RECEIPTS, params, binary=True).fetchall()
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
    connection.execute(KEEP, (ok, msgspec.json.encode(report).decode()))


def newest(connection: Connection) -> dict[str, Any] | None:
    row = connection.execute(NEWEST).fetchone()
    return None if row is None else cast("dict[str, Any]", msgspec.json.decode(row[0]))
