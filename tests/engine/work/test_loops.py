"""A supervised loop goes on whatever its step raises, and waits as its back-off says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.errors import AdminShutdown, UniqueViolation

from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.engine.work.loops import BackOff, Loop, WorkFailed, describe

IMMEDIATE = BackOff(first_seconds=0.0, longest_seconds=0.0)


class Outcomes:
    """A step with prescribed outcomes, which stops its loop after the last; and what the loop
    reports."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self._outcomes: Iterator[bool | Exception] = iter(outcomes)
        self._left = len(outcomes)
        self.reports: list[tuple[str, str | None]] = []
        self.pauses: list[float] = []

    def step(self, stop: threading.Event) -> bool:
        self._left -= 1
        if not self._left:
            stop.set()
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def succeeded(self, name: str) -> None:
        self.reports.append((name, None))

    def failed(self, name: str, error: str, next_try_seconds: float) -> None:
        self.reports.append((name, error))
        self.pauses.append(next_try_seconds)

    def run(self, back_off: BackOff = IMMEDIATE, jitter: Callable[[], float] = lambda: 0.0) -> Loop:
        loop = Loop("sealer", self.step, back_off=back_off, jitter=jitter, observer=self)
        loop.run(threading.Event())
        return loop


def test_it_goes_on_after_any_failure_and_counts_failures_in_a_row() -> None:
    outcomes = Outcomes(True, ValueError("x"), RuntimeError("y"), True, WorkFailed("no bucket"))
    loop = outcomes.run()
    assert outcomes.reports == [
        ("sealer", None),
        ("sealer", "ValueError"),
        ("sealer", "RuntimeError"),
        ("sealer", None),
        ("sealer", "no bucket"),
    ]
    assert (loop.failures, loop.last_error) == (1, "no bucket")
    assert loop.last_success is not None


def test_the_work_of_another_process_is_not_reported() -> None:
    outcomes = Outcomes(ValueError("x"), False, False)
    loop = outcomes.run()
    assert outcomes.reports == [("sealer", "ValueError")]
    assert (loop.failures, loop.last_success) == (0, None)


def test_pauses_double_up_to_a_longest_one_and_vary() -> None:
    back_off = BackOff(first_seconds=0.5, longest_seconds=6.0, spread=0.25)
    assert [back_off.pause(n, 0.0) for n in (1, 2, 3, 4, 5, 10_000)] == [0.5, 1, 2, 4, 6, 6]
    assert back_off.pause(2, 0.5) == 1 * (1 - 0.25 * 0.5)
    assert 0.75 * 6 < back_off.pause(10_000, 0.999) <= 6


def test_a_failure_is_followed_by_the_pause_of_the_back_off() -> None:
    outcomes = Outcomes(*(ValueError("x") for _ in range(3)), True)
    jitters = iter([0.0, 1.0, 0.5])
    started = time.monotonic()
    outcomes.run(BackOff(0.1, 0.2, 0.5), lambda: next(jitters))
    assert outcomes.pauses == pytest.approx([0.1, 0.1, 0.15])
    assert time.monotonic() - started >= 0.35


class Pauses(threading.Event):
    """Keeps the timeouts that it is waited on with."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        return super().wait(timeout)


def test_the_pace_is_from_start_to_start() -> None:
    """A step that takes half of the pace is followed by a pause of the other half, or of less where
    the machine was busy."""
    starts: list[float] = []
    stop = Pauses()

    def step(stop: threading.Event) -> bool:
        starts.append(time.monotonic())
        time.sleep(0.05)
        if len(starts) == 4:
            stop.set()
        return True

    Loop("sealer", step, pace_seconds=0.1).run(stop)
    assert all(0.0 <= pause <= 0.05 for pause in stop.seconds)
    assert starts[-1] - starts[0] > 0.29


def test_it_stops_in_the_middle_of_a_pause() -> None:
    stop = threading.Event()
    outcomes = Outcomes(True, True)
    loop = Loop("sealer", outcomes.step, pace_seconds=600.0)
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (WorkFailed("2 stores lack a checkpoint"), "2 stores lack a checkpoint"),
        (Unavailable("No answer."), "Unavailable: No answer."),
        (Refused("c-ada is on hold", code="on_legal_hold"), "Refused: on_legal_hold"),
        (ValueError("ada@example.com"), "ValueError"),
        (UniqueViolation("Key (email)=(ada@example.com)"), "UniqueViolation: SQLSTATE 23505"),
        (psycopg.OperationalError("refused\nIs it up?"), "OperationalError: refused"),
        (AdminShutdown("terminating connection"), "AdminShutdown: terminating connection"),
        (psycopg.OperationalError(), "OperationalError"),
    ],
)
def test_an_error_is_described_without_personal_data(error: Exception, text: str) -> None:
    assert describe(error) == text
