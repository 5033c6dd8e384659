"""Findings of a verification, and helpers for the sentences in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from oms_ledger.kernel import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `kind` is a stable code, `text` a sentence for people, `first` to `last` the
    positions concerned (0 where there are none). `stream`, `expected` and `actual` are empty where
    they do not apply; `actual` is the JSON field `found`."""

    kind: str
    text: str
    first: int = 0
    last: int = 0
    stream: str = ""
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint kept outside the database: its signed note, and the store it was read from."""

    source: str
    note: str


@dataclass(slots=True)
class TreeReport:
    """The result of checking the tree. `size` events are sealed and `head` is the newest position
    of the log; events between are not sealed yet. `events`, `checkpoints` and `anchors` are the
    numbers of those that were checked."""

    origin: str
    size: int
    head: int
    events: int = 0
    checkpoints: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Json]:
        return {
            "ok": self.ok,
            "origin": self.origin,
            "sealed": self.size,
            "head": self.head,
            "events": self.events,
            "checkpoints": self.checkpoints,
            "anchors": self.anchors,
            "findings": [
                {"kind": f.kind, "text": f.text, "first": f.first, "last": f.last}
                for f in self.findings
            ],
        }


class PositionRanges:
    """A rising sequence of positions as `ranges` of (first, last)."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def add(self, position: int) -> None:
        if self.ranges and self.ranges[-1][1] == position - 1:
            self.ranges[-1] = (self.ranges[-1][0], position)
        else:
            self.ranges.append((position, position))


def events(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def be(first: int, last: int, one: str = "is", many: str = "are") -> str:
    return one if first == last else many


LISTED = 100
"""The most findings of one kind that a report lists."""


def shortened(kind: str, findings: Iterable[Finding]) -> list[Finding]:
    """The first LISTED of some findings of one kind, and one with the number of the others."""
    all_findings = list(findings)
    rest = len(all_findings) - LISTED
    if rest <= 0:
        return all_findings
    return [*all_findings[:LISTED], Finding(kind, f"... and {rest} more of these")]


def shortened_by_kind(findings: Iterable[Finding]) -> list[Finding]:
    """The findings grouped by kind, each group shortened."""
    by_kind: dict[str, list[Finding]] = {}
    for each in findings:
        by_kind.setdefault(each.kind, []).append(each)
    return [each for kind, group in by_kind.items() for each in shortened(kind, group)]
