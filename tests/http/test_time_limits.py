"""Time limits that are checked together: what they cancel, when, and what they leave alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from oms_ledger.http import time_limits
from oms_ledger.http.time_limits import TimeLimit, TimeLimits

LONG = 60.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limits, "CHECK_SECONDS", 0.01)


def limited(seconds: float, act: Callable[[TimeLimit], Awaitable[object]]) -> None:
    async def run() -> None:
        with TimeLimits().of(seconds) as limit:
            await act(limit)

    asyncio.run(run())


def test_what_takes_longer_is_cancelled_and_raises() -> None:
    ended = []

    async def act(limit: TimeLimit) -> None:
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        limited(0.02, act)
    assert ended == ["cancelled"]


def test_what_ends_in_time_is_left_alone() -> None:
    limited(0.05, lambda limit: asyncio.sleep(0.02))


def test_no_time_counts_while_it_is_stopped_and_all_of_it_from_a_restart_on() -> None:
    async def stopped(limit: TimeLimit) -> None:
        limit.stop()
        await asyncio.sleep(0.1)
        limit.restart()

    limited(0.05, stopped)

    async def restarted(limit: TimeLimit) -> None:
        await stopped(limit)
        await asyncio.sleep(LONG)

    with pytest.raises(TimeoutError):
        limited(0.05, restarted)


def test_a_task_cancelled_by_another_stays_cancelled() -> None:
    async def act(limit: TimeLimit) -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_later(0.01, task.cancel)
        await asyncio.sleep(LONG)

    with pytest.raises(asyncio.CancelledError):
        limited(LONG, act)


def test_an_error_of_its_own_is_kept_though_the_limit_has_passed() -> None:
    async def act(limit: TimeLimit) -> None:
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            raise LookupError from None

    with pytest.raises(LookupError):
        limited(0.02, act)


def test_one_limit_within_another_cancels_for_itself_alone() -> None:
    async def run() -> str:
        limits = TimeLimits()
        with limits.of(LONG):
            try:
                with limits.of(0.02):
                    await asyncio.sleep(LONG)
            except TimeoutError:
                await asyncio.sleep(0.02)
                return "went on"
        return "not limited"

    assert asyncio.run(run()) == "went on"


def test_each_event_loop_and_each_pause_between_requests_is_followed_by_checks() -> None:
    limits = TimeLimits()

    async def slow() -> None:
        with limits.of(0.02):
            await asyncio.sleep(LONG)

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await slow()
            await asyncio.sleep(0.05)

    asyncio.run(run())
    asyncio.run(run())
