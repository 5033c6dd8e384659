"""Storage of data keys, the index of blinded e-mail addresses, and the access log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
import psycopg

from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced, OrderReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.statements import queries
from oms_ledger.engine.log import codec
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.kernel import Event, Json, Position, Recorded
from oms_ledger.privacy.disclosure import Access
from oms_ledger.privacy.keks.local import WrappedKey

LEDGER = "ledger"
"""The subject of the ledger's own key, which cannot be erased."""

ON_RECORD = "sensitive:"
"""Prefix in the `keys` of an access log entry, followed by the id of an order whose sensitive
content was disclosed."""

DRAFT_ON_RECORD = "sensitive-draft:"
"""As `ON_RECORD`, followed by the id of a draft."""

CLOCK_SKEW = timedelta(hours=1)
"""Largest difference expected between the clocks of processes that destroy keys."""

PAGE_SIZE = 1000

RECEIPT_TOPICS = stored_names([CustomerForgotten.type])

TERMS_TOPICS = stored_names([OrderPlaced.type, OrderReceived.type, OrderEdited.type])

DRAFT_TOPICS = stored_names([DraftSaved.type])

ACCESS_COLUMNS = (
    "number", "at", "actor", "principal", "purpose", "route", "subjects", "sensitive_orders",
    "sensitive_drafts",
)  # fmt: skip

SQL = {name: text.encode() for name, text in queries("oms_ledger.privacy").items()}

PRUNED_PAGE_ROWS = 5000
"""Rows deleted in one statement, so that none of them takes long."""


class SubjectKey(NamedTuple):
    """A stored data key: its id, its subject, its wrapped form and the id of the key-encryption
    key. `wrapped` and `kek` are None once it is destroyed."""

    id: str
    subject: str
    wrapped: bytes | None
    kek: str | None

    @property
    def wrapped_key(self) -> WrappedKey:
        assert self.wrapped is not None
        assert self.kek is not None
        return WrappedKey(self.id, self.kek, self.wrapped)


def ledger_id(connection: Connection) -> str:
    row = connection.execute(SQL["ledger_id"]).fetchone()
    assert row is not None, "merkle_tree has lost its row"
    return str(row[0])


def living_keys(connection: Connection, subjects: Collection[str]) -> list[SubjectKey]:
    """The keys of these subjects that are not destroyed."""
    return _keys(connection.execute(SQL["living_keys"], {"subjects": list(subjects)}))


def ensure_key(connection: Connection, subject: str, new: WrappedKey) -> SubjectKey:
    """The living key of a subject: `new`, stored now, unless the subject has one already."""
    params = {
        "id": new.name,
        "subject": subject,
        "wrapped": new.wrapped,
        "kek": new.kek,
        "now": datetime.now(UTC),
    }
    while True:
        for key in _keys(connection.execute(SQL["ensure_key"], params)):
            return key


def keys_by_id(connection: Connection, ids: Collection[str]) -> list[SubjectKey]:
    return _keys(connection.execute(SQL["keys_by_id"], {"ids": list(ids)}))


def destroyed_keys(connection: Connection) -> list[str]:
    """The ids of the keys destroyed within the last hour."""
    since = datetime.now(UTC) - CLOCK_SKEW
    rows = connection.execute(SQL["destroyed_keys"], {"since": since}).fetchall()
    return [key_id for (key_id,) in rows]


def keys_to_rewrap(connection: Connection, kek: str, limit: int) -> list[SubjectKey]:
    """Up to `limit` keys that another key-encryption key than `kek` wraps; locked."""
    return _keys(connection.execute(SQL["keys_to_rewrap"], {"kek": kek, "limit": limit}))


def rewrap_keys(connection: Connection, keys: Sequence[WrappedKey]) -> None:
    params = {
        "ids": [key.name for key in keys],
        "wrapped": [key.wrapped for key in keys],
        "keks": [key.kek for key in keys],
    }
    connection.execute(SQL["rewrap_keys"], params)


def keks_in_use(connection: Connection) -> set[str]:
    """The ids of the key-encryption keys that wrap any living key."""
    return {kek for (kek,) in connection.execute(SQL["keks_in_use"]).fetchall()}


def log_accesses(
    connection: Connection, accesses: Sequence[tuple[Access, Collection[str]]]
) -> None:
    """Add entries to the access log in one commit: each access with the ids of the keys whose
    values it discloses."""
    if accesses:
        connection.execute(SQL["log_accesses"], entries_of(accesses), prepare=True)


def entries_of(accesses: Sequence[tuple[Access, Collection[str]]]) -> dict[str, object]:
    """The parameters of the statement `log_accesses`. Of equal views of a public page there is one
    entry."""
    every = [(access, tuple(sorted(keys))) for access, keys in accesses]
    views = dict.fromkeys(each for each in every if each[0].public)
    rows = [
        {
            "actor": access.actor,
            "principal": access.principal,
            "purpose": access.purpose,
            "route": access.route,
            "keys": keys,
        }
        for access, keys in (*views, *(each for each in every if not each[0].public))
    ]
    return {"accesses": orjson.dumps(rows).decode()}


def list_accesses(
    connection: Connection,
    *,
    subjects: Sequence[str] | None = None,
    actor: str | None = None,
    order: str | None = None,
    before: int = 2**63 - 1,
    limit: int = 50,
) -> list[dict[str, Json]]:
    """Entries of the access log, the newest first: of data subjects, of one actor, or those
    that disclosed the sensitive content of one order."""
    params = {
        "subjects": None if subjects is None else list(subjects),
        "actor": actor,
        "order": order,
        "before": before,
        "limit": limit,
        "mark": ON_RECORD,
        "draft_mark": DRAFT_ON_RECORD,
    }
    rows = connection.execute(SQL["list_accesses"], params).fetchall()
    entries = [dict(zip(ACCESS_COLUMNS, row, strict=True)) for row in rows]
    return [{**each, "at": rfc3339(each["at"])} for each in entries]


def subject_exists(connection: Connection, subject: str) -> bool:
    """Whether the subject has, or had before it was forgotten, a data key."""
    return connection.execute(SQL["known_subject"], {"subject": subject}).fetchone() is not None


def resolve_subject(
    connection: Connection, subjects: Collection[str], key: str | None
) -> dict[str, list[tuple[str, str]]]:
    """Ids and subjects of the living keys of a data subject, given by subjects or the id of a key:
    `own`, `touched` (those and guest keys with its e-mail addresses) and `sharing` (keys of others
    who use these addresses)."""
    params = {"subjects": list(subjects), "key": key}
    parts: dict[str, list[tuple[str, str]]] = {"own": [], "touched": [], "sharing": []}
    for part, key_id, subject in connection.execute(SQL["resolve_subject"], params).fetchall():
        parts[part].append((key_id, subject))
    return parts


def has_named_accounts(connection: Connection) -> bool:
    """Whether any account of store credit has its name as its key."""
    row = connection.execute(SQL["named_accounts"]).fetchone()
    assert row is not None
    return bool(row[0])


def has_stream(connection: Connection, stream: str) -> bool:
    return connection.execute(SQL["has_stream"], {"stream": stream}).fetchone() is not None


def erasure_receipt(connection: Connection, position: Position) -> list[Recorded]:
    """The erasure receipt at a position; empty if the event there is another."""
    params = {"position": position, "topics": RECEIPT_TOPICS}
    rows = connection.execute(SQL["erasure_receipt"], params, binary=True).fetchall()
    return [codec.recorded(*row) for row in rows]


def erasure_receipts(
    connection: Connection, after: Position, until: Position
) -> Iterator[list[Recorded]]:
    """Pages of the erasure receipts after a position, up to and including another."""
    stream, version = "customer-", 0
    while True:
        params = {
            "stream": stream,
            "version": version,
            "topics": RECEIPT_TOPICS,
            "after": after,
            "until": until,
            "limit": PAGE_SIZE,
        }
        rows = connection.execute(SQL["erasure_receipts"], params, binary=True).fetchall()
        if not rows:
            return
        page = [codec.recorded(*row) for row in rows]
        stream, version = page[-1].stream, page[-1].version
        yield page


def terms_events(connection: Connection, stream: str) -> Iterator[Event]:
    """The events of an order that say what was agreed, in order."""
    return _stream_events(connection, stream, TERMS_TOPICS)


def draft_events(connection: Connection, stream: str) -> Iterator[Event]:
    """The events of a draft that say what is in it, in order."""
    return _stream_events(connection, stream, DRAFT_TOPICS)


def _stream_events(connection: Connection, stream: str, topics: Sequence[str]) -> Iterator[Event]:
    params = {"stream": stream, "topics": list(topics)}
    rows = connection.execute(SQL["stream_events"], params, binary=True).fetchall()
    for topic, state in rows:
        yield codec.decode(topic, bytes(state))[0]


def destroy_keys(
    connection: Connection, keys: Sequence[str], subjects: Sequence[tuple[str, datetime]]
) -> list[str]:
    """Destroy living keys: those with these ids, and those of `subjects` that were created up to
    the time given with each. Returns the ids of the keys destroyed now."""
    params = {
        "keys": list(keys),
        "subjects": [subject for subject, _ in subjects],
        "times": [at for _, at in subjects],
    }
    with connection.transaction():
        rows = connection.execute(SQL["keys_to_destroy"], params).fetchall()
        ids = [str(key_id) for (key_id,) in rows]
        if ids:
            connection.execute(SQL["lock_head"])
            connection.execute(SQL["remove_index_entries"], {"ids": ids})
            connection.execute(SQL["destroy_keys"], {"ids": ids, "at": datetime.now(UTC)})
    return ids


def prune_accesses(connection: Connection, before: datetime) -> int:
    """Delete one page of the access log from before a time, the oldest first; the number of rows
    deleted, 0 where none is left. `connection` acts as the writer."""
    row = connection.execute(SQL["prune_accesses"], (before, PRUNED_PAGE_ROWS)).fetchone()
    return int(row[0]) if row is not None else 0


def _keys(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[SubjectKey]:
    return [SubjectKey(*row) for row in cursor.fetchall()]
