"""Contenders take turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of a contender: the rate per second, and, if measured, the latency in
    milliseconds."""

    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    p95_ms: float | None = None


Contender = Callable[[float], Run]
"""Runs for this many seconds."""

Progress = Callable[[str], None]
"""Shows on the screen what is being measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds`: of a turn. `rounds`: turns of each contender. `progress`: called with the name of
    what is being measured. `quick`: short runs, for a rough figure."""

    seconds: float
    rounds: int
    quick: bool
    progress: Progress


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratio of the rates of two contenders, and its target."""

    contender: str
    yardstick: str
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The result of one measurement: the turns of each contender, and the ratios that matter.
    `notes` are sentences for the reader."""

    name: str
    title: str
    unit: str
    runs: Mapping[str, Sequence[Run]]
    ratios: Sequence[Ratio] = ()
    notes: Sequence[str] = ()
    targets: Mapping[str, float] = field(default_factory=dict)


def take_turns(plan: Plan, contenders: Mapping[str, Contender]) -> dict[str, list[Run]]:
    """Run each contender in each round: A B C A B C."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for n in range(plan.rounds):
        for name, contender in contenders.items():
            plan.progress(f"{name} (round {n + 1} of {plan.rounds})")
            runs[name].append(contender(plan.seconds))
    return runs


def pairwise(runs: Mapping[str, Sequence[Run]], ratio: Ratio) -> list[float]:
    """The ratio within each round, lowest first."""
    pairs = zip(runs[ratio.contender], runs[ratio.yardstick], strict=True)
    return sorted(one.rate / other.rate for one, other in pairs)


def typical(runs: Sequence[Run]) -> Run:
    """The median of every figure by itself."""
    return Run(
        median(run.rate for run in runs),
        _median([run.p50_ms for run in runs]),
        _median([run.p99_ms for run in runs]),
        _median([run.p95_ms for run in runs]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return median(measured) if measured else None
