"""Read models in the database: how far they have got, and who is folding them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.positions import recorded_at_of
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position, ReadModel

SQL = statements.queries(__package__)


@dataclass(frozen=True, slots=True)
class Status:
    """How far a build of a read model has got. `version` is its number, `shape` the version of
    the code that folds it. `lag_events` counts what it has still to look at, `lag_seconds` is the
    age of the oldest of these; `parked` counts streams it left out. `indexed`: it has all of its
    indexes, which come last. `progress` goes from 0 to 1; `seconds_left` is an estimate, of one
    that is being built."""

    name: str
    version: int
    shape: int
    position: Position
    lag_events: int
    lag_seconds: float
    parked: int
    state: str
    indexed: bool
    progress: float
    seconds_left: float | None


def status(connection: Connection) -> list[Status]:
    """Every build of every read model there is, by name."""
    return [_status(*row) for row in connection.execute(SQL["list_builds"], binary=True).fetchall()]


def by_name(statuses: Iterable[Status]) -> list[dict[str, Any]]:
    """One entry for each read model, which is that of its live build. Under `others` are the builds
    beside it: those that are being made, and those that were live before."""
    builds: dict[str, list[Status]] = {}
    for each in sorted(statuses, key=lambda s: (s.name, s.state != "live", s.version)):
        builds.setdefault(each.name, []).append(each)
    return [
        {**asdict(first), "others": [asdict(other) for other in others]}
        for first, *others in builds.values()
    ]


def _status(
    name: str,
    version: int,
    shape: int,
    position: Position,
    state: str,
    since: datetime,
    indexed: bool,
    head: Position,
    next_event: bytes | None,
    now: datetime,
    parked: int,
) -> Status:
    left = None
    if state == "building" and not indexed and position:
        left = (head - position) * (now - since).total_seconds() / position
    return Status(
        name,
        version,
        shape,
        position,
        head - position,
        _age(next_event, now),
        parked,
        state,
        indexed,
        position / head if head else 1.0,
        left,
    )


def _age(state: bytes | None, now: datetime) -> float:
    """Seconds since an event was recorded; 0 where there is none, or its bytes do not say."""
    at = None if state is None else recorded_at_of(state)
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())


def followed(connection: Connection, model: ReadModel) -> list[Build]:
    """The builds that are folded by this code, live or not yet."""
    rows = connection.execute(SQL["builds_of_shape"], (model.name, model.version)).fetchall()
    return [Build(model, number) for (number,) in rows]


@dataclass(frozen=True, slots=True)
class Parked:
    """A stream that a read model could not fold from `first_position` on."""

    name: str
    version: int
    stream: str
    first_position: Position
    events: int
    error: str
    parked_at: datetime
    attempts: int


def parked(connection: Connection, name: str) -> list[Parked]:
    """What a read model has left out, oldest first."""
    rows = connection.execute(SQL["list_parked"], (name,), binary=True).fetchall()
    return [Parked(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Held:
    """A build under our lease, and where it stood when that was taken or renewed."""

    build: Build
    position: Position
    revision: int
    indexed: bool = True

    @property
    def model(self) -> ReadModel:
        return self.build.model


class Leases:
    """One worker's claims on builds in one state, of read models whose code it has. The
    database's clock decides, so that workers need not agree on the time."""

    def __init__(
        self, models: Iterable[ReadModel], owner: str, seconds: float, state: str = "live"
    ) -> None:
        self._models = {(model.name, model.version): model for model in models}
        self._names = [name for name, _ in self._models]
        self._shapes = [shape for _, shape in self._models]
        self.owner = owner
        self.seconds = seconds
        self.state = state

    def take(self, connection: Connection) -> list[Held]:
        """Take or renew what can be had; in the order in which the models were given."""
        rows = connection.execute(
            SQL["acquire_leases"],
            {
                "owner": self.owner,
                "seconds": self.seconds,
                "names": self._names,
                "shapes": self._shapes,
                "state": self.state,
            },
        ).fetchall()
        held = [
            Held(Build(self._models[name, shape], number), position, revision, indexed)
            for name, shape, number, position, revision, indexed in rows
        ]
        return sorted(held, key=lambda h: (self._names.index(h.model.name), h.build.number))

    def give(self, connection: Connection) -> None:
        """So that another worker need not wait for them to run out."""
        connection.execute(SQL["release_leases"], (self.owner,))

    def held_by_others(self, connection: Connection) -> bool:
        """Whether another worker holds a lease on one of these builds."""
        params = (self._names, self._shapes, self.state, self.owner)
        row = connection.execute(SQL["held_by_others"], params).fetchone()
        return row is not None and bool(row[0])

    def lowest_position(self, connection: Connection) -> Position:
        """How far the one has got that is furthest behind, whoever folds it; 0 without any."""
        row = connection.execute(
            SQL["lowest_position"], (self._names, self._shapes, self.state)
        ).fetchone()
        return int(row[0]) if row else 0
