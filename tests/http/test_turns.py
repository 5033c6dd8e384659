"""Turns are bounded in number, and fair between callers."""

from __future__ import annotations

import asyncio

import pytest

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.turns import CALLER, FairTurns


class Work:
    """Does pieces of work in turns, and notes whose turn it was."""

    def __init__(self, turns: FairTurns) -> None:
        self.order: list[str] = []
        self.at_once = 0
        self.most = 0
        self._turns = turns

    async def do(self, caller: str, seconds: float = 5.0) -> None:
        CALLER.set(caller)
        async with self._turns.turn(seconds):
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.order.append(caller)
            await asyncio.sleep(0)
            self.at_once -= 1


def test_no_more_than_so_many_at_once_and_all_are_done() -> None:
    async def work() -> Work:
        work = Work(FairTurns(3, 1000))
        await asyncio.gather(*(work.do(f"key {n % 7}") for n in range(500)))
        return work

    done = asyncio.run(work())
    assert done.most == 3
    assert len(done.order) == 500


def test_a_caller_with_many_requests_delays_another_by_one() -> None:
    async def work() -> list[str]:
        work = Work(FairTurns(1, 1000))
        flood = [asyncio.create_task(work.do("flood")) for _ in range(200)]
        await asyncio.sleep(0)
        others = [asyncio.create_task(work.do(name)) for name in ("a", "b", "a")]
        await asyncio.gather(*flood, *others)
        return work.order

    order = asyncio.run(work())
    assert order[:8].count("a") == 2, order[:10]
    assert order.index("b") < 5


def test_callers_with_many_requests_take_turns() -> None:
    async def work() -> list[str]:
        work = Work(FairTurns(1, 1000))
        tasks = [asyncio.create_task(work.do(name)) for name in ("a", "b", "c") for _ in range(50)]
        await asyncio.gather(*tasks)
        return work.order

    order = asyncio.run(work())
    assert {order[:30].count(name) for name in ("a", "b", "c")} <= {9, 10, 11}


def test_each_caller_may_queue_so_many() -> None:
    async def work() -> None:
        turns = FairTurns(1, 2)
        work = Work(turns)
        async with turns.turn():
            CALLER.set("flood")
            queued = [asyncio.create_task(work.do("flood")) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(RateLimited):
                await work.do("flood")
            other = asyncio.create_task(work.do("other"))
            await asyncio.sleep(0)
        await asyncio.gather(*queued, other)
        assert work.order.count("flood") == 2

    asyncio.run(work())


def test_a_waiter_that_times_out_or_is_cancelled_frees_its_turn() -> None:
    async def work() -> None:
        turns = FairTurns(1, 10)
        work = Work(turns)
        async with turns.turn():
            with pytest.raises(Overloaded):
                await work.do("slow", 0.01)
            gone = asyncio.create_task(work.do("gone"))
            await asyncio.sleep(0)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            late = asyncio.create_task(work.do("late"))
            await asyncio.sleep(0)
        late.cancel()  # in the moment in which it was given its turn
        with pytest.raises(asyncio.CancelledError):
            await late
        async with asyncio.timeout(1):
            await work.do("next")

    asyncio.run(work())
