"""Classifies errors of the driver: the database is not available, or it rejects the values."""

from __future__ import annotations

import psycopg
from psycopg import errors

DATA_ERRORS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)
"""The values are at fault, and others would be accepted: a NUL in a text, a number too large, a
key that is taken, a text too long for its index. The driver makes the last one an
OperationalError."""

_OUTAGES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # The driver makes these InternalErrors: sessions that were ended, and a server that has become
    # a standby.
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
    errors.ReadOnlySqlTransaction,
)


def is_outage(error: psycopg.Error) -> bool:
    """Whether the same statement with the same values can succeed later, on a new connection."""
    return isinstance(error, _OUTAGES) and not isinstance(error, DATA_ERRORS)
