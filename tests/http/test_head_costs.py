"""What a request without a key costs: bounded, whatever is in its path, query string and headers.

The worst is searched for: requests are generated, and those that cost most are changed further.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.http.heads import HEADER_BYTES_MAX, HEADERS_MAX, SEGMENTS_MAX, TARGET_BYTES_MAX
from tests.http.conftest import Api
from tests.http.test_errors import problem_of

SECONDS_MAX = 0.010
"""Processor time of one request without a key."""

ROUNDS = int(os.environ.get("OMS_TEST_COST_ROUNDS", "12"))
CHILDREN = 25

PATHS = (
    b"/", b"/v1/orders", b"/v1/orders/", b"/v1/tracking/", b"/docs", b"/openapi.json", b"/tile/0/",
    b"/healthz", b"/v1/audit/checkpoint", b"/v1/stock/", b"/v1/orders:batch", b"/checkpoint",
)  # fmt: skip

ATOMS = (
    b"2 ", b"2+", b"2%20", b"%20", b"4111111111111112 ", b"4006381333931,", b"2", b"a", b"1a",
    b"222222222222a", b"2-2-2-2-2-2-2-2-2-2-2-2-a", b"%D9%A2", b"\xd9\xa2", b"/", b"%2F", b"&",
    b"=", b"&a=2%202", b"cvv ", b"cvv2 1", b"security code ", b"B2222222222222222^aa", b"\\",
    b"2222222222222=", b'"', b"%22", b"%0A", b"\n", b"%00", b"%", b"%ff", b";", b"-", b"62", b"3",
    b"0190a6c2-1111-4abc-8def-", b"5 5", b"2720 ", b"Bearer ", b"eyJ", b"..", b",", b" " * 12,
    b"oms_000000000000_",
)  # fmt: skip

NAMES = (
    b"authorization", b"x-a", b"idempotency-key", b"cookie", b"host", b"x-forwarded-for",
    b"accept", b"content-length", b"x-correlation-id", b"if-match", b"x-purpose", b"2 2 2",
)  # fmt: skip

Head = tuple[str, bytes, bytes, tuple[tuple[bytes, bytes], ...]]
"""Method, path, query string and headers of a request."""


def repeated(chance: random.Random, most: int) -> bytes:
    pieces = b"".join(chance.choice(ATOMS) for _ in range(chance.choice((1, 1, 1, 2, 3, 5))))
    text = pieces * (most // len(pieces) + 1)
    return text[: chance.choice((most, most, most // 2, 200))]


def headers(chance: random.Random) -> tuple[tuple[bytes, bytes], ...]:
    count = chance.choice((0, 1, 2, 20, HEADERS_MAX - 1))
    size = max(1, (HEADER_BYTES_MAX // (count or 1)) - 60)
    many = [(chance.choice(NAMES) + b"%d" % n, repeated(chance, size)) for n in range(count)]
    if chance.random() < 0.5:
        many.append((b"authorization", b"Bearer " + repeated(chance, chance.choice((20, 1000)))))
    return tuple(many)


def head(chance: random.Random) -> Head:
    path = chance.choice(PATHS)
    if chance.random() < 0.7:
        path += repeated(chance, TARGET_BYTES_MAX - 40)
    query = repeated(chance, TARGET_BYTES_MAX) if chance.random() < 0.6 else b""
    return chance.choice(("GET", "POST", "HEAD", "PUT", "TRACE")), path, query, headers(chance)


def changed(chance: random.Random, parent: Head) -> Head:
    """A head with one part of it made anew."""
    other, part = head(chance), chance.randrange(4)
    parts: list[Any] = [*parent]
    parts[part] = other[part]
    method, path, query, headers = parts
    return method, path, query, headers


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(message: Any) -> None:
    pass


async def cost(app: LedgerApi, request: Head, times: int) -> float:
    """Processor seconds of the request: the least of so many measurements, since other threads
    of this process count too."""
    method, path, query, headers = request
    measured = []
    for _ in range(times):
        scope: dict[str, Any] = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": path.decode("latin-1"), "raw_path": path, "query_string": query,
            "headers": list(headers), "root_path": "", "client": ("192.0.2.1", 1), "state": {},
            "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        before = time.process_time()
        await app(scope, _no_body, _nowhere)
        measured.append(time.process_time() - before)
    return min(measured)


async def worst(app: LedgerApi, chance: random.Random) -> tuple[float, Head]:
    """The dearest request of a search, and what it costs."""
    best: list[tuple[float, Head]] = []
    for _ in range(ROUNDS):
        parents = [each for _, each in best]
        children = [changed(chance, chance.choice(parents)) for _ in range(CHILDREN) if parents]
        children += [head(chance) for _ in range(CHILDREN)]
        best += [(await cost(app, each, 2), each) for each in children]
        best = sorted(best, key=lambda each: each[0], reverse=True)[:5]
    costs = [(await cost(app, each, 5), each) for _, each in best]
    return max(costs, key=lambda each: each[0])


def fixed_work() -> float:
    """Processor seconds of work that takes some 10 ms: how fast this machine is now."""
    measured = []
    for _ in range(5):
        before = time.process_time()
        sum(n * n % 7 for n in range(170_000))
        measured.append(time.process_time() - before)
    return min(measured)


@pytest.fixture
def app(oms: Oms) -> LedgerApi:
    """The API without limits on an address, which would spare it the work."""
    oms.settings = replace(oms.settings, rate_limit_per_second=0)
    app = create_app(oms)
    app.openapi()  # as the server does before its first request
    return app


@contextmanager
def searched(app: LedgerApi) -> Iterator[tuple[float, Head]]:
    seed = int(os.environ.get("OMS_TEST_COST_SEED", "0")) or random.randrange(10**9)
    slowest = asyncio.run(worst(app, random.Random(seed)))
    try:
        yield slowest
    except AssertionError as error:
        seconds, (method, path, query, sent) = slowest
        shown = f"{method} {path[:90]!r}? {query[:60]!r} {[(n, v[:40]) for n, v in sent[:3]]}"
        raise AssertionError(f"seed {seed}: {seconds * 1000:.1f} ms: {shown}") from error


def test_no_request_without_a_key_costs_more_than_a_little_work(app: LedgerApi) -> None:
    with searched(app) as (seconds, _):
        assert seconds < 3 * fixed_work()


@pytest.mark.long
def test_no_request_without_a_key_costs_more_than_10_ms(app: LedgerApi) -> None:
    with searched(app) as (seconds, _):
        assert seconds < SECONDS_MAX


def test_a_long_path_or_query_string_is_refused_by_name(api: Api) -> None:
    for path in ("/v1/orders/" + "a" * TARGET_BYTES_MAX, "/a" * (SEGMENTS_MAX + 1)):
        assert "path" in problem_of(api.get(path), 414, "too_large")["detail"]
    response = api.get("/v1/orders?q=" + "a" * TARGET_BYTES_MAX)
    assert "query string" in problem_of(response, 414, "too_large")["detail"]
    assert api.get("/v1/orders/" + "a" * (TARGET_BYTES_MAX - 20)).status_code == 404


def test_large_headers_are_refused_by_name(api: Api) -> None:
    for many in ({"x": "a" * HEADER_BYTES_MAX}, {f"x-{n}": "a" for n in range(HEADERS_MAX)}):
        problem_of(api.get("/v1/orders", headers=many), 431, "too_large")
    assert api.get("/v1/orders", headers={"x": "a" * (HEADER_BYTES_MAX - 1000)}).status_code == 200
