"""What an error of PostgreSQL means: it is out of order, or it cannot take what it was given.

Told by the driver's classes, with what they get wrong for our purpose put right.
"""

from __future__ import annotations

import psycopg
from psycopg import errors

UNACCEPTABLE = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)
"""It is the values that are at fault, and others would do: a NUL in a text, a number too large,
a key that is taken, a text too long for its index. The last is an OperationalError to the
driver."""

_OUTAGES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # These are InternalErrors to the driver: sessions that were ended, and a server that is
    # a standby now.
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
    errors.ReadOnlySqlTransaction,
)


def is_outage(error: psycopg.Error) -> bool:
    """Would the same values be taken at another time, over another connection?"""
    return isinstance(error, _OUTAGES) and not isinstance(error, UNACCEPTABLE)
