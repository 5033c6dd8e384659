"""The API behind its real server on a port of its own, and connections that send raw bytes."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, NamedTuple

import uvicorn
from starlette.types import Receive, Scope, Send

from oms_ledger.http.app import LedgerApi
from oms_ledger.serving import wire
from oms_ledger.serving.handshake import LimitedServer

QUIET_SECONDS = 0.3
"""A server that is silent for so long has answered completely."""

CONNECTIONS_MAX = 40


@dataclass
class Listening:
    """A server on `port`. `requests` are method and path of each request that reached the API."""

    port: int
    requests: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def listening(app: LedgerApi, context: SSLContext | None = None) -> Generator[Listening]:
    sock = socket.create_server(("127.0.0.1", 0))
    running = Listening(sock.getsockname()[1])

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            running.requests.append((scope["method"], scope["path"]))
        await app(scope, receive, send)

    server = LimitedServer(uvicorn.Config(watched, **wire.OPTIONS), context)
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]))
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield running
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


class Received(NamedTuple):
    """The bytes that a connection received, and whether the server ended it."""

    text: bytes
    ended: bool


def send_all(
    port: int, requests: Sequence[Sequence[bytes]], *, quiet_seconds: float = QUIET_SECONDS
) -> list[Received]:
    """What each connection received. A request is sent in the pieces given."""

    async def every() -> list[Received]:
        gate = asyncio.Semaphore(CONNECTIONS_MAX)

        async def one(pieces: Sequence[bytes]) -> Received:
            async with gate:
                return await _send(port, pieces, quiet_seconds)

        return await asyncio.gather(*map(one, requests))

    return asyncio.run(every())


async def _send(port: int, pieces: Sequence[bytes], quiet_seconds: float) -> Received:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    text = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        while True:
            async with asyncio.timeout(quiet_seconds):
                some = await reader.read(65536)
            if not some:
                return Received(text, True)
            text += some
    except TimeoutError:
        return Received(text, False)
    except ConnectionError:
        return Received(text, True)
    finally:
        writer.close()


HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)


def answers(text: bytes) -> Iterator[Answer]:
    """The answers in a text; it is an error if anything is left over."""
    while text:
        head = HEAD.match(text)
        assert head is not None, text[:300]
        lines = head[2].decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (x.partition(": ") for x in lines)]
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        rest = text[head.end() :]
        yield Answer(int(head[1]), headers, rest[:length])
        text = rest[length:]


def request(
    method: str = "GET", path: str = "/healthz", *headers: str, body: bytes = b"", **options: Any
) -> bytes:
    """A valid request with more headers."""
    lines = [f"{method} {path} HTTP/{options.get('version', '1.1')}", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
