"""Builds of read models in the database: positions, parked streams, and leases."""

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
class BuildStatus:
    """One build of a read model. `version` is its number, `shape` the version of the code that
    folds it. `lag_events` counts the events that it has not folded, `lag_seconds` is the age of the
    oldest of them; `parked` counts its parked streams. `indexed` tells whether its indexes are
    made, which come last. `progress` is from 0 to 1; `seconds_left` is an estimate for a build in
    progress, otherwise None."""

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


def build_statuses(connection: Connection) -> list[BuildStatus]:
    """Every build of every read model, by name and number."""
    return [
        _build_status(*row)
        for row in connection.execute(SQL["list_builds"], binary=True).fetchall()
    ]


def by_name(statuses: Iterable[BuildStatus]) -> list[dict[str, Any]]:
    """One entry for each read model: its live build, and under `others` the builds beside it, which
    are in progress or were live before."""
    builds: dict[str, list[BuildStatus]] = {}
    for each in sorted(statuses, key=lambda s: (s.name, s.state != "live", s.version)):
        builds.setdefault(each.name, []).append(each)
    return [
        {**asdict(first), "others": [asdict(other) for other in others]}
        for first, *others in builds.values()
    ]


def _build_status(
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
) -> BuildStatus:
    left = None
    if state == "building" and not indexed and position:
        left = (head - position) * (now - since).total_seconds() / position
    return BuildStatus(
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
    """Seconds since an event was recorded; 0 without one, or if its bytes cannot be decoded."""
    at = None if state is None else recorded_at_of(state)
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())


def builds_of(connection: Connection, model: ReadModel) -> list[Build]:
    """The builds of this model's shape that are live or in progress."""
    rows = connection.execute(SQL["builds_of_shape"], (model.name, model.version)).fetchall()
    return [Build(model, number) for (number,) in rows]


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that a build does not fold from `first_position` on, because of `error`. `events`
    counts those left out so far, `attempts` the tries to fold the first."""

    name: str
    version: int
    stream: str
    first_position: Position
    events: int
    error: str
    parked_at: datetime
    attempts: int


def parked_streams(connection: Connection, name: str) -> list[ParkedStream]:
    """The parked streams of all builds of a read model, the earliest position first."""
    rows = connection.execute(SQL["list_parked"], (name,), binary=True).fetchall()
    return [ParkedStream(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class LeasedBuild:
    """A build under this worker's lease, with its position and revision when the lease was acquired
    or renewed, or when this worker last wrote."""

    build: Build
    position: Position
    revision: int
    indexed: bool = True

    @property
    def model(self) -> ReadModel:
        return self.build.model


class Leases:
    """One worker's leases on builds in one state, of the shapes in `models`. They expire by the
    clock of the database."""

    def __init__(
        self, models: Iterable[ReadModel], owner: str, seconds: float, state: str = "live"
    ) -> None:
        self._models = {(model.name, model.version): model for model in models}
        self._names = [name for name, _ in self._models]
        self._shapes = [shape for _, shape in self._models]
        self.owner = owner
        self.seconds = seconds
        self.state = state

    def acquire(self, connection: Connection) -> list[LeasedBuild]:
        """Acquire or renew all leases that are free, expired or held by this worker; the builds, in
        the order of the models and by number."""
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
            LeasedBuild(Build(self._models[name, shape], number), position, revision, indexed)
            for name, shape, number, position, revision, indexed in rows
        ]
        return sorted(held, key=lambda h: (self._names.index(h.model.name), h.build.number))

    def renew(self, connection: Connection) -> None:
        """Renew the leases held by this worker, be they expired, and acquire no other."""
        connection.execute(SQL["renew_leases"], (self.seconds, self.owner))

    def release(self, connection: Connection) -> None:
        """Release all leases, so that another worker need not wait until they expire."""
        connection.execute(SQL["release_leases"], (self.owner,))

    def held_by_others(self, connection: Connection) -> bool:
        """Whether another worker holds a lease on one of these builds."""
        params = (self._names, self._shapes, self.state, self.owner)
        row = connection.execute(SQL["held_by_others"], params).fetchone()
        return row is not None and bool(row[0])

    def lowest_position(self, connection: Connection) -> Position:
        """The position of the build that is furthest behind, whichever worker folds it; 0 where
        there is none."""
        row = connection.execute(
            SQL["lowest_position"], (self._names, self._shapes, self.state)
        ).fetchone()
        return int(row[0]) if row else 0
