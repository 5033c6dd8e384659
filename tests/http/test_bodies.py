"""Bodies cost nobody but their sender: their memory and time are bounded, and large ones leave the
event loop."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Overloaded
from oms_ledger.http import bodies
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.http.bodies import (
    BODIES_BYTES_MAX,
    BODIES_BYTES_OF_CALLER,
    COMMAND_BYTES_MAX,
    Bodies,
)
from oms_ledger.http.errors import RateLimited
from tests.http.conftest import ADMIN_KEY, Api
from tests.http.test_errors import problem_of

JSON = {"Content-Type": "application/json"}

LARGE = {
    "near numbers": b'{"a":[' + b'"2 2 2 2 2 2 2 2 2 2 2 2a",' * 370_000 + b"1]}",
    "names of fields": b"{" + b",".join(b'"n%d":1' % n for n in range(490_000)) + b"}",
    "one backslash": b'{"a":["\\n",' + b'"abcdefghijklm",' * 490_000 + b"1]}",
    "control characters": b'{"a":"\\n' + b"\\u0001" * 1_500_000 + b'"}',
    "numbers of cards but for the last digit": b'{"a":[' + b"4111111111111112," * 490_000 + b"1]}",
    "digits far apart": b'{"a":"' + (b"2" + b" " * 12) * 750_000 + b'"}',
    "a batch of nothing": b'{"orders":[' + b"{}," * 999 + b"{}]}",
    "names in one order": b'{"orders":[{'
    + b",".join(b'"n%d":1' % n for n in range(19_000))
    + b"}]}",
}


@pytest.fixture
def app(oms: Oms) -> LedgerApi:
    oms.settings = replace(oms.settings, rate_limit_per_second=0)
    return create_app(oms)


BATCH = "/v1/orders:batch"
"""A route with bodies of 10 MB."""


async def longest_hold(work: Awaitable[object]) -> float:
    """The longest time for which the event loop did nothing else while `work` went on."""
    ended, longest = False, 0.0

    async def tick() -> None:
        nonlocal longest
        while not ended:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    await work
    ended = True
    await ticking
    return longest


def reference() -> float:
    """How long some fixed work takes now, about 50 ms."""
    before = time.perf_counter()
    sum(n * n % 7 for n in range(850_000))
    return time.perf_counter() - before


@pytest.mark.parametrize("name", LARGE)
def test_a_large_body_does_not_hold_the_event_loop(app: LedgerApi, name: str) -> None:
    statuses: list[int] = []

    async def send() -> None:
        for path in (BATCH, "/v1/stock/receipts"):
            statuses.append(await status_of(app, one_piece(LARGE[name]), path=path))

    longest = asyncio.run(longest_hold(send()))
    assert set(statuses) <= {200, 413, 422}
    assert longest < 10 * reference(), name


def one_piece(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def status_of(
    app: LedgerApi,
    receive: Callable[[], Awaitable[dict[str, Any]]],
    key: str = ADMIN_KEY,
    path: str = "/v1/orders",
) -> int:
    """The status of a command with this body."""
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json"),
                    (b"authorization", f"Bearer {key}".encode())],
        "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


def test_a_body_that_does_not_end_is_given_up(
    api: Api, app: LedgerApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 0.2)

    async def send() -> int:
        first = True

        async def receive() -> dict[str, Any]:
            nonlocal first
            if not first:
                await asyncio.sleep(60)
            first = False
            return {"type": "http.request", "body": b"{", "more_body": True}

        return await status_of(app, receive)

    assert asyncio.run(send()) == 408


@pytest.mark.parametrize("body", [b'{"sku": "S", "location": "LON", "quantity": 1}', b"{}", b"["])
def test_a_request_is_freed_when_it_ends(oms: Oms, app: LedgerApi, body: bytes) -> None:
    """Without the cyclic collector, which runs seldom: until then it would keep the body."""
    oms.execute(PutLocation(code="LON", name_="LON", priority=0), actor="test")

    async def send(times: int) -> set[int]:
        path = "/v1/stock/receipts"
        return {await status_of(app, one_piece(body), path=path) for _ in range(times)}

    async def cyclic_garbage() -> int:
        await send(5)
        gc.collect()
        gc.disable()
        try:
            statuses = await send(50)
            return gc.collect() if len(statuses) == 1 else -1
        finally:
            gc.enable()

    assert 0 <= asyncio.run(cyclic_garbage()) < 50


def test_unfinished_bodies_hold_a_bounded_memory(app: LedgerApi, oms: Oms) -> None:
    """Of one caller, and of all; what has ended is given back."""
    keys = [oms.api_keys.create(f"sender {n}", "channel") for n in range(4)]
    piece = b" " * 1_000_000

    async def send() -> list[int]:
        go_on = asyncio.Event()

        def receive(pieces: int) -> Callable[[], Awaitable[dict[str, Any]]]:
            left = pieces

            async def received() -> dict[str, Any]:
                nonlocal left
                left -= 1
                if left < 0:
                    await go_on.wait()
                    return {"type": "http.request", "body": b"", "more_body": False}
                return {"type": "http.request", "body": piece, "more_body": True}

            return received

        tasks = [
            asyncio.create_task(status_of(app, receive(9), key, BATCH))
            for key in keys
            for _ in range(5)
        ]
        while sum(task.done() for task in tasks) < 10:
            await asyncio.sleep(0.01)
        statuses = sorted(task.result() for task in tasks if task.done())
        go_on.set()
        await asyncio.gather(*tasks)
        return [*statuses, await status_of(app, one_piece(b"{}"), keys[0])]

    statuses = asyncio.run(send())
    assert statuses[-1] == 422
    assert {429, 503} & set(statuses[:-1])
    assert set(statuses[:-1]) <= {429, 503}


def test_the_bytes_held_are_counted_by_caller_and_given_back() -> None:
    held = Bodies()
    held.hold("a", BODIES_BYTES_OF_CALLER)
    with pytest.raises(RateLimited):
        held.hold("a", 1)
    others = BODIES_BYTES_MAX // BODIES_BYTES_OF_CALLER
    for n in range(1, others):
        held.hold(str(n), BODIES_BYTES_OF_CALLER)
    with pytest.raises(Overloaded):
        held.hold("last", BODIES_BYTES_OF_CALLER)
    held.release("a", BODIES_BYTES_OF_CALLER)
    held.hold("last", BODIES_BYTES_OF_CALLER)
    assert held.held == others * BODIES_BYTES_OF_CALLER


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/x/cancel", "/v1/stock/receipts"])
def test_one_command_has_a_megabyte_at_most(api: Api, path: str) -> None:
    """Alone, announced or not, and as an item of a batch."""
    fits, too_long = b"x" * (COMMAND_BYTES_MAX - 20), b"x" * COMMAND_BYTES_MAX
    for text, status, code in ((fits, 422, "invalid_fields"), (too_long, 413, "too_large")):
        body = b'{"reason":"%b"}' % text
        problem_of(api.send("POST", path, content=body, headers=JSON), status, code)
    body = b'{"orders":[{"channel":"%b"},{"channel":"%b"}]}' % (fits, too_long)
    batch = api.send("POST", BATCH, content=body, headers=JSON).json()
    assert [result["status"] for result in batch["results"]] == [422, 413]
    body = b'{"commands":[{"name":"%b"}]}' % too_long
    batch = api.send("POST", "/v1/commands:batch", content=body, headers=JSON).json()
    assert [result["status"] for result in batch["results"]] == [413]


def test_an_order_as_large_as_one_can_be_has_room(api: Api) -> None:
    """2,000 lines, each of 400 bytes."""
    line = {"sku": "A", "quantity": 1, "unit_price": "2.55", "title": "t" * 330}
    body = {"channel": "web", "currency": "GBP", "lines": [line] * 2000}
    problem_of(api.post("/v1/orders", body), 409, "unknown_sku")


def test_too_many_names_in_one_command_are_refused_before_each_is_validated(api: Api) -> None:
    body = b"{" + b",".join(b'"n%d":1' % n for n in range(30_000)) + b"}"
    problem_of(api.send("POST", "/v1/orders", content=body, headers=JSON), 413, "too_large")
