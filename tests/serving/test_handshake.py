"""TLS handshakes are bounded in time, and each has a place among the connections."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from oms_ledger.http.app import create_app
from oms_ledger.serving import connections, handshake, wire
from oms_ledger.serving.tls import server_context
from oms_ledger.settings import Settings
from tests.certificates import Authority
from tests.databases import KEK
from tests.http.conftest import ADMIN_KEY
from tests.http.memory import open_in_memory
from tests.http.raw import Listening, answers, listening, request


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def served(authority: Authority) -> Iterator[Listening]:
    """The API over TLS, on a ledger in memory."""
    certificate, key = map(str, authority.issue("127.0.0.1"))
    context = server_context(Settings(tls_certificate=certificate, tls_key=key))
    with (
        open_in_memory(Settings(admin_key=ADMIN_KEY, kek=KEK)) as oms,
        listening(create_app(oms), context) as running,
    ):
        yield running


def status(port: int, authority: Authority, source: str = "127.0.0.1") -> int:
    """The status of a request that is sent at once behind the handshake."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    there = ("127.0.0.1", port)
    with (
        socket.create_connection(there, timeout=10, source_address=(source, 0)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(request())
        text = secured.recv(65536)
        while text and b"\r\n\r\n{" not in text:
            text += secured.recv(65536)
        (answer,) = answers(text)
        return answer.status


def is_ended(client: socket.socket, seconds: float) -> bool:
    """Whether the server ends the connection in this time."""
    client.settimeout(seconds)
    try:
        with suppress(ConnectionError):
            while client.recv(65536):
                pass
    except TimeoutError:
        return False
    return True


def silent(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), source_address=(source, 0))


@pytest.mark.slow
def test_many_handshakes_at_once_are_answered(served: Listening, authority: Authority) -> None:
    with ThreadPoolExecutor(20) as pool:
        matches = list(pool.map(lambda _: status(served.port, authority), range(200)))
    assert matches == [200] * 200


@pytest.mark.parametrize("piece", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["silent", "half"])
def test_a_handshake_that_does_not_end_is_given_up(
    served: Listening, authority: Authority, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_SECONDS_MAX", 0.3)
    with silent(served.port) as client:
        client.sendall(piece)
        assert is_ended(client, 5)
    assert status(served.port, authority) == 200


def test_a_handshake_has_ten_seconds() -> None:
    assert handshake.HANDSHAKE_SECONDS_MAX == 10


def test_what_is_no_tls_is_ended(served: Listening, authority: Authority) -> None:
    for _ in range(20):
        with silent(served.port) as client:
            client.sendall(request())
            assert is_ended(client, 5)
    assert status(served.port, authority) == 200


def test_connections_in_a_handshake_count_for_their_address(
    served: Listening, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have ended do not."""
    monkeypatch.setattr(connections, "OF_ADDRESS_MAX", 5)
    held = [silent(served.port, "127.0.0.2") for _ in range(5)]
    time.sleep(0.2)
    with silent(served.port, "127.0.0.2") as one_more:
        assert is_ended(one_more, 5)
    assert not is_ended(held[0], 0.2)
    for each in held:
        each.close()
    time.sleep(0.2)
    for _ in range(8):
        assert status(served.port, authority, "127.0.0.2") == 200


def test_a_connection_takes_the_place_of_its_handshake(
    served: Listening, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OF_ADDRESS_MAX", 1)
    assert status(served.port, authority, "127.0.0.3") == 200


def test_a_handshake_loses_its_place_to_a_new_connection(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(wire, "places", lambda: 20)
    running: Listening = request.getfixturevalue("served")
    held = [silent(running.port) for _ in range(100)]
    try:
        time.sleep(0.2)
        assert status(running.port, authority) == 200
        assert sum(is_ended(each, 0.01) for each in held) >= 80
    finally:
        for each in held:
            each.close()
