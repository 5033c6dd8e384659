"""Read models against a fold of the log: built beside, compared row by row, then let go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from oms_ledger.audit.verify.findings import Finding, shortened
from oms_ledger.audit.verify.ports import Progress, VerificationPorts
from oms_ledger.audit.verify.report import Check
from oms_ledger.engine.project.leases import Parked
from oms_ledger.engine.rebuild.builds import Known
from oms_ledger.engine.rebuild.compare import Difference, Values
from oms_ledger.kernel import Position
from oms_projections import PROJECTIONS

CATCHING_UP = "Read models up to date"
FOLDING = "Folding them anew"
COMPARING = "Rows compared"

_SHOWN = re.compile(r"[-+0-9.:, TZ]*|[a-z_]{1,24}")
"""Values that are shown as they are: numbers, times, statuses. A report holds nothing of people."""

NAMES = [model.name for model in PROJECTIONS]


def check_read_models(
    ports: VerificationPorts, progress: Progress, *, repair: bool
) -> tuple[list[Check], list[str]]:
    """What each read model has that a fold of the log has not, or otherwise; and what was
    repaired, in sentences."""
    head = ports.readers.head()
    ports.catch_up(head, lambda at: progress(CATCHING_UP, at, head))
    checks, repaired = list[Check](), list[str]()
    with _built_beside(ports, lambda at: progress(FOLDING, at, head)) as beside:
        for build in beside:
            check = _compared(ports, build, progress)
            checks.append(check)
            differs = any(f.kind == "read_model_differs" for f in check.findings)
            if repair and differs:
                ports.rebuilds.swap(build.name, build.number)
                repaired.append(f"{build.name} is now the build made anew, number {build.number}.")
    return checks, repaired


@contextmanager
def _built_beside(
    ports: VerificationPorts, progress: Callable[[Position], None]
) -> Iterator[Sequence[Known]]:
    """Builds folded from the first event on. Those that were made for this are dropped, unless
    they were swapped in; those that somebody was building already are left to them."""
    theirs = {(s.name, s.version) for s in ports.readers.status() if s.state == "building"}
    rebuilds = ports.rebuilds
    asked = rebuilds.ask(NAMES)
    try:
        rebuilds.see_through(asked, lambda now: progress(min(b.position for b in now)))
        yield asked
    finally:
        states = {(s.name, s.version): s.state for s in ports.readers.status()}
        for build in asked:
            if build.key not in theirs and states.get(build.key) == "building":
                rebuilds.drop(build.name, build.number)


def _compared(ports: VerificationPorts, build: Known, progress: Progress) -> Check:
    rows = dict[str, int]()

    def count(table: str, done: int) -> None:
        rows[table] = done
        progress(COMPARING, sum(rows.values()), sum(rows.values()))

    name = build.name
    with ports.rebuilds.comparing(name, build.number) as comparison:
        differences = list(_shortly(comparison.differences(count)))
        position = comparison.position
    found = [_finding(name, each) for each in differences]
    found += [_incomplete(parked) for parked in ports.readers.parked(name)]
    about = f"rows of {name} against a fold of the log, both at position {position:,}"
    listed = [
        each for kind in KINDS for each in shortened(kind, (f for f in found if f.kind == kind))
    ]
    return Check(name, about, sum(rows.values()), tuple(listed))


KINDS = ("read_model_differs", "read_model_incomplete")

DIFFERENCES = 10_000
"""Enough to see that a table is wrong as a whole."""


def _shortly(differences: Iterator[Difference]) -> Iterator[Difference]:
    for n, each in enumerate(differences):
        if n >= DIFFERENCES:
            return
        yield each


def _finding(name: str, each: Difference) -> Finding:
    key = ", ".join(f"{column} {value}" for column, value in each.key.items())
    return Finding(
        "read_model_differs",
        f"{name}: the row of {each.table} with {key} {_wrong(each)}",
        stream=f"{each.table} ({key})",
        expected=_said(each.other, each.columns),
        found=_said(each.one, each.columns),
    )


def _wrong(each: Difference) -> str:
    if each.one is None:
        return "is missing"
    if each.other is None:
        return "should not be there"
    return f"differs in {', '.join(each.columns)}"


def _incomplete(parked: Parked) -> Finding:
    first = parked.first_position
    text = f"{parked.name} has left out {parked.stream} from event {first} on"
    expected, found = "every event folded", parked.error.partition(":")[0]  # it may quote people
    return Finding("read_model_incomplete", text, first, first, parked.stream, expected, found)


def _said(row: Values | None, columns: Sequence[str]) -> str:
    if row is None:
        return "no such row"
    return ", ".join(f"{column} {_shown(row[column])}" for column in columns)


def _shown(value: str | None) -> str:
    """A value, or, where it may be about somebody, what tells it from another."""
    if value is None or _SHOWN.fullmatch(value):
        return str(value)
    return f"({len(value)} characters, SHA-256 {sha256(value.encode()).hexdigest()[:12]})"
