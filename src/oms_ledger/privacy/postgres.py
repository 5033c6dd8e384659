"""Where the keys of persons are kept, and who was shown what they open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from oms_ledger.engine.db.arrays import bytea_array, text_array
from oms_ledger.kernel import Json
from oms_ledger.privacy.disclosure import Access
from oms_ledger.privacy.keks.local import Wrapped

Connection = psycopg.Connection[tuple[Any, ...]]

LEDGER = "ledger"
"""The subject of the ledger's own key, which nobody can forget."""

ON_RECORD = "sensitive:"
"""How an order whose content was shown, though it is sensitive, stands among the keys of persons
in the record."""

LEDGER_ID = "SELECT ledger_id FROM merkle_tree"

# Makes the keys that are missing and lets e-mail addresses lead to keys, in one round trip. What
# another process has just made is not in this statement's snapshot: asked again, it is.
ENSURE = """
WITH made AS (
    INSERT INTO subject_keys (key_id, subject, wrapped, kek_id, created_at)
    SELECT n.*, %(now)s FROM unnest(
        %(ids)s::text[], %(newcomers)s::text[], %(wrapped)s::bytea[], %(keks)s::text[]) AS n
    ON CONFLICT (subject) WHERE destroyed_at IS NULL DO NOTHING
    RETURNING key_id, subject, wrapped, kek_id
), living AS (
    SELECT * FROM made
    UNION ALL
    SELECT key_id, subject, wrapped, kek_id FROM subject_keys
    WHERE subject = ANY(%(subjects)s::text[]) AND destroyed_at IS NULL
), indexed AS (
    INSERT INTO subject_index (blind, key_id)
    SELECT p.blind, l.key_id
    FROM unnest(%(blinds)s::text[], %(holders)s::text[]) AS p (blind, subject)
    JOIN living AS l USING (subject)
    ON CONFLICT DO NOTHING
)
SELECT * FROM living"""

LIVING = """
SELECT key_id, subject, wrapped, kek_id FROM subject_keys
WHERE subject = ANY(%s) AND destroyed_at IS NULL"""

FIND = "SELECT key_id, subject, wrapped, kek_id FROM subject_keys WHERE key_id = ANY(%s)"

DESTROYED = "SELECT key_id FROM subject_keys WHERE destroyed_at > %s"

OTHERWISE_WRAPPED = """
SELECT key_id, subject, wrapped, kek_id FROM subject_keys
WHERE destroyed_at IS NULL AND kek_id <> %s ORDER BY key_id LIMIT %s FOR UPDATE"""

REWRAP = """
UPDATE subject_keys AS k SET wrapped = n.wrapped, kek_id = n.kek_id
FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS n (key_id, wrapped, kek_id)
WHERE k.key_id = n.key_id AND k.destroyed_at IS NULL"""

KEKS = "SELECT DISTINCT kek_id FROM subject_keys WHERE destroyed_at IS NULL"

# Among the keys stand orders whose content was shown though they are sensitive: see `marks`.
RECORD = """
INSERT INTO personal_access (at, actor, principal, purpose, route, keys)
VALUES (clock_timestamp(), %s, %s, %s, %s, %s)"""

ACCESSES = """
SELECT a.number, a.at, a.actor, a.principal, a.purpose, a.route,
    array(SELECT DISTINCT k.subject FROM subject_keys AS k
          WHERE k.key_id = ANY(a.keys) ORDER BY k.subject) AS subjects,
    array(SELECT substr(k, length(%(mark)s) + 1) FROM unnest(a.keys) AS k
          WHERE starts_with(k, %(mark)s) ORDER BY k) AS sensitive_orders
FROM personal_access AS a
WHERE a.number < %(before)s
  AND (%(actor)s::text IS NULL OR a.actor = %(actor)s)
  AND (%(subject)s::text IS NULL OR a.keys && array(
      SELECT s.key_id FROM subject_keys AS s WHERE s.subject = %(subject)s))
  AND (%(order)s::text IS NULL OR a.keys @> ARRAY[%(mark)s || %(order)s])
ORDER BY a.number DESC LIMIT %(limit)s"""

# Only the owner may delete from the record; this function does so, as the owner.
PRUNE_ACCESSES = "SELECT prune_accesses(%s, %s)"

PRUNED_PAGE_ROWS = 5000
"""Rows deleted in one statement, so that none of them takes long."""

LOOK_BACK = timedelta(hours=1)
"""So far apart the clocks of the processes that forget may be."""


class StoredKey(NamedTuple):
    """A key as it is kept; `wrapped` is None when it was destroyed."""

    id: str
    subject: str
    wrapped: bytes | None
    kek: str | None

    @property
    def sealed(self) -> Wrapped:
        assert self.wrapped is not None
        assert self.kek is not None
        return Wrapped(self.id, self.kek, self.wrapped)


def ledger_id(connection: Connection) -> str:
    row = connection.execute(LEDGER_ID).fetchone()
    assert row is not None, "merkle_tree has lost its row"
    return str(row[0])


def living(connection: Connection, subjects: Collection[str]) -> list[StoredKey]:
    """The keys that these subjects have."""
    return _keys(connection.execute(LIVING, (list(subjects),)))


def ensure(
    connection: Connection,
    new: Sequence[tuple[str, Wrapped]],
    pairs: Sequence[tuple[str, str]] = (),
) -> list[StoredKey]:
    """The keys of subjects: those they have, or else these. `pairs` are blinded e-mail addresses
    and the subjects whose they are, for the index."""
    newcomers = [subject for subject, _ in new]
    subjects = sorted({*newcomers, *(subject for _, subject in pairs)})
    params = {
        "ids": text_array([key.name for _, key in new]),
        "newcomers": text_array(newcomers),
        "wrapped": bytea_array([key.wrapped for _, key in new]),
        "keks": text_array([key.kek for _, key in new]),
        "subjects": text_array(subjects),
        "blinds": text_array([blind for blind, _ in pairs]),
        "holders": text_array([subject for _, subject in pairs]),
        "now": datetime.now(UTC),
    }
    while True:
        found = _keys(connection.execute(ENSURE, params, prepare=True, binary=True))
        if {key.subject for key in found}.issuperset(newcomers):
            return found


def find(connection: Connection, ids: Collection[str]) -> list[StoredKey]:
    return _keys(connection.execute(FIND, (list(ids),)))


def destroyed(connection: Connection) -> list[str]:
    """The ids of the keys that were destroyed lately."""
    since = datetime.now(UTC) - LOOK_BACK
    return [key_id for (key_id,) in connection.execute(DESTROYED, (since,)).fetchall()]


def wrapped_otherwise(connection: Connection, kek: str, limit: int) -> list[StoredKey]:
    """Some of the keys that this key-encryption key does not wrap; locked."""
    return _keys(connection.execute(OTHERWISE_WRAPPED, (kek, limit)))


def rewrap(connection: Connection, keys: Sequence[Wrapped]) -> None:
    names, keks = [key.name for key in keys], [key.kek for key in keys]
    connection.execute(REWRAP, (names, [key.wrapped for key in keys], keks))


def keks(connection: Connection) -> set[str]:
    """The ids of the key-encryption keys that are needed."""
    return {kek for (kek,) in connection.execute(KEKS).fetchall()}


def record(connection: Connection, seen: Sequence[tuple[Access, Collection[str]]]) -> None:
    """That somebody is shown what these keys open; all of it in one commit."""
    rows = [(a.actor, a.principal, a.purpose, a.route, sorted(keys)) for a, keys in seen]
    if len(rows) == 1:
        connection.execute(RECORD, rows[0])
    elif rows:
        with connection.cursor() as cursor:  # one round trip, in a transaction of its own
            cursor.executemany(RECORD, rows)


def accesses(
    connection: Connection,
    *,
    subject: str | None = None,
    actor: str | None = None,
    order: str | None = None,
    before: int = 2**63 - 1,
    limit: int = 50,
) -> list[dict[str, Json]]:
    """Who was shown whose data, the newest first; with `order`, what that sensitive order is
    about."""
    given = {"subject": subject, "actor": actor, "order": order, "before": before, "limit": limit}
    given["mark"] = ON_RECORD
    who = ("number", "at", "actor", "principal", "purpose", "route")
    names = (*who, "subjects", "sensitive_orders")
    rows = connection.execute(ACCESSES, given).fetchall()
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**each, "at": each["at"].isoformat().replace("+00:00", "Z")} for each in found]


def prune_accesses(connection: Connection, before: datetime) -> int:
    """Delete one page of the record of accesses from before a time, the oldest first; the number
    of rows deleted, 0 where none is left. `connection` acts as the writer."""
    row = connection.execute(PRUNE_ACCESSES, (before, PRUNED_PAGE_ROWS)).fetchone()
    return int(row[0]) if row is not None else 0


def _keys(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[StoredKey]:
    return [StoredKey(*row) for row in cursor.fetchall()]
