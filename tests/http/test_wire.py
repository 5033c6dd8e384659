"""Connections are bounded in number and time, and upgrades and encodings are read as HTTP/1.1 has
them: raw bytes at the port of a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from oms_ledger.app import Oms, open_prepared
from oms_ledger.http.app import create_app
from oms_ledger.serving import connections, wire
from oms_ledger.serving.connections import Connections, places
from tests.databases import ledger_database
from tests.http.conftest import ADMIN_KEY
from tests.http.examples import order
from tests.http.raw import Answer, Listening, answers, listening, request, send_all

KEY = f"Authorization: Bearer {ADMIN_KEY}"
JSON = "Content-Type: application/json"
BODY = json.dumps(order()).encode()
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
UPGRADES = {
    "h2c": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA"),
    "websocket": ("Connection: Upgrade", "Upgrade: websocket"),
}


@pytest.fixture(scope="module")
def opened(server: str, ready_template: str) -> Iterator[Oms]:
    with ledger_database(server, ready_template) as database:
        settings = replace(database.settings, admin_key=ADMIN_KEY)
        with open_prepared(settings) as oms:
            yield oms


@pytest.fixture(scope="module")
def running(opened: Oms) -> Iterator[Listening]:
    with listening(create_app(opened)) as running:
        yield running


@pytest.fixture
def served(running: Listening) -> Listening:
    running.requests.clear()
    return running


def replies(served: Listening, *pieces: bytes) -> list[Answer]:
    return list(answers(send_all(served.port, [pieces])[0].text))


def in_segments(port: int, pieces: Sequence[bytes]) -> bytes:
    """What comes back when each piece arrives by itself, and the server has read it."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.05)
        client.settimeout(0.5)
        text = b""
        try:
            while some := client.recv(65536):
                text += some
        except TimeoutError:
            pass
        return text


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("encoding", ["length", "chunks"])
@pytest.mark.parametrize("cut", ["behind the head", "nowhere", "everywhere"])
def test_an_upgrade_is_ignored_and_splits_no_message(
    served: Listening, upgrade: str, encoding: str, cut: str
) -> None:
    """The order is refused for its SKU, and not for fields that were lost; what follows on the same
    connection is a request of its own."""
    how, body = (LENGTH, BODY) if encoding == "length" else (CHUNKED, CHUNKS)
    head = request("POST", "/v1/orders", KEY, JSON, how, *UPGRADES[upgrade])
    after = request("GET", "/healthz")
    pieces = {
        "behind the head": [head, body, after],
        "nowhere": [head + body + after],
        "everywhere": [head[:50], head[50:], body[:7], body[7:100], body[100:] + after],
    }[cut]
    received = list(answers(in_segments(served.port, pieces)))
    assert [answer.status for answer in received] == [409, 200], received
    assert json.loads(received[0].body)["code"] == "unknown_sku"
    assert len(served.requests) == 2


def test_an_upgrade_without_a_body_is_ignored(served: Listening) -> None:
    for upgrade in UPGRADES.values():
        pieces = [request("GET", "/healthz", *upgrade), request("GET", "/healthz")]
        assert [a.status for a in answers(in_segments(served.port, pieces))] == [200, 200]


@pytest.mark.parametrize(
    "codings",
    [("gzip, chunked",), ("gzip", "chunked"), ("chunked", "chunked"), ("chunked, chunked",),
     ("identity",), ("gzip",)],
)  # fmt: skip
def test_a_body_that_is_encoded_otherwise_is_refused(
    served: Listening, codings: tuple[str, ...]
) -> None:
    headers = [f"Transfer-Encoding: {coding}" for coding in codings]
    (answer,) = replies(served, request("POST", "/v1/orders", KEY, JSON, *headers, body=CHUNKS))
    assert answer.status == 400
    assert answer.values("connection") == ["close"]
    assert served.requests == []


def test_chunks_before_http_1_1_are_refused(served: Listening) -> None:
    sent = request("POST", "/v1/orders", KEY, JSON, CHUNKED, body=CHUNKS, version="1.0")
    assert replies(served, sent)[0].status == 400


def test_a_tunnel_is_refused(served: Listening) -> None:
    assert replies(served, b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n")[0].status == 400


# Time.


def ended_within(port: int, seconds: float, *pieces: bytes) -> bytes:
    """What a connection received before the server ended it; it is an error if it does not."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        for piece in pieces:
            client.sendall(piece)
        client.settimeout(seconds)
        text = b""
        while some := client.recv(65536):
            text += some
        return text


def is_closed_while_sending(client: socket.socket, piece: bytes, times: int) -> bool:
    try:
        for _ in range(times):
            client.sendall(piece)
            time.sleep(0.01)
    except ConnectionError:
        return True
    return False


def test_a_silent_connection_is_closed(served: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS_MAX", 0.2)
    assert ended_within(served.port, 5, b"") == b""


def test_a_head_that_does_not_end_is_given_up(
    served: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slowly it goes on."""
    monkeypatch.setattr(wire, "HEAD_SECONDS_MAX", 0.3)
    (answer,) = answers(ended_within(served.port, 5, request()[:-2]))
    assert answer.status == 408
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(request()[:-2])
        assert is_closed_while_sending(client, b"X: y\r\n", 200)


def test_an_answer_that_is_not_read_is_given_up(
    served: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "WRITE_SECONDS_MAX", 0.3)
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        for _ in range(3):
            client.sendall(request("GET", "/openapi.json") * 30)
            time.sleep(0.1)
        time.sleep(1)
        client.settimeout(5)
        with suppress(ConnectionError):
            while client.recv(65536):
                pass


def test_the_rest_of_a_body_is_not_read_for_ever(
    served: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "REST_SECONDS_MAX", 0.3)
    begun = request("POST", "/v1/orders", "Content-Length: 9000000", body=b"{")
    assert b" 401 " in ended_within(served.port, 5, begun)
    monkeypatch.setattr(wire, "REST_SECONDS_MAX", 60)
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(begun)
        assert is_closed_while_sending(client, b" " * 40_000, 200)


# Number.


def test_requests_of_one_connection_that_wait_are_bounded(
    served: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PIPELINED_MAX", 3)
    text = ended_within(served.port, 5, request("GET", "/readyz") * 10)
    assert b"HTTP/1.1 400 " in text
    assert len(served.requests) < 10


def test_silent_connections_do_not_keep_others_out(
    opened: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest silent one loses its place; one that has sent a key keeps it."""
    monkeypatch.setattr(wire, "places", lambda: 20)
    keyed = request("GET", "/v1/orders", KEY)

    async def flood(port: int) -> tuple[list[int], int]:
        mine_in, mine_out = await asyncio.open_connection("127.0.0.1", port)
        mine_out.write(keyed)
        statuses = [int((await mine_in.read(65536))[9:12])]
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for some_in, some_out in ((reader, writer), (mine_in, mine_out)):
            some_out.write(keyed)
            async with asyncio.timeout(5):
                statuses.append(int((await some_in.read(65536))[9:12]))
        dropped = 0
        for some_in, some_out in silent:
            try:
                async with asyncio.timeout(0.02):
                    dropped += await some_in.read(1) == b""
            except TimeoutError:
                pass
            except ConnectionError:
                dropped += 1
            some_out.close()
        writer.close()
        mine_out.close()
        return statuses, dropped

    with listening(create_app(opened)) as running:
        statuses, dropped = asyncio.run(flood(running.port))
    assert statuses == [200, 200, 200]
    assert dropped >= 80


def test_an_address_has_so_many_connections(
    served: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are not affected, and a proxy is many people."""
    monkeypatch.setattr(connections, "OF_ADDRESS_MAX", 5)
    there = ("127.0.0.1", served.port)
    held = [socket.create_connection(there, source_address=("127.0.0.2", 0)) for _ in range(5)]
    try:
        time.sleep(0.1)
        with socket.create_connection(there, source_address=("127.0.0.2", 0)) as one_more:
            one_more.settimeout(5)
            (answer,) = answers(one_more.recv(65536))
        assert answer.status == 503
        assert answer.values("retry-after") == ["1"]
        assert json.loads(answer.body)["code"] == "overloaded"
        for _ in range(8):
            held.append(socket.create_connection(there))
        assert replies(served, request())[0].status == 200
    finally:
        for each in held:
            each.close()


class Fake:
    """A connection as the registry sees it."""

    def __init__(self, address: str = "127.0.0.1", quiet: bool = True) -> None:
        self.address = address
        self.caller: str | None = None
        self.is_quiet = quiet
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_one_key_has_half_of_all_places() -> None:
    registry = Connections(20, "127.0.0.1")
    mine = [Fake() for _ in range(12)]
    assert all(registry.add(each) for each in mine)
    assert [registry.assign(each, "mine") for each in mine] == [True] * 10 + [False] * 2
    assert registry.assign(mine[11], "yours")
    registry.remove(mine[0])
    assert registry.assign(mine[10], "mine")


def test_a_connection_that_is_answered_or_has_a_key_keeps_its_place() -> None:
    registry = Connections(3, "127.0.0.1")
    busy, keyed, silent = Fake(quiet=False), Fake(), Fake()
    for each in (busy, keyed, silent):
        assert registry.add(each)
    assert registry.assign(keyed, "me")
    assert registry.add(Fake(quiet=False))
    assert silent.dropped
    assert not registry.add(Fake())
    assert not busy.dropped
    assert not keyed.dropped
    assert len(registry) == 3


def test_a_process_has_places_for_what_it_may_open() -> None:
    assert 16 <= places() <= connections.CONNECTIONS_MAX
