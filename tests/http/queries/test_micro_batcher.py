"""Concurrent calls are served in batches, and each caller gets the reply to its own request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries import micro_batcher
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.turns import CALLER


class Doubler:
    """A worker that doubles numbers once `go_on` is set. 13 fails alone; 0 fails the batch."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        assert self.go_on.wait(10)
        if 0 in numbers:
            raise ZeroDivisionError
        return [ValueError("unlucky") if n == 13 else 2 * n for n in numbers]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(scenario(), 10)

    asyncio.run(bounded())


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


async def _first(batcher: MicroBatcher[int, int], doubler: Doubler) -> asyncio.Task[int]:
    """A call that is being served and occupies the lane."""
    first = asyncio.create_task(batcher.call(1))
    await _until(lambda: len(doubler.batches) == 1)
    return first


def test_calls_that_arrive_while_the_worker_is_busy_share_the_next_batch() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler))
        first = await _first(batcher, doubler)
        others = [asyncio.create_task(batcher.call(n)) for n in range(2, 40)]
        await asyncio.sleep(0)
        doubler.go_on.set()
        assert await first == 2
        replies = await asyncio.gather(*others, return_exceptions=True)
        assert [x for n, x in zip(range(2, 40), replies, strict=True) if n != 13] == [
            2 * n for n in range(2, 40) if n != 13
        ]
        assert isinstance(replies[11], ValueError)
        assert doubler.batches == [[1], list(range(2, 40))]

    run(scenario)


def test_an_error_of_the_worker_reaches_its_whole_batch_and_no_later_one() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        doubler.go_on.set()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler))
        replies = await asyncio.gather(batcher.call(0), batcher.call(5), return_exceptions=True)
        assert [type(each) for each in replies] == [ZeroDivisionError, ZeroDivisionError]
        assert await batcher.call(5) == 10

    run(scenario)


def test_a_cancelled_call_is_not_served() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler))
        first = await _first(batcher, doubler)
        cancelled, other = (asyncio.create_task(batcher.call(n)) for n in (7, 8))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0)
        doubler.go_on.set()
        assert await other == 16
        assert await first == 2
        assert doubler.batches == [[1], [8]]

    run(scenario)


def test_lanes_run_side_by_side_and_share_the_queue() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler), lanes=2, most=3)
        tasks = [asyncio.create_task(batcher.call(n)) for n in range(1, 11)]
        await _until(lambda: len(doubler.batches) == 2)
        assert sorted(map(len, doubler.batches)) == [3, 3]
        doubler.go_on.set()
        assert await asyncio.gather(*tasks) == [2 * n for n in range(1, 11)]
        assert max(map(len, doubler.batches)) == 3

    run(scenario)


def test_a_call_at_the_moment_when_a_lane_ends_is_served() -> None:
    """The second call runs after the lane has looked for more, and before its task's callbacks."""

    async def scenario() -> None:
        second: list[asyncio.Task[int]] = []

        async def worker(numbers: Sequence[int]) -> Sequence[int | Exception]:
            if not second:
                second.append(asyncio.create_task(batcher.call(2)))
            return [2 * n for n in numbers]

        batcher: MicroBatcher[int, int] = MicroBatcher(worker)
        assert await batcher.call(1) == 2
        assert await second[0] == 4

    run(scenario)


def test_another_lane_begins_once_enough_requests_wait() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        worker = Threads(8).worker(doubler)
        batcher: MicroBatcher[int, int] = MicroBatcher(worker, lanes=2, next_lane_at=4)
        first = await _first(batcher, doubler)
        others = [asyncio.create_task(batcher.call(n)) for n in (2, 3, 4)]
        await asyncio.sleep(0.05)
        assert doubler.batches == [[1]]
        others.append(asyncio.create_task(batcher.call(5)))
        await _until(lambda: len(doubler.batches) == 2)
        assert doubler.batches[1] == [2, 3], "the lanes share the queue"
        doubler.go_on.set()
        assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]

    run(scenario)


async def _call(batcher: MicroBatcher[int, int], caller: str, number: int) -> int:
    CALLER.set(caller)
    return await batcher.call(number)


def test_callers_take_turns_in_batches() -> None:
    """A caller with many calls delays another by no batch, and no call of a caller another."""

    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler), most=4)
        first = await _first(batcher, doubler)
        flood = [asyncio.create_task(_call(batcher, "flood", n)) for n in range(100, 140)]
        await asyncio.sleep(0)
        others = [asyncio.create_task(_call(batcher, f"key {n}", n)) for n in (3, 4)]
        await asyncio.sleep(0)
        doubler.go_on.set()
        await asyncio.gather(first, *flood, *others)
        assert doubler.batches[1] == [100, 3, 4, 101]
        assert [n for batch in doubler.batches for n in batch if n >= 100] == list(range(100, 140))

    run(scenario)


def test_each_caller_may_queue_so_many_calls() -> None:
    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler), queued=2)
        first = await _first(batcher, doubler)
        flood = [asyncio.create_task(_call(batcher, "flood", n)) for n in (2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await _call(batcher, "flood", 4)
        other = asyncio.create_task(_call(batcher, "other", 5))
        await asyncio.sleep(0)
        doubler.go_on.set()
        assert await asyncio.gather(first, *flood, other) == [2, 4, 6, 10]

    run(scenario)


def test_a_call_that_was_queued_for_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        doubler = Doubler()
        batcher: MicroBatcher[int, int] = MicroBatcher(Threads(8).worker(doubler))
        first = await _first(batcher, doubler)
        late = asyncio.create_task(batcher.call(2))
        await asyncio.sleep(0.01)
        monkeypatch.setattr(micro_batcher, "QUEUE_SECONDS_MAX", 0.0)
        doubler.go_on.set()
        with pytest.raises(Overloaded):
            await late
        assert await first == 2

    run(scenario)
