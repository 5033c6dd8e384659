"""A web server whose faults a test chooses: for clients of vendors, which must end each of them in
bounded time and never take half an answer for a whole one."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import Literal

Fault = Literal[
    "close_before",
    "close_after",
    "half_body",
    "silent",
    "slow_head",
    "slow_body",
    "endless_body",
    "endless_head",
    "compressed",
    "not_http",
]
"""What goes wrong with one request. `close_before`: the connection is closed before anything is
done; `close_after`: after it was done, without an answer. `silent` does it and never answers.
`slow_head` and `slow_body` send a byte at a time. `compressed` answers in gzip, which was not
wanted."""


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """A request as it came. Names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


class FaultServer:
    """Answers each request with the next of `answers`, or else with 200. `done` are the requests
    that were carried out, `received` all that were read."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[ServedAnswer | Fault] = []
        self.received: list[ServedRequest] = []
        self.done: list[ServedRequest] = []
        self.connections = 0
        self.pause_seconds = 0.1
        self._tls = tls
        self._lock = Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._ended = False
        Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._ended = True
        self._socket.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer:
                stream = (
                    peer if self._tls is None else self._tls.wrap_socket(peer, server_side=True)
                )
                with stream, stream.makefile("rb") as lines:
                    while (request := _read(lines)) is not None:
                        if not self._answer(stream, request):
                            return
        except OSError:
            return  # the client has gone

    def _answer(self, stream: socket.socket, request: ServedRequest) -> bool:
        """Whether the connection can be used again."""
        with self._lock:
            self.received.append(request)
            planned = self.answers.pop(0) if self.answers else ServedAnswer()
            if planned != "close_before":
                self.done.append(request)
        if isinstance(planned, ServedAnswer):
            stream.sendall(_head(planned) + planned.body)
            return True
        for part in self._parts(planned):
            stream.sendall(part)
        return False

    def _parts(self, fault: Fault) -> Iterator[bytes]:
        whole = _head(ServedAnswer(body=b"x" * 1000))
        match fault:
            case "half_body":
                yield whole + b"x" * 500
            case "slow_head":
                yield from self._slowly(whole)
            case "slow_body":
                yield whole
                yield from self._slowly(b"x" * 1000)
            case "endless_body":
                yield b"HTTP/1.1 200 OK\r\n\r\n"
                while not self._ended:
                    yield b"x" * 65_536
            case "endless_head":
                yield b"HTTP/1.1 200 OK\r\n"
                while not self._ended:
                    yield b"X-More: " + b"x" * 1000 + b"\r\n"
            case "compressed":
                yield _head(ServedAnswer(headers={"Content-Encoding": "gzip"})) + b"{}"
            case "not_http":
                yield b"\x00\x01\x02 what is this?\r\n\r\n"
            case "silent":
                while not self._ended:
                    time.sleep(self.pause_seconds)
            case "close_before" | "close_after":
                return

    def _slowly(self, text: bytes) -> Iterator[bytes]:
        for n in range(len(text)):
            if self._ended:
                return
            yield text[n : n + 1]
            time.sleep(self.pause_seconds)


def _read(lines: object) -> ServedRequest | None:
    """The next request; None where the client has ended."""
    readline, read = lines.readline, lines.read  # type: ignore[attr-defined]  # of a binary file
    first = readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = read(int(headers.get("content-length", "0")))
    return ServedRequest(first[0], first[1], headers, body)


def _head(answer: ServedAnswer) -> bytes:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Served", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@contextmanager
def fault_server(certificate: tuple[Path, Path] | None = None) -> Iterator[FaultServer]:
    """A running server; with TLS where a certificate and its key are given."""
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
    server = FaultServer(tls)
    try:
        yield server
    finally:
        server.close()
