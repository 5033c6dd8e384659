"""Forgetting, decided in the ledger: its keys are destroyed after the receipt was written, by
whoever wrote it; or, where that one died in between, by whoever comes next.

The receipts are the truth. What they ask for can be done any number of times, so that keys that
come back with an old backup are destroyed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.customers.state import GUEST, ORDER
from oms_ledger.domain.personal import Known
from oms_ledger.engine.log import codec
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.kernel import Position, Recorded
from oms_ledger.privacy.postgres import Connection

# Guests' orders hang on the e-mail address alone: whose address it is, theirs they are. And who
# else has that address has a say in it.
KNOWN = """
WITH own AS (
    SELECT key_id, subject FROM subject_keys
    WHERE destroyed_at IS NULL AND (subject = ANY(%(subjects)s) OR key_id = %(key)s)
), touched AS (
    SELECT key_id, subject FROM own
    UNION
    SELECT k.key_id, k.subject FROM subject_keys AS k
    WHERE k.destroyed_at IS NULL AND k.subject IN (
        SELECT 'email:' || i.blind FROM subject_index AS i JOIN own USING (key_id)
        WHERE starts_with(own.subject, 'customer:'))
), sharing AS (
    SELECT k.key_id, k.subject FROM subject_keys AS k
    WHERE k.destroyed_at IS NULL AND k.key_id IN (
        SELECT i.key_id FROM touched JOIN subject_index AS i ON i.blind = substr(subject, 7)
        WHERE starts_with(subject, 'email:'))
)
SELECT 'own', key_id, subject FROM own
UNION ALL SELECT 'touched', key_id, subject FROM touched
UNION ALL SELECT 'sharing', key_id, subject FROM sharing
ORDER BY 2"""

# Along the streams of customers, however long the log is: '-' is followed by '.' in the "C"
# collation.
RECEIPTS = """
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
WHERE (originator_id, originator_version) > (%s, %s) AND originator_id < 'customer.'
  AND topic = ANY(%s) AND notification_id > %s AND notification_id <= %s
ORDER BY originator_id, originator_version LIMIT %s"""

RECEIPT = """
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
WHERE notification_id = %s AND topic = ANY(%s)"""

# Those that the receipts name, and what was made for the same persons while they were decided.
DOOMED = """
SELECT key_id FROM subject_keys
WHERE destroyed_at IS NULL AND key_id IN (
    SELECT unnest(%(keys)s::text[])
    UNION ALL
    SELECT k.key_id FROM unnest(%(subjects)s::text[], %(times)s::timestamptz[]) AS f (subject, at)
    JOIN subject_keys AS k ON k.subject = f.subject AND k.destroyed_at IS NULL
    WHERE k.created_at <= f.at)
ORDER BY key_id FOR UPDATE"""

UNINDEX = "DELETE FROM subject_index WHERE key_id = ANY(%s)"

# The blinded address goes too: with the ledger's key it could be guessed at.
DESTROY = """
UPDATE subject_keys SET wrapped = NULL, kek_id = NULL, destroyed_at = %s,
    subject = CASE WHEN subject LIKE 'email:%%' THEN 'email:' ELSE subject END
WHERE key_id = ANY(%s)"""

AT_ONCE = 1000

NOBODY = f"{GUEST}nobody"
"""The record of an e-mail address that nobody has; nothing is ever written to it."""

NAMES = stored_names([CustomerForgotten.type])


def known(connection: Connection, whom: str, blind: str | None) -> Known:
    """Whom a command means: a customer's id, the name of a record, or, with what stands for it in
    the index, an e-mail address."""
    key = whom.removeprefix(GUEST) if whom.startswith(GUEST) else None
    subjects = [_subject(whom)] + ([f"email:{blind}"] if blind else [])
    rows = connection.execute(KNOWN, {"subjects": subjects, "key": key}).fetchall()
    of: dict[str, list[tuple[str, str]]] = {"own": [], "touched": [], "sharing": []}
    for part, key_id, subject in rows:
        of[str(part)].append((str(key_id), str(subject)))
    record = whom
    if key or blind:  # an address must not reach the ledger, whoever has it or nobody
        record = _record(*of["own"][0]) if of["own"] else whom if key else NOBODY
    keys = _ids(of["touched"])
    bound = {record, *(f"{GUEST}{key_id}" for key_id in keys)}
    bound |= {_record(*each) for each in of["touched"] + of["sharing"]}
    return Known(record, _ids(of["own"]), keys, tuple(sorted(bound)))


def _ids(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(key_id for key_id, _ in rows)


def _subject(whom: str) -> str:
    return whom if whom.startswith(ORDER) else f"customer:{whom}"


def _record(key_id: str, subject: str) -> str:
    """The record of whom a key is. E-mail addresses are kept out of it, ids that are such too."""
    kind, _, name = subject.partition(":")
    if kind == "order":
        return subject
    return name if kind == "customer" and "@" not in name else f"{GUEST}{key_id}"


def receipt_at(connection: Connection, position: Position) -> list[Recorded]:
    """The receipt at a position; none where something else is there."""
    rows = connection.execute(RECEIPT, (position, NAMES), binary=True).fetchall()
    return [codec.recorded(*row) for row in rows]


def receipts(connection: Connection, after: Position, until: Position) -> Iterator[list[Recorded]]:
    """All receipts after a position, up to another, some at a time."""
    last = ("customer-", 0)
    while True:
        asked = (*last, NAMES, after, until, AT_ONCE)
        rows = connection.execute(RECEIPTS, asked, binary=True).fetchall()
        if not rows:
            return
        some = [codec.recorded(*row) for row in rows]
        last = (some[-1].stream, some[-1].version)
        yield some


def carry_out(connection: Connection, asked: Sequence[Recorded]) -> list[str]:
    """Do what receipts say; the ids of the keys that were destroyed for it just now."""
    told = [(r.event, r.meta.recorded_at) for r in asked]
    forgotten = [(e, at) for e, at in told if isinstance(e, CustomerForgotten)]
    by_name = [(e, at) for e, at in forgotten if not e.customer_id.startswith(GUEST)]
    doomed = {
        "keys": [key for e, _ in forgotten for key in e.keys],
        "subjects": [_subject(e.customer_id) for e, _ in by_name],
        "times": [at for _, at in by_name],
    }
    with connection.transaction():
        ids = [str(key_id) for (key_id,) in connection.execute(DOOMED, doomed).fetchall()]
        _destroy(connection, ids)
    return ids


def _destroy(connection: Connection, ids: Collection[str]) -> None:
    if ids:
        connection.execute(UNINDEX, (list(ids),))
        connection.execute(DESTROY, (datetime.now(UTC), list(ids)))
