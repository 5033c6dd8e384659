"""The cursors of policies: how far each has read the log, and the leases of the workers on them.

Leases spare workers the same work. A cursor moves only from where it was read, so that a worker
that was overtaken moves none; what it has submitted has its receipts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.work.consequences import policy_source
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)


_EFFECT = "effect:"


def effect_cursor(effect: str) -> str:
    """The name of the cursor of an effect, and the source of what it fails with."""
    return f"{_EFFECT}{effect}"


def is_effect(source: str) -> bool:
    """Whether a refusal of this source is of an event on which an effect has failed."""
    return source.startswith(_EFFECT)


class CursorStatus(NamedTuple):
    """One policy or effect. `lag_events`: how many events it has still to read."""

    name: str
    position: Position
    lag_events: int
    updated_at: datetime

    @property
    def source(self) -> str:
        """The source of its commands, as refusals name it."""
        return self.name if is_effect(self.name) else policy_source(self.name)


def install(owner: Connection, names: Collection[str]) -> None:
    """Make the cursors that are missing, at the head. Others stay where they are."""
    if names:
        owner.execute(SQL["install_cursors"], (list(names),))


def missing(connection: Connection, names: Collection[str]) -> list[str]:
    """The policies that have no cursor."""
    if not names:
        return []
    installed = {name for (name,) in connection.execute(SQL["cursor_names"]).fetchall()}
    return [name for name in names if name not in installed]


def statuses(connection: Connection) -> list[CursorStatus]:
    """All policies that were ever installed, by name."""
    return [CursorStatus(*row) for row in connection.execute(SQL["list_cursors"]).fetchall()]


class CursorLeases:
    """One worker's leases on cursors. They expire by the clock of the database."""

    def __init__(self, names: Collection[str], owner: str, seconds: float) -> None:
        self._names = list(names)
        self._owner = owner
        self.seconds = seconds

    def acquire(self, connection: Connection) -> dict[str, Position]:
        """Acquire or renew all leases that are free, expired or held by this worker; the positions
        of the cursors, by name."""
        params = {"owner": self._owner, "seconds": self.seconds, "names": self._names}
        return dict(connection.execute(SQL["acquire_cursors"], params).fetchall())

    def release(self, connection: Connection) -> None:
        """Release all leases, so that another worker need not wait until they expire."""
        connection.execute(SQL["release_cursors"], (self._owner,))


def move(
    connection: Connection, names: Collection[str], after: Position, until: Position
) -> set[str]:
    """Move cursors from one position to a later one; the names of those that were moved."""
    params = {"names": list(names), "after": after, "until": until}
    return {name for (name,) in connection.execute(SQL["move_cursors"], params).fetchall()}
