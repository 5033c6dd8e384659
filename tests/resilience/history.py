"""Checks the observations of clients against the log: one pass over each, since the log orders all
events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oms_ledger.kernel import Recorded
from tests.engine.log.audit import assert_dense, assert_never_oversold

Fate = Literal["accepted", "refused", "denied", "unknown"]
"""`denied`: the error states that nothing was written. `unknown`: it states that this is not
known."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One command as its client observed it. Times are of the monotonic clock, in seconds.
    `events`: how many it writes, all or none. `position`: of the last of them, if accepted."""

    command_id: str
    sent_at: float
    answered_at: float
    events: int
    fate: Fate
    position: int = 0


def check_history(
    log: Sequence[Recorded],
    observations: Sequence[Observation],
    followers: Mapping[str, Sequence[int]],
) -> None:
    """AssertionError for the first contradiction."""
    assert_dense(log)
    assert_never_oversold(log)
    written: dict[str, list[int]] = defaultdict(list)
    for recorded in log:
        written[recorded.meta.command_id].append(recorded.position)
    assert set(written) <= {a.command_id for a in observations}, (
        "events of a command that no client sent"
    )
    for a in observations:
        _check_fate(a, written.get(a.command_id, []))
    _check_real_time(observations, {id_: positions[0] for id_, positions in written.items()})
    everything = list(range(1, len(log) + 1))
    for name, observed in followers.items():
        assert list(observed) == everything, f"{name} missed, doubled or disordered events"


def _check_fate(a: Observation, positions: Sequence[int]) -> None:
    whole = list(range(a.position - a.events + 1, a.position + 1))
    if a.fate == "accepted":
        assert list(positions) == whole, f"{a} was accepted and is not there, once and whole"
    elif a.fate == "unknown":
        assert len(positions) in (0, a.events), f"half of {a} is there"
    else:
        assert not positions, f"{a} was told no, and is there"


def _check_real_time(observations: Iterable[Observation], first: Mapping[str, int]) -> None:
    """A command answered before another was sent comes before it in the log."""
    observations = list(observations)
    answers = sorted((a.answered_at, a.position) for a in observations if a.fate == "accepted")
    highest, next_ = 0, 0
    for a in sorted(observations, key=lambda each: each.sent_at):
        while next_ < len(answers) and answers[next_][0] < a.sent_at:
            highest = max(highest, answers[next_][1])
            next_ += 1
        position = first.get(a.command_id)
        assert position is None or position > highest, f"{a} was written into the past"
