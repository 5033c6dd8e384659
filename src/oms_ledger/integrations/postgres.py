"""The tables of connections: secrets, health, and messages of vendors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oms_ledger.engine.db import binary, statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.integrations.client import CallReport

SQL = {name: text.encode() for name, text in statements.queries(__package__).items()}

PRUNED_PAGE_ROWS = 1000


# Secrets.


class SecretStatus(NamedTuple):
    """Which secrets a connection has, by name alone."""

    names: Sequence[str]
    set_at: datetime
    set_by: str


def put_secrets(
    connection: Connection, name: str, sealed: str, names: Sequence[str], actor: str
) -> None:
    params = {"connection": name, "sealed": sealed, "names": list(names), "actor": actor}
    connection.execute(SQL["put_secrets"], params)


def sealed_secrets(connection: Connection, name: str) -> str | None:
    row = connection.execute(SQL["sealed_secrets"], (name,)).fetchone()
    return None if row is None else str(row[0])


def secret_statuses(connection: Connection) -> dict[str, SecretStatus]:
    """By connection."""
    rows = connection.execute(SQL["secret_names"]).fetchall()
    return {name: SecretStatus(*rest) for name, *rest in rows}


# Health.


class ConnectionHealth(NamedTuple):
    """How a vendor answered last. `blocked_until` is None where it may be called now."""

    last_success: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    blocked_until: datetime | None
    rate_limit: int | None
    rate_remaining: int | None


def record_health(connection: Connection, report: CallReport) -> None:
    params = {
        "connection": report.connection,
        "code": report.code,
        "blocked_seconds": report.rate.blocked_seconds,
        "limit": report.rate.limit,
        "remaining": report.rate.remaining,
    }
    connection.execute(SQL["record_health"], params)


def health(connection: Connection) -> dict[str, ConnectionHealth]:
    """By connection."""
    rows = connection.execute(SQL["list_health"]).fetchall()
    return {name: ConnectionHealth(*rest) for name, *rest in rows}


# Sweeps.


def due_sweeps(
    connection: Connection, names: Collection[str], seconds: float
) -> dict[str, str | None]:
    """The cursors of those of these connections that were not swept for so long; None: there was
    no sweep yet."""
    params = {"names": list(names), "seconds": seconds}
    return dict(connection.execute(SQL["sweeps"], params).fetchall())


def record_sweep(connection: Connection, name: str, cursor: str | None) -> None:
    """Note a sweep; without a cursor one that failed."""
    connection.execute(SQL["record_sweep"], {"connection": name, "cursor": cursor})


# Messages.


class LeasedMessage(NamedTuple):
    """A message to translate. `attempts` counts this try."""

    connection: str
    message_id: str
    received_at: datetime
    sealed: str
    attempts: int


class MessageStatus(NamedTuple):
    """A message without its content. `state` is waiting, done or dead."""

    connection: str
    message_id: str
    received_at: datetime
    state: str
    attempts: int
    due_at: datetime
    code: str | None
    ended_at: datetime | None


def store_messages(connection: Connection, name: str, sealed: Mapping[str, str]) -> set[str]:
    """Store sealed messages by their ids, in one transaction; the ids of those that were not there
    already."""
    params = {
        "connection": name,
        "message_ids": binary.text_array(sealed),
        "sealed": binary.text_array(sealed.values()),
    }
    return {each for (each,) in connection.execute(SQL["store_messages"], params).fetchall()}


def lease_messages(
    connection: Connection, owner: str, lease_seconds: float, paused: Collection[str], limit: int
) -> list[LeasedMessage]:
    """Lease messages that wait, but none of paused connections; the oldest first."""
    params = {
        "owner": owner,
        "lease_seconds": lease_seconds,
        "paused": list(paused),
        "limit": limit,
    }
    rows = connection.execute(SQL["lease_messages"], params).fetchall()
    return sorted(map(LeasedMessage._make, rows), key=lambda each: each.received_at)


def return_messages(connection: Connection, messages: Sequence[LeasedMessage], owner: str) -> None:
    """Give back what nobody has begun to translate: the lease counts as no try."""
    for each in messages:
        connection.execute(SQL["return_message"], _lease(each, owner))


def message_done(connection: Connection, message: LeasedMessage, owner: str) -> bool:
    """False where another worker has it by now."""
    return connection.execute(SQL["message_done"], _lease(message, owner)).rowcount == 1


def message_failed(
    connection: Connection,
    message: LeasedMessage,
    owner: str,
    code: str,
    seconds: float,
    *,
    dead: bool,
) -> bool:
    params = {**_lease(message, owner), "code": code, "seconds": seconds, "dead": dead}
    return connection.execute(SQL["message_failed"], params).rowcount == 1


def replay_message(connection: Connection, name: str, message_id: str) -> bool:
    """Whether there was such a message, and it did not wait already."""
    return connection.execute(SQL["replay_message"], (name, message_id)).rowcount == 1


def drop_message(connection: Connection, name: str, message_id: str) -> bool:
    """Whether there was such a dead message."""
    return connection.execute(SQL["drop_message"], (name, message_id)).rowcount == 1


def list_messages(
    connection: Connection, *, name: str | None, state: str | None, limit: int
) -> list[MessageStatus]:
    """The newest first."""
    params = {"connection": name, "state": state, "limit": limit}
    rows = connection.execute(SQL["inbox_messages"], params).fetchall()
    return [MessageStatus(*row) for row in rows]


def count_messages(connection: Connection) -> dict[tuple[str, str], int]:
    """How many wait or are dead, by connection and state."""
    rows = connection.execute(SQL["count_messages"]).fetchall()
    return {(name, state): count for name, state, count in rows}


def prune_messages(connection: Connection, days: int) -> int:
    """Delete a page of messages that are done and were kept long enough; how many."""
    params = {"days": days, "limit": PRUNED_PAGE_ROWS}
    return connection.execute(SQL["prune_messages"], params).rowcount


def prune_dead_messages(connection: Connection, kept: int) -> Mapping[str, int]:
    """Delete a page of the oldest dead messages of connections that have more than `kept`; how
    many, by connection."""
    params = {"kept": kept, "limit": PRUNED_PAGE_ROWS}
    rows = connection.execute(SQL["prune_dead_messages"], params).fetchall()
    return Counter(name for (name,) in rows)


def _lease(message: LeasedMessage, owner: str) -> Mapping[str, object]:
    return {
        "connection": message.connection,
        "message_id": message.message_id,
        "owner": owner,
        "attempts": message.attempts,
    }
