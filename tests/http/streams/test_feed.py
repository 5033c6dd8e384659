"""The feed, page by page and as it grows."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from oms_ledger.app import Oms
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.roles import Role
from oms_ledger.http import auth
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.http.openapi import answers
from oms_ledger.http.streams import sse, watcher
from oms_ledger.settings import Settings
from oms_projections import QUERIES
from tests.http.conftest import ADMIN_KEY, Api, projecting
from tests.http.example_client import fits
from tests.http.examples import STOCKED, Json, order
from tests.http.test_errors import problem_of

AUTH = {"Authorization": f"Bearer {ADMIN_KEY}"}


def test_every_event_once_and_in_order(shop: Api) -> None:
    shop.post("/v1/orders", order(3, placed_at="2026-01-01T00:00:00Z"))
    events: list[Json] = []
    after = 0
    while True:
        response = shop.get(f"/v1/events?after={after}&limit=4")
        page = response.json()
        fits(answers.FeedAnswer, page)
        if not page["items"]:
            break
        events += page["items"]
        after = page["next_after"]
    head = int(response.headers["ledger-position"])
    assert [event["position"] for event in events] == list(range(1, head + 1))
    assert after == head
    placed = next(event for event in events if event["type"] == "order.placed.v1")
    assert placed["occurred_at"] == "2026-01-01T00:00:00Z"
    assert placed["actor"] == "key:admin"
    of_type = shop.get("/v1/events?types=order.placed.v1,product.defined.v2").json()
    assert {event["type"] for event in of_type["items"]} == {
        "order.placed.v1",
        "product.defined.v2",
    }
    assert of_type["next_after"] == head


def test_the_name_of_an_old_shape_leads_to_todays(shop: Api) -> None:
    refused = shop.get("/v1/events?types=product.defined.v1")
    assert refused.status_code == 422
    assert "shown as product.defined.v2" in refused.json()["errors"][0]["message"]


@contextmanager
def serving(oms: Oms) -> Iterator[tuple[str, LedgerApi]]:
    """A real server in a thread; when it has ended, so have its streams."""
    app = create_app(oms)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=20)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app
    finally:
        app.end_streams()
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


class Stream:
    """Server-sent events, read one by one."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        self._lines = response.iter_lines()

    def block(self) -> dict[str, str]:
        """The next block of lines, up to an empty one."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return fields
            name, _, value = line.partition(": ")
            fields[name] = value
        raise EOFError

    def event(self) -> tuple[int, Json]:
        while True:
            block = self.block()
            if "data" in block:
                data: Json = json.loads(block["data"])
                return int(block["id"]), data

    def ended(self) -> bool:
        """Whether nothing more comes but blocks without data."""
        try:
            while True:
                assert "data" not in self.block()
        except EOFError:
            return True


@contextmanager
def streaming(url: str, headers: dict[str, str] | None = None) -> Iterator[Stream]:
    timeout = httpx.Timeout(30)
    with httpx.stream("GET", url, headers=AUTH | (headers or {}), timeout=timeout) as response:
        yield Stream(response)


def test_the_feed_as_it_grows(oms: Oms, api: Api) -> None:
    for method, path, body in STOCKED:
        api.send(method, path, json=body)
    old = api.get("/v1/events?limit=500").json()["items"]
    with serving(oms) as (url, _), streaming(f"{url}/v1/events/stream?after=2") as stream:
        assert [stream.event() for _ in old[2:]] == [(e["position"], e) for e in old[2:]]
        placed = httpx.post(f"{url}/v1/orders", json=order(), headers=AUTH).json()
        fresh = [stream.event() for _ in range(placed["position"] - len(old))]
        assert [position for position, _ in fresh] == list(
            range(len(old) + 1, placed["position"] + 1)
        )
        middle = fresh[0][0]
        resumed = {"Last-Event-ID": str(middle)}
        with streaming(f"{url}/v1/events/stream?after=0", resumed) as again:
            assert again.event() == fresh[1]
        types = f"{url}/v1/events/stream?types=order.placed.v1"
        with streaming(types) as placements:
            position, event = placements.event()
            assert (event["type"], position) == ("order.placed.v1", event["position"])


def test_last_event_id_is_a_position(api: Api) -> None:
    headers = {"Last-Event-ID": "yesterday"}
    problem_of(api.get("/v1/events/stream", headers=headers), 422, "invalid_fields")


def test_a_parcel_as_it_moves(oms: Oms, api: Api) -> None:
    """Without a key, with nothing personal, and only when something has changed."""
    for method, path, body in STOCKED:
        api.send(method, path, json=body)
    address = {"name": "Ada Lovelace", "line1": "1 Secret Street", "city": "London"}
    placed = api.post("/v1/orders", order(confirm=True, shipping_address=address)).json()
    made = api.post(f"/v1/orders/{placed['order_id']}/shipments", {"location": "LON"}).json()
    with projecting(oms), serving(oms) as (url, _):
        path = f"/v1/tracking/{made['tracking_token']}?min_position={made['position']}"
        assert httpx.get(f"{url}{path}").status_code == 200
        stream_url = f"{url}/v1/tracking/{made['tracking_token']}/stream"
        with streaming(stream_url, {"Authorization": ""}) as stream:
            _, parcel = stream.event()
            fits(next(q.answer_type for q in QUERIES if q.name == "track"), parcel)
            assert (parcel["status"], parcel["first_name"]) == ("created", "Ada")
            assert "Secret" not in json.dumps(parcel)
            api.post("/v1/stock/receipts", {"sku": "A", "location": "LON", "quantity": 1})
            api.post(f"/v1/shipments/{made['shipment_id']}/dispatch", {})
            _, parcel = stream.event()
            assert parcel["status"] == "dispatched"
            api.post(f"/v1/shipments/{made['shipment_id']}/deliver", {})
            _, parcel = stream.event()
            assert parcel["status"] == "delivered"


def test_streams_end_with_the_server(oms: Oms, api: Api) -> None:
    """Without waiting for anybody to go; and nobody is left following."""
    api.put("/v1/locations/LON", {"name": "London"})
    with serving(oms) as (url, app), streaming(f"{url}/v1/events/stream") as stream:
        assert stream.event()[0] == 1
        app.end_streams()
        assert stream.ended()
        response = httpx.get(f"{url}/v1/events/stream", headers=AUTH)
        problem_of(response, 503, "unavailable")


def test_a_quiet_stream_is_kept_alive(oms: Oms, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.05)
    with serving(oms) as (url, _), streaming(f"{url}/v1/events/stream") as stream:
        blocks = [stream.block() for _ in range(3)]
        assert blocks[0] == {"retry": "2000"}
        assert blocks[1] == blocks[2] == {"": "keepalive"}


def test_idle_streams_cost_no_threads(oms: Oms, api: Api) -> None:
    """Forty follow; as many threads as for four, and all of them hear of an event."""
    with serving(oms) as (url, _), httpx.Client(headers=AUTH, timeout=30) as client:
        few = _open(client, url, 4)
        before = threading.active_count()
        many = _open(client, url, 36)
        assert threading.active_count() <= before + 8  # threads to ask with, not to wait in
        api.put("/v1/locations/LON", {"name": "London"})
        for stream, response in [*few, *many]:
            assert stream.event()[0] == 1
            response.close()


def _open(client: httpx.Client, url: str, count: int) -> list[tuple[Stream, httpx.Response]]:
    opened = []
    for _ in range(count):
        request = client.build_request("GET", f"{url}/v1/events/stream")
        response = client.send(request, stream=True)
        stream = Stream(response)
        assert stream.block() == {"retry": "2000"}
        opened.append((stream, response))
    return opened


def test_only_so_many_follow(oms: Oms, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "CLIENTS_MAX", 1)
    with serving(oms) as (url, _):
        with streaming(f"{url}/v1/events/stream") as stream:
            stream.block()
            problem_of(httpx.get(f"{url}/v1/events/stream", headers=AUTH), 503, "overloaded")
        deadline = time.monotonic() + 30
        while _status(f"{url}/v1/events/stream") != 200:
            assert time.monotonic() < deadline, "who has gone still counts"


def _status(url: str) -> Any:
    with httpx.stream("GET", url, headers=AUTH) as response:
        return response.status_code


def positions_until_the_end(stream: Stream) -> Iterator[int]:
    try:
        while True:
            yield stream.event()[0]
    except EOFError:
        return


def expire(settings: Settings, name: str) -> None:
    """Let the time of a key be over."""
    url = settings.database_url or ""
    with pool.connect(url, settings.schema, role=Role.OWNER) as owner:
        owner.execute("UPDATE api_keys SET expires_at = now() WHERE name = %s", (name,))
        owner.commit()


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_stream_ends_when_its_key_does(
    oms: Oms, settings: Settings, shop: Api, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(auth, "KEY_CACHE_SECONDS", 0.1)
    monkeypatch.setattr(sse, "READMIT_SECONDS", 0.1)
    key = oms.api_keys.create("reader", "auditor", lifetime=timedelta(hours=1))
    after = shop.get("/v1/events?limit=500").json()["next_after"]
    own = {"Authorization": f"Bearer {key}"}
    with (
        serving(oms) as (url, _),
        streaming(f"{url}/v1/events/stream?after={after - 1}", own) as stream,
    ):
        assert stream.event()[0] == after
        time.sleep(0.5)  # checked several times
        httpx.post(f"{url}/v1/orders", json=order(), headers=AUTH)
        assert stream.event()[0] == after + 1
        head = oms.readers.head()
        if end == "revoked":
            oms.api_keys.revoke("reader")
        else:
            expire(settings, "reader")
        time.sleep(2.0)
        httpx.post(f"{url}/v1/orders", json=order(), headers=AUTH)
        assert all(position <= head for position in positions_until_the_end(stream))
