"""Children are kept alive, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.serving import supervisor
from oms_ledger.serving.supervisor import Child, Supervisor

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def sleeper(folder: Path, *after: str) -> Child:
    return Child("sleeper", "tests.serving.sleeper", before=(str(folder),), after=after)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def started(folder: Path) -> list[int]:
    return [int(file.name) for file in folder.iterdir()]


def test_a_child_that_is_killed_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSE_SECONDS", (0.01, 0.02))
    child = sleeper(tmp_path)
    dead: list[int] = []
    with Supervisor(os.environ, [child], dead.append) as family:
        until(lambda: len(started(tmp_path)) == 1)
        (first,) = started(tmp_path)
        os.kill(first, signal.SIGKILL)

        def again() -> bool:
            family.check()
            return len(started(tmp_path)) == 2

        until(again)
        assert family.deaths() == 1
        assert dead == [first]
    assert not any(psutil.pid_exists(pid) for pid in started(tmp_path))


def test_a_child_that_sends_no_heartbeat_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSE_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(supervisor, "STARTING_SECONDS", 2.0)
    child = sleeper(tmp_path, "stubborn")
    child.silence_seconds = 1.0
    with Supervisor(os.environ, [child]) as family:

        def again() -> bool:
            family.check()
            return family.deaths() >= 1 and child.process is not None

        until(again)


def test_one_that_keeps_dying_is_started_ever_later(tmp_path: Path) -> None:
    child = Child("broken", "tests.serving.no_such_module", before=(str(tmp_path),))
    with Supervisor({**os.environ, "PYTHONWARNINGS": ""}, [child]) as family:
        process = child.process
        assert process is not None
        process.wait(20)
        before = child.pause
        family.check()
        assert child.process is None, "not at once"
        assert child.pause == 2 * before
        assert child.due_at > time.monotonic()


def test_a_child_that_takes_no_notice_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.3)
    with Supervisor(os.environ, [sleeper(tmp_path, "stubborn")]):
        until(lambda: len(started(tmp_path)) == 1)
    (pid,) = started(tmp_path)
    assert not psutil.pid_exists(pid)


def test_children_go_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-m", "tests.serving.sleeper_family", str(tmp_path)])
    until(lambda: len(started(tmp_path)) == 1)
    (child,) = started(tmp_path)
    parent.kill()
    parent.wait()
    until(lambda: not psutil.pid_exists(child))
