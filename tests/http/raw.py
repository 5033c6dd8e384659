"""The door behind its real server, on a port of its own, and what is sent there byte by byte."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import uvicorn
from starlette.types import Receive, Scope, Send

from oms_ledger.http.app import LedgerApi
from oms_ledger.serving import wire

QUIET_SECONDS = 0.3
"""Whoever says nothing for so long has nothing to say to what was sent."""

TOGETHER = 40


@dataclass
class Listening:
    """`asked` is every request that reached the door: its method and its path."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def listening(door: LedgerApi) -> Generator[Listening]:
    sock = socket.create_server(("127.0.0.1", 0))
    found = Listening(sock.getsockname()[1])

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            found.asked.append((scope["method"], scope["path"]))
        await door(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(watched, **wire.OPTIONS))
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]))
    thread.start()
    try:
        yield found
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


class Told(NamedTuple):
    """What a connection was told, and whether it was ended by the server."""

    text: bytes
    ended: bool


def send_all(port: int, requests: Sequence[Sequence[bytes]]) -> list[Told]:
    """What each connection was told, whose pieces were sent one by one."""

    async def every() -> list[Told]:
        gate = asyncio.Semaphore(TOGETHER)

        async def one(pieces: Sequence[bytes]) -> Told:
            async with gate:
                return await _told(port, pieces)

        return await asyncio.gather(*map(one, requests))

    return asyncio.run(every())


async def _told(port: int, pieces: Sequence[bytes]) -> Told:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    text = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        while True:
            async with asyncio.timeout(QUIET_SECONDS):
                some = await reader.read(65536)
            if not some:
                return Told(text, True)
            text += some
    except TimeoutError:
        return Told(text, False)
    except ConnectionError:
        return Told(text, True)
    finally:
        writer.close()


HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)


def answers(told: bytes) -> Iterator[Answer]:
    """What was told, answer by answer; it is an error if anything is left over."""
    while told:
        head = HEAD.match(told)
        assert head is not None, told[:300]
        lines = head[2].decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (x.partition(": ") for x in lines)]
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        rest = told[head.end() :]
        yield Answer(int(head[1]), headers, rest[:length])
        told = rest[length:]


def request(
    method: str = "GET", path: str = "/healthz", *headers: str, body: bytes = b"", **options: Any
) -> bytes:
    """A request as it should be, but for the headers that are added."""
    lines = [f"{method} {path} HTTP/{options.get('version', '1.1')}", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
