"""Compares the rows of each read model with a new build of it, folded from the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice

from oms_ledger.audit.verify.findings import Finding, shortened_by_kind
from oms_ledger.audit.verify.ports import Progress, VerificationPorts
from oms_ledger.audit.verify.report import Check
from oms_ledger.engine.project.leases import ParkedStream
from oms_ledger.engine.rebuild.builds import BuildRecord
from oms_ledger.engine.rebuild.compare import RowDifference, Values
from oms_ledger.kernel import Position
from oms_projections import PROJECTIONS

CATCHING_UP = "Read models up to date"
FOLDING = "Folding them anew"
COMPARING = "Rows compared"

_SHOWN = re.compile(r"[-+0-9.:, TZ]*|[a-z_]{1,24}")
"""Values that a report shows as they are: numbers, times, statuses. Others may be personal data."""

NAMES = [model.name for model in PROJECTIONS]


def check_read_models(
    ports: VerificationPorts, progress: Progress, *, repair: bool
) -> tuple[list[Check], list[str]]:
    """A check for each read model; with `repair`, those with findings are replaced by the new
    build. Also gives a sentence for each repair."""
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
) -> Iterator[Sequence[BuildRecord]]:
    """New builds of all read models. Those begun here are dropped at the end, unless they were
    swapped in; builds that were in progress before are compared and left alone."""
    in_progress = {(s.name, s.version) for s in ports.readers.status() if s.state == "building"}
    rebuilds = ports.rebuilds
    builds = rebuilds.request(NAMES)
    try:
        rebuilds.complete(builds, lambda now: progress(min(b.position for b in now)))
        yield builds
    finally:
        states = {(s.name, s.version): s.state for s in ports.readers.status()}
        for build in builds:
            if build.key not in in_progress and states.get(build.key) == "building":
                rebuilds.drop(build.name, build.number)


def _compared(ports: VerificationPorts, build: BuildRecord, progress: Progress) -> Check:
    rows = dict[str, int]()

    def count(table: str, done: int) -> None:
        rows[table] = done
        progress(COMPARING, sum(rows.values()), sum(rows.values()))

    name = build.name
    with ports.rebuilds.comparison(name, build.number) as comparison:
        differences = list(islice(comparison.differences(count), DIFFERENCES))
        position = comparison.position
    findings = [_finding(name, each) for each in differences]
    findings += [_incomplete(parked) for parked in ports.readers.parked(name)]
    about = f"rows of {name} against a fold of the log, both at position {position:,}"
    return Check(name, about, sum(rows.values()), tuple(shortened_by_kind(findings)))


DIFFERENCES = 10_000
"""The most differing rows that are read: enough to see that a whole table is wrong."""


def _finding(name: str, each: RowDifference) -> Finding:
    key = ", ".join(f"{column} {value}" for column, value in each.key.items())
    return Finding(
        "read_model_differs",
        f"{name}: the row of {each.table} with {key} {_fault(each)}",
        stream=f"{each.table} ({key})",
        expected=_row_text(each.other, each.columns),
        actual=_row_text(each.one, each.columns),
    )


def _fault(each: RowDifference) -> str:
    if each.one is None:
        return "is missing"
    if each.other is None:
        return "should not be there"
    return f"differs in {', '.join(each.columns)}"


def _incomplete(parked: ParkedStream) -> Finding:
    first = parked.first_position
    text = f"{parked.name} has left out {parked.stream} from event {first} on"
    # The message behind the colon may quote personal data.
    expected, actual = "every event folded", parked.error.partition(":")[0]
    return Finding("read_model_incomplete", text, first, first, parked.stream, expected, actual)


def _row_text(row: Values | None, columns: Sequence[str]) -> str:
    if row is None:
        return "no such row"
    return ", ".join(f"{column} {_shown(row[column])}" for column in columns)


def _shown(value: str | None) -> str:
    """The value, or its length and hash where it may be personal data."""
    if value is None or _SHOWN.fullmatch(value):
        return str(value)
    return f"({len(value)} characters, SHA-256 {sha256(value.encode()).hexdigest()[:12]})"
