"""The grants of `migrations/post-apply.sql`: recorded when they are made, compared when a ledger is
opened, so that an up-to-date one need not be granted everything again.

The record is the comment on the table of applied migrations: a digest of `post-apply.sql`, and one
of the owners and rights that it left in the database's catalogue. A program with another
`post-apply.sql`, a dump restored without its rights, and rights changed by hand all differ from it.
Tables of read models are made while the program runs; their rights are compared one by one.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from psycopg import sql

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)

POST_APPLY = "post-apply.sql"


def record(owner: Connection, migrations: Path) -> None:
    """Note that the grants in the database are those of `post-apply.sql` in the folder
    `migrations`, which has just run. Needs the owner's connection."""
    comment = f"grants {_digest(migrations)} {_fingerprint(owner)}"
    owner.execute(sql.SQL(SQL["record_grants"]).format(comment=sql.Literal(comment)))


def up_to_date(connection: Connection, migrations: Path) -> bool:
    """Whether all rights in the ledger are those that `post-apply.sql` in the folder `migrations`
    would leave. Changes nothing; any role of the ledger may run it."""
    recorded = connection.execute(SQL["recorded_grants"]).fetchone()
    if recorded != (f"grants {_digest(migrations)} {_fingerprint(connection)}",):
        return False
    return connection.execute(SQL["grants_of_builds_differ"]).fetchone() == (False,)


def _digest(migrations: Path) -> str:
    return sha256((migrations / POST_APPLY).read_bytes()).hexdigest()


def _fingerprint(connection: Connection) -> str:
    row = connection.execute(SQL["grants_fingerprint"]).fetchone()
    assert row is not None, "an aggregate has one row"
    return str(row[0])
