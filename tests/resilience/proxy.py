"""A wire between client and PostgreSQL that can be cut at the worst moment: around a COMMIT."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from enum import Enum

from psycopg.conninfo import conninfo_to_dict, make_conninfo

READY_AND_IDLE = b"Z\0\0\0\5I"
"""The server's last word to a request, outside a transaction."""


class Cut(Enum):
    """When the client's connection breaks."""

    BEFORE = "the COMMIT never reaches the server"
    WHILE = "the server has the COMMIT and is still at work on it"
    AFTER = "the server has committed, and its forward_replies is lost"


class Wire:
    """Listens on localhost. `cut_next` breaks the connection that next sends a COMMIT; with
    `for_all` nobody gets through from then on, until `mend`."""

    def __init__(self, url: str) -> None:
        target = conninfo_to_dict(url)
        self._target = (str(target.get("host") or "localhost"), int(target.get("port") or 5432))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = make_conninfo(
            url,
            host="127.0.0.1",
            port=self._listener.getsockname()[1],
            sslmode="disable",
            gssencmode="disable",
        )
        self._cut: Cut | None = None
        self._for_all = False
        self._down = False
        self.cuts = 0
        self.held = 0
        self._silent: list[socket.socket] = []
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self, how: Cut, *, for_all: bool) -> None:
        self._cut, self._for_all = how, for_all

    def mend(self) -> None:
        self._down = False

    def hold(self) -> None:
        """Take what both sides send and deliver nothing, on all connections old and new, until
        `release`; those from before then end."""
        self._open.clear()
        self.held += 1

    def release(self) -> None:
        self._open.set()

    def wait_while_held(self, since: int) -> bool:
        """Wait until nothing is held; whether the link, which began when `held` was `since`, may
        go on."""
        self._open.wait()
        return self.held == since

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._down:
                client.close()
                continue
            if not self._open.is_set():
                self._silent.append(client)
                continue
            try:
                link = Link(self, client, self._connect())
            except OSError:  # there is no server at the moment
                client.close()
                continue
            threading.Thread(target=link.forward_requests, daemon=True).start()
            threading.Thread(target=link.forward_replies, daemon=True).start()

    def take_cut(self) -> Cut | None:
        """The cut set by `cut_next`, for one link only."""
        cut, self._cut = self._cut, None
        if cut is not None:
            self._down = self._for_all
            self.cuts += 1
        return cut

    def _connect(self) -> socket.socket:
        host, port = self._target
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server


class Link:
    """One connection."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire = wire
        self._client = client
        self._server = server
        self._mute = False
        self._since = wire.held
        self._answered = threading.Event()

    def forward_requests(self) -> None:
        """Forward the messages of the client, one by one, until the cut."""
        cut: Cut | None = None
        with suppress(OSError, ValueError):
            cut = self._pass_until_cut()
        if cut is Cut.AFTER:
            self._answered.wait(10)
        _hang_up(self._client)
        if cut in (None, Cut.BEFORE):
            _hang_up(self._server)  # otherwise it is left to finish

    def _pass_until_cut(self) -> Cut | None:
        reader = self._client.makefile("rb")
        statements: set[bytes] = set()
        cut: Cut | None = None
        kind_bytes = 0  # the first message has none
        while head := reader.read(kind_bytes + 4):
            kind, body = head[:kind_bytes], reader.read(int.from_bytes(head[-4:], "big") - 4)
            kind_bytes = 1
            if cut is None and _commits(kind, body, statements):
                cut = self._wire.take_cut()
                self._mute = cut is not None
                if cut is Cut.BEFORE:
                    return cut
            if not self._wire.wait_while_held(self._since):
                return None
            self._server.sendall(head + body)
            if cut is not None and kind in (b"S", b"Q"):  # now the server has all of it
                return cut
        return None

    def forward_replies(self) -> None:
        """Forward the messages of the server, until the cut."""
        with suppress(OSError):
            while data := self._server.recv(65536):
                if not self._wire.wait_while_held(self._since):
                    break
                if not self._mute:
                    self._client.sendall(data)
                elif data.endswith(READY_AND_IDLE):
                    self._answered.set()
        _hang_up(self._client)
        _hang_up(self._server)


def _commits(kind: bytes, body: bytes, names: set[bytes]) -> bool:
    """Does this message make the server commit? Remembers what statements are called."""
    if kind == b"P":
        name, query, _ = body.split(b"\0", 2)
        if query == b"COMMIT":
            names.add(name)
    if kind == b"B":
        return body.split(b"\0", 2)[1] in names
    return kind == b"Q" and body == b"COMMIT\0"


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(url: str) -> Generator[Wire]:
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()
