"""Floods, with and without a key, while the holder of another key works: no request of that holder
fails, their times stay within bounds, and the memory comes back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from oms_ledger.app import open_prepared
from oms_ledger.settings import Settings
from tests.databases import temporary_database
from tests.serving.family import ADMIN_KEY, Family, client, serving, until
from tests.serving.shop import location, place, receive

pytestmark = pytest.mark.long

REQUESTS = 150

TIMES_USUAL = 5.0

MEMORY_GROWTH_MAX = 1.3

NEAR_NUMBERS = b'{"a":[' + b'"2 2 2 2 2 2 2 2 2 2 2 2a",' * 370_000 + b"1]}"
NAMES = b"{" + b",".join(b'"n%d":1' % n for n in range(490_000)) + b"}"
BACKSLASH = b'{"a":["\\n",' + b'"abcdefghijklm",' * 490_000 + b"1]}"

Send = Callable[[httpx.Client], object]


class Shop:
    """A served shop; `other_key` is a key beside the administrator's."""

    def __init__(self, family: Family, url: str, other_key: str) -> None:
        self.family = family
        self.other_key = other_key
        self.url = url
        self.port = int(url.rsplit(":", 1)[1])
        with client(url) as http:
            location(http, "LON")
            receive(http, ("MUG", "LON", 100_000))
            for n in range(30):
                place(http, ("MUG", 1), external_id=str(n))

    def memory(self) -> int:
        """Bytes of the API process."""
        return sum(int(api.memory_info().rss) for api in self.family.apis())

    def working(self) -> list[float]:
        """Seconds of each request of a holder of a key, who places and reads orders."""
        seconds = []
        with client(self.url) as http:
            for n in range(REQUESTS):
                before = time.perf_counter()
                if n % 3:
                    answer = http.get("/v1/orders", params={"limit": 5})
                else:
                    body = {"channel": "web", "currency": "GBP", "lines": [
                        {"sku": "MUG", "quantity": 1, "unit_price": "1.00"}]}  # fmt: skip
                    answer = http.post("/v1/orders", json=body)
                seconds.append(time.perf_counter() - before)
                assert answer.is_success, answer.text
        return sorted(seconds)


def p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99) - 1]


@pytest.fixture(scope="module")
def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    output: Path = tmp_path_factory.mktemp("floods")
    with temporary_database(server) as database:
        environment = {"OMS_DATABASE_URL": database, "OMS_ADMIN_KEY": ADMIN_KEY}
        with serving(environment, output) as (family, url):
            with open_prepared(Settings(database_url=database)) as oms:
                other_key = oms.api_keys.create("other", "operator")
            yield Shop(family, url, other_key)


@contextmanager
def flooded(url: str, key: str | None, senders: int, *sends: Send) -> Iterator[None]:
    """So many threads send these requests over and over."""
    stop = threading.Event()

    def send() -> None:
        with client(url, key) as http:
            while not stop.is_set():
                for each in sends:
                    try:
                        each(http)
                    except httpx.HTTPError:
                        time.sleep(0.01)

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def silent(port: int, number: int) -> Iterator[None]:
    """So many connections that say nothing."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        yield


def body(content: bytes) -> Send:
    headers = {"Content-Type": "application/json"}
    return lambda http: http.post("/v1/orders:batch", content=content, headers=headers)


def heads(http: httpx.Client) -> object:
    return http.get("/v1/orders", headers={f"x-{n}": "2 " * 300 for n in range(90)})


FLOODS: dict[str, tuple[bool, int, tuple[Send, ...]]] = {
    "heads without a key": (False, 8, (heads,)),
    "query strings without a key": (False, 8, (lambda http: http.get("/?q=" + "2+" * 4000),)),
    "guesses at links": (False, 8, (lambda http: http.get("/v1/tracking/guess"),)),
    "large bodies": (True, 4, (body(NEAR_NUMBERS), body(NAMES), body(BACKSLASH))),
    "questions about the past": (True, 16, (lambda http: http.get("/v1/products?as_of=20"),)),
    "waits": (True, 40, (lambda http: http.get("/v1/orders?min_position=900&wait_ms=2000"),)),
}
"""Whether with a key, by how many threads, and what."""


@pytest.mark.parametrize("name", FLOODS)
def test_a_key_holder_works_on_beside_a_flood(shop: Shop, name: str) -> None:
    with_key, senders, sends = FLOODS[name]
    with flooded(shop.url, None, senders, lambda http: http.get("/healthz")):
        usual = p99(shop.working())  # beside as many senders of what costs nothing
    before = shop.memory()
    with flooded(shop.url, shop.other_key if with_key else None, senders, *sends):
        beside = p99(shop.working())
    assert beside <= TIMES_USUAL * usual, (usual, beside)
    assert_memory_is_back(shop, before)


def test_a_key_holder_is_served_beside_silent_connections(shop: Shop) -> None:
    usual = p99(shop.working())
    before = shop.memory()
    with silent(shop.port, 1100):
        beside = p99(shop.working())
    assert beside <= TIMES_USUAL * usual, (usual, beside)
    assert_memory_is_back(shop, before)


def assert_memory_is_back(shop: Shop, before: int) -> None:
    until(lambda: shop.memory() <= MEMORY_GROWTH_MAX * before, "the memory came back")
