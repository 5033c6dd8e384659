"""Many who ask one by one are answered together: each gets their own answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.queries import micro_batcher
from oms_ledger.http.queries.micro_batcher import Together
from oms_ledger.http.queries.threads import Threads


class Doubling:
    """Doubles numbers, once it is let go on; says of 13 that it is unlucky, and of 0 nothing."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.asked.append(list(numbers))
        assert self.go_on.wait(10)
        if 0 in numbers:
            raise ZeroDivisionError
        return [ValueError("unlucky") if n == 13 else 2 * n for n in numbers]


def run(doing: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(doing(), 10)

    asyncio.run(bounded())


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


async def _first(asking: Together[int, int], doubling: Doubling) -> asyncio.Task[int]:
    """One that is being answered, and holds the lane."""
    first = asyncio.create_task(asking.ask(1))
    await _until(lambda: len(doubling.asked) == 1)
    return first


def test_who_comes_while_a_thread_is_busy_is_answered_with_all_others() -> None:
    async def doing() -> None:
        doubling = Doubling()
        asking: Together[int, int] = Together(Threads(8), doubling)
        first = await _first(asking, doubling)
        others = [asyncio.create_task(asking.ask(n)) for n in range(2, 40)]
        await asyncio.sleep(0)
        doubling.go_on.set()
        assert await first == 2
        found = await asyncio.gather(*others, return_exceptions=True)
        assert [x for n, x in zip(range(2, 40), found, strict=True) if n != 13] == [
            2 * n for n in range(2, 40) if n != 13
        ]
        assert isinstance(found[11], ValueError)
        assert doubling.asked == [[1], list(range(2, 40))]

    run(doing)


def test_what_goes_wrong_as_a_whole_is_told_to_all_and_the_next_are_answered() -> None:
    async def doing() -> None:
        doubling = Doubling()
        doubling.go_on.set()
        asking: Together[int, int] = Together(Threads(8), doubling)
        found = await asyncio.gather(asking.ask(0), asking.ask(5), return_exceptions=True)
        assert [type(each) for each in found] == [ZeroDivisionError, ZeroDivisionError]
        assert await asking.ask(5) == 10

    run(doing)


def test_who_has_given_up_is_not_asked_for() -> None:
    async def doing() -> None:
        doubling = Doubling()
        asking: Together[int, int] = Together(Threads(8), doubling)
        first = await _first(asking, doubling)
        gone, there = (asyncio.create_task(asking.ask(n)) for n in (7, 8))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        doubling.go_on.set()
        assert await there == 16
        assert await first == 2
        assert doubling.asked == [[1], [8]]

    run(doing)


def test_lanes_go_side_by_side_and_share_what_there_is() -> None:
    async def doing() -> None:
        doubling = Doubling()
        asking: Together[int, int] = Together(Threads(8), doubling, lanes=2, most=3)
        tasks = [asyncio.create_task(asking.ask(n)) for n in range(1, 11)]
        await _until(lambda: len(doubling.asked) == 2)
        assert sorted(map(len, doubling.asked)) == [3, 3]
        doubling.go_on.set()
        assert await asyncio.gather(*tasks) == [2 * n for n in range(1, 11)]
        assert max(map(len, doubling.asked)) == 3

    run(doing)


def test_whose_turn_comes_too_late_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def doing() -> None:
        doubling = Doubling()
        asking: Together[int, int] = Together(Threads(8), doubling)
        first = await _first(asking, doubling)
        late = asyncio.create_task(asking.ask(2))
        await asyncio.sleep(0.01)
        monkeypatch.setattr(micro_batcher, "PATIENCE_SECONDS", 0.0)
        doubling.go_on.set()
        with pytest.raises(Overloaded):
            await late
        assert await first == 2

    run(doing)
