"""What clients saw, held against the log: in one pass over each, since the log gives every event
its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oms_ledger.kernel import Recorded
from tests.engine.log.audit import assert_dense, assert_never_oversold

Fate = Literal["accepted", "refused", "denied", "unknown"]
"""`denied`: told that nothing was written. `unknown`: told that nobody knows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command as its client saw it. Times are of the machine's monotonic clock; `events` is
    how many it writes, all or none; `position` of the last of them, where that was answered."""

    command_id: str
    asked_at: float
    answered_at: float
    events: int
    fate: Fate
    position: int = 0


def check_history(
    log: Sequence[Recorded], asked: Sequence[Asked], followers: Mapping[str, Sequence[int]]
) -> None:
    """AssertionError names the first thing that cannot be."""
    assert_dense(log)
    assert_never_oversold(log)
    written: dict[str, list[int]] = defaultdict(list)
    for recorded in log:
        written[recorded.meta.command_id].append(recorded.position)
    assert set(written) <= {a.command_id for a in asked}, "events that nobody asked for"
    for a in asked:
        _check_fate(a, written.get(a.command_id, []))
    _check_real_time(asked, {id_: positions[0] for id_, positions in written.items()})
    everything = list(range(1, len(log) + 1))
    for name, seen in followers.items():
        assert list(seen) == everything, f"{name} missed, doubled or disordered events"


def _check_fate(a: Asked, positions: Sequence[int]) -> None:
    whole = list(range(a.position - a.events + 1, a.position + 1))
    if a.fate == "accepted":
        assert list(positions) == whole, f"{a} was accepted and is not there, once and whole"
    elif a.fate == "unknown":
        assert len(positions) in (0, a.events), f"half of {a} is there"
    else:
        assert not positions, f"{a} was told no, and is there"


def _check_real_time(asked: Iterable[Asked], first: Mapping[str, int]) -> None:
    """Whoever was answered before another asked comes before it in the log."""
    asked = list(asked)
    answers = sorted((a.answered_at, a.position) for a in asked if a.fate == "accepted")
    highest, next_ = 0, 0
    for a in sorted(asked, key=lambda each: each.asked_at):
        while next_ < len(answers) and answers[next_][0] < a.asked_at:
            highest = max(highest, answers[next_][1])
            next_ += 1
        position = first.get(a.command_id)
        assert position is None or position > highest, f"{a} was written into the past"
