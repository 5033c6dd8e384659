"""Deletes receipts (the first answers under idempotency keys) that were kept long enough."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)

PAGE_ROWS = 5000
"""Rows deleted in one statement, so that none of them takes long."""


def prune(connection: Connection, before: datetime) -> int:
    """Delete one page of the receipts recorded before a time, the oldest first; the number of
    rows deleted, 0 where none is left. `connection` acts as the writer."""
    return connection.execute(SQL["prune_receipts"], (before, PAGE_ROWS)).rowcount


def prune_refusals(connection: Connection, before: datetime) -> int:
    """The same for the receipts of refused commands alone."""
    return connection.execute(SQL["prune_refusals"], (before, PAGE_ROWS)).rowcount
