"""What a verification reports: plain values, and sentences that name what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from oms_ledger.kernel import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `kind` is stable, `text` is for people, `first` to `last` are the
    positions in question (0 where there are none). `stream` and what was `expected` and `found`
    are said where they are known apart."""

    kind: str
    text: str
    first: int = 0
    last: int = 0
    stream: str = ""
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint kept outside the database: its signed note, and the store it was read from."""

    source: str
    note: str


@dataclass(slots=True)
class TreeReport:
    """What was looked at and what was found; `ok` when that is nothing. `size` events are
    sealed, `head` is the log's newest position; what lies between is too new to be sealed."""

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


class Ranges:
    """Rising positions, kept as ranges."""

    def __init__(self) -> None:
        self.all: list[tuple[int, int]] = []

    def add(self, position: int) -> None:
        if self.all and self.all[-1][1] == position - 1:
            self.all[-1] = (self.all[-1][0], position)
        else:
            self.all.append((position, position))


def events(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def be(first: int, last: int, one: str = "is", many: str = "are") -> str:
    return one if first == last else many


LISTED = 100


def shortened(kind: str, found: Iterable[Finding]) -> list[Finding]:
    """At most a hundred of a kind, and how many more there are."""
    all_of_them = list(found)
    rest = len(all_of_them) - LISTED
    if rest <= 0:
        return all_of_them
    return [*all_of_them[:LISTED], Finding(kind, f"... and {rest} more of these")]
