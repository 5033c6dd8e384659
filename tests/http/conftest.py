"""The HTTP API, called in process: on a real PostgreSQL with a projector beside it (`api`, `shop`),
or on a log in memory (`memory_api`, `memory_shop`)."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.http.app import create_app
from oms_ledger.http.auth import FAILURES_BURST
from oms_ledger.settings import Settings
from oms_projections import QUERIES
from tests.databases import KEK, Database
from tests.http.examples import STOCKED
from tests.http.memory import open_in_memory

ADMIN_KEY = "test-key-of-the-administrator-0001"

T = TypeVar("T")


def rounds(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts so small that no server answers 429 to requests without a valid key about them."""
    at_once = int(FAILURES_BURST) // 2
    return (items[n : n + at_once] for n in range(0, len(items), at_once))


QUERY_PATHS = re.compile("|".join(re.sub(r"\{\w+\}", "[^/?]+", query.path) for query in QUERIES))
"""The paths of the routes that take `min_position`."""


class Api:
    """A client of the API. Its methods block; requests run on one event loop in a thread of its
    own. Where a projector runs beside it, `reads_own_writes` makes each query wait until the read
    model has what this client wrote before, unless the query says otherwise."""

    def __init__(self, app: Any, key: str | None = ADMIN_KEY) -> None:
        self.app = app
        self.reads_own_writes = False
        self._written = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=headers
        )

    def __enter__(self) -> Api:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.send("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.send("PUT", path, json=json, **options)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        if method == "GET" and self.reads_own_writes:
            path = self._fresh(path, options)
        response: httpx.Response = self._run(self._client.request(method, path, **options))
        if method != "GET":
            self._written = max(self._written, int(response.headers.get("Ledger-Position", 0)))
        return response

    def _fresh(self, path: str, options: dict[str, Any]) -> str:
        """The path and parameters of a query, with `min_position` where they leave it open."""
        url = httpx.URL(path)
        params = url.params.merge(options.get("params"))
        decided = "min_position" in params or "as_of" in params
        encoded = url.raw_path.decode().partition("?")[0]
        if decided or not self._written or not QUERY_PATHS.fullmatch(encoded):
            return path
        options["params"] = params.set("min_position", self._written).set("wait_ms", 10_000)
        return encoded

    def all_at_once(self, *requests: tuple[str, str, Any, dict[str, str]]) -> list[httpx.Response]:
        """Send (method, path, body, headers) at the same time."""

        async def send() -> list[httpx.Response]:
            return await asyncio.gather(
                *(
                    self._client.request(method, path, json=body, headers=headers)
                    for method, path, body, headers in requests
                )
            )

        responses: list[httpx.Response] = self._run(send())
        return responses

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@pytest.fixture
def postgres(ready: Database) -> Database:
    """A ledger with the tables of its read models, as `oms-ledger migrate` leaves it."""
    return ready


@pytest.fixture
def settings(postgres: Database) -> Settings:
    return replace(postgres.settings, admin_key=ADMIN_KEY)


@pytest.fixture
def oms(settings: Settings) -> Iterator[Oms]:
    """An open ledger with the tables of its read models; no projector runs."""
    with open_prepared(settings) as opened:
        yield opened


@pytest.fixture
def api(oms: Oms) -> Iterator[Api]:
    with Api(create_app(oms)) as client:
        yield client


@contextmanager
def projecting(oms: Oms) -> Iterator[None]:
    """Runs a projector, as a worker does."""
    stop = threading.Event()
    projector = oms.projector()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        _wake(oms.settings)
        thread.join()


def _wake(settings: Settings) -> None:
    """End the projector's wait for events, which takes up to a second."""
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(f"NOTIFY {NOTIFY_CHANNEL}".encode())


@pytest.fixture
def shop(oms: Oms, api: Api) -> Iterator[Api]:
    """The API of a shop with two locations and 100 units of each product; a projector runs."""
    _stock(api)
    api.reads_own_writes = True
    with projecting(oms):
        yield api


@pytest.fixture
def memory_oms() -> Iterator[Oms]:
    """A ledger in memory, for commands, the feed and what is refused before."""
    with open_in_memory(Settings(admin_key=ADMIN_KEY, kek=KEK)) as opened:
        yield opened


@pytest.fixture
def memory_api(memory_oms: Oms) -> Iterator[Api]:
    with Api(create_app(memory_oms)) as client:
        yield client


@pytest.fixture
def memory_shop(memory_api: Api) -> Api:
    """The API of the same shop as `shop`, in memory."""
    _stock(memory_api)
    return memory_api


def _stock(api: Api) -> None:
    for method, path, body in STOCKED:
        assert api.send(method, path, json=body).status_code == 200
