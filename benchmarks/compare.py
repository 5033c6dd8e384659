"""Contenders take turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Run:
    """One contender's turn: how many a second, and how long one took (milliseconds), where that
    was measured."""

    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None


Contender = Callable[[float], Run]
"""Takes the seconds it should run for."""

Tell = Callable[[str], None]
"""Says on the screen what is being done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a turn is, how many turns everybody gets, and whom to tell. `quick` runs are for
    seeing that something works, or roughly how fast it is."""

    seconds: float
    rounds: int
    quick: bool
    tell: Tell


@dataclass(frozen=True, slots=True)
class Ratio:
    """Which of two contenders is to be how many times as fast as the other."""

    ours: str
    yardstick: str
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What one measurement found: every contender's turns, and the ratios that matter.
    `notes` are sentences for the reader."""

    name: str
    title: str
    unit: str
    runs: Mapping[str, Sequence[Run]]
    ratios: Sequence[Ratio] = ()
    notes: Sequence[str] = ()
    targets: Mapping[str, float] = field(default_factory=dict)


def take_turns(plan: Plan, contenders: Mapping[str, Contender]) -> dict[str, list[Run]]:
    """Everybody once, and again: A B C A B C."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for n in range(plan.rounds):
        for name, contender in contenders.items():
            plan.tell(f"{name} (round {n + 1} of {plan.rounds})")
            runs[name].append(contender(plan.seconds))
    return runs


def pairwise(runs: Mapping[str, Sequence[Run]], ratio: Ratio) -> list[float]:
    """The ratio within each round, lowest first."""
    pairs = zip(runs[ratio.ours], runs[ratio.yardstick], strict=True)
    return sorted(ours.rate / theirs.rate for ours, theirs in pairs)


def typical(runs: Sequence[Run]) -> Run:
    """The median of every figure by itself."""
    return Run(
        median(run.rate for run in runs),
        _median([run.p50_ms for run in runs]),
        _median([run.p99_ms for run in runs]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
