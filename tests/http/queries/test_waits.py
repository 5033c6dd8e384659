"""Requests that wait for a position: bounded for each caller and in all, so that the waits of one
key delay nobody else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter

from oms_ledger.app import Oms
from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.executor import AHEAD_MAX
from oms_ledger.http.queries.threads import WAITS_MAX, WAITS_OF_CALLER_MAX, Threads
from oms_ledger.http.turns import CALLER
from tests.http.conftest import Api
from tests.http.test_errors import problem_of


def test_waits_are_bounded_for_each_caller_and_in_all() -> None:
    release = threading.Event()

    async def wait(threads: Threads, caller: str) -> str:
        CALLER.set(caller)
        try:
            await threads.wait(release.wait)
        except RateLimited:
            return "too many of one caller"
        except Overloaded:
            return "too many in all"
        return "waited"

    async def everybody() -> tuple[list[str], list[str]]:
        threads = Threads(4)
        one = [asyncio.create_task(wait(threads, "a")) for _ in range(WAITS_OF_CALLER_MAX + 5)]
        many = [asyncio.create_task(wait(threads, str(n))) for n in range(WAITS_MAX)]
        while sum(task.done() for task in (*one, *many)) < 5 + WAITS_OF_CALLER_MAX:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            await threads.watch(lambda: None)
            await threads.run(lambda: None)
        release.set()
        return await asyncio.gather(*one), await asyncio.gather(*many)

    one, many = asyncio.run(everybody())
    assert Counter(one) == {"waited": WAITS_OF_CALLER_MAX, "too many of one caller": 5}
    refused = WAITS_OF_CALLER_MAX
    assert Counter(many) == {"waited": WAITS_MAX - refused, "too many in all": refused}


def test_a_position_far_ahead_is_answered_at_once(api: Api) -> None:
    for path in ("/v1/orders", "/v1/events"):
        before = time.monotonic()
        response = api.get(f"{path}?min_position={AHEAD_MAX + 100}&wait_ms=10000")
        assert time.monotonic() - before < 5
        assert "far from" in problem_of(response, 503, "read_model_behind")["detail"]
        assert response.headers["retry-after"]


def test_the_waits_of_one_key_keep_no_news_from_the_streams_of_others(shop: Api, oms: Oms) -> None:
    """The head is followed while hundreds wait for a position that does not come."""
    analyst = {"Authorization": f"Bearer {oms.api_keys.create('a', 'analyst')}"}
    waiting = ("GET", "/v1/orders?min_position=500&wait_ms=3000", None, analyst)
    statuses: list[int] = []

    flood_of_own = [waiting] * 220
    thread = threading.Thread(
        target=lambda: statuses.extend(r.status_code for r in shop.all_at_once(*flood_of_own))
    )
    thread.start()
    time.sleep(0.5)
    before = time.monotonic()
    assert shop.get("/v1/events").status_code == 200
    head = int(shop.get("/v1/events").headers["ledger-position"])
    assert shop.get(f"/v1/orders?min_position={head}").status_code == 200
    assert time.monotonic() - before < 2
    thread.join()
    assert Counter(statuses)[429] == 220 - WAITS_OF_CALLER_MAX
