"""The HTTP/1.1 protocol of the server: limits on connections, heads and time, and answers to
requests it cannot parse.

The parser buffers what is outside of bodies without a limit, so it is limited here.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from oms_ledger.http.endpoint import CONNECTION, SECURITY
from oms_ledger.http.errors import problem_body
from oms_ledger.http.heads import HEADERS_MAX
from oms_ledger.serving.connections import Connections, places

HEAD_BYTES_MAX = 131_072
"""Limit on what is read of a request line with its headers, on what is between chunks, and on
trailers: twice what a read from the socket returns at once. `http.heads` has tighter limits, which
are answered in more detail."""

VERSIONS = frozenset({"1.0", "1.1"})

HEAD_SECONDS_MAX = 10.0
"""How long a request line with its headers, or the next part of a chunked body's framing, may take
to arrive, and how long a connection may be open without one."""

WRITE_SECONDS_MAX = 60.0
"""How long a client may leave an answer unread before its connection is closed."""

REST_SECONDS_MAX = 10.0
REST_BYTES_MAX = 1_000_000
"""What is read, and dropped, of a body after its request was answered."""

PIPELINED_MAX = 32
"""Requests of one connection that may wait for the answer to an earlier one."""

MALFORMED = 400, "malformed", "This cannot be read as one HTTP/1.1 request. Send another."
TOO_SLOW = 408, "too_slow", "The request has not arrived in time. Send it again, in one go."
TOO_LARGE = 431, "too_large", "The headers are too large, or too many. Send fewer or shorter ones."
FULL = 503, "overloaded", "Too many connections are open. Close some, or try again in a second."

REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}

_registries: WeakKeyDictionary[ServerState, Connections] = WeakKeyDictionary()


def connections_of(state: ServerState, config: Config) -> Connections:
    """The connections of a server."""
    registry = _registries.get(state)
    if registry is None:
        registry = _registries[state] = Connections(places(), config.forwarded_allow_ips)
    return registry


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. `_unread` counts the bytes since the parser last completed something.

    An `Upgrade` is ignored, as HTTP allows: the parser takes what follows the headers for another
    protocol, so that a new one reads it as the body that the headers announce.
    """

    _unread = 0
    _rest = 0
    _moved = False
    _problem: tuple[int, str, str] = MALFORMED
    _timer: TimerHandle | None = None
    _write_timer: TimerHandle | None = None
    _announced: bytes | None = None
    """The header that announces a body which the parser would skip, because of an upgrade."""
    _replaying = False

    address = ""
    caller: str | None = None

    @property
    def is_quiet(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        self.transport.abort()

    def belongs_to(self, caller: str) -> bool:
        """Note whose key came; False where too many belong to that caller."""
        return self._registry.assign(self, caller)

    @property
    def _registry(self) -> Connections:
        return connections_of(self.server_state, self.config)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as its base
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if self._registry.add(self):
            self._start_timer()
        else:
            self._end(FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self.resume_writing()
        self._registry.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._moved = False
        try:
            self._feed(data)
        except HttpParserError:
            self._end(self._problem)
            return
        self._unread = 0 if self._moved else self._unread + len(data)
        if self._unread > HEAD_BYTES_MAX:
            self._end(TOO_LARGE)
        elif not self._unread:
            self._stop_timer()
        elif self._timer is None:
            self._start_timer()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._go_on_without_upgrade()

    def _go_on_without_upgrade(self) -> None:
        """Let a new parser read what follows the headers."""
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        if self._announced is not None:
            self._replaying = True
            self.parser.feed_data(b"POST / HTTP/1.1\r\nHost: -\r\n%b\r\n\r\n" % self._announced)
            self._replaying = False
            self._announced = None

    def on_message_begin(self) -> None:
        if not self._replaying:
            super().on_message_begin()
            self.scope[CONNECTION] = self  # type: ignore[literal-required]  # for `http.endpoint`

    def on_url(self, url: bytes) -> None:
        if not self._replaying:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._replaying:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._replaying:
            return
        if len(self.headers) > HEADERS_MAX:
            self._problem = TOO_LARGE
            raise ValueError("too many headers")
        self._refuse_ambiguous()
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ValueError("too many requests wait for an answer")
        self._moved = True
        self._rest = 0
        if self.parser.should_upgrade():
            self._announced = _announcement(self.headers)
        super().on_headers_complete()
        self.headers = []  # trailers are not headers of the request

    def _refuse_ambiguous(self) -> None:
        version = self.parser.get_http_version()
        hosts = [value for name, value in self.headers if name == b"host"]
        if version not in VERSIONS or len(hosts) > 1 or (version == "1.1" and not hosts):
            raise ValueError("a proxy in front may have parsed it in another way")
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        chunked = [coding.strip().lower() for coding in codings] == [b"chunked"]
        if codings and (not chunked or version == "1.0"):
            raise ValueError("the body is encoded in another way than by chunks alone")
        if self.parser.get_method() == b"CONNECT":
            raise ValueError("this is no proxy")

    def on_body(self, body: bytes) -> None:
        self._moved = True
        super().on_body(body)
        if self.cycle.response_complete:
            self._rest += len(body)
            if self._rest > REST_BYTES_MAX:
                self.transport.close()

    def on_message_complete(self) -> None:
        if self._announced is not None:  # it is not: the parser skips its body
            return
        self._moved = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and self.cycle.response_complete:
            self.loop.call_later(REST_SECONDS_MAX, self._end_rest, self.cycle)

    def _end_rest(self, cycle: RequestResponseCycle) -> None:
        if cycle is self.cycle and cycle.more_body:
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(WRITE_SECONDS_MAX, self.drop)

    def resume_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer as to any other invalid request, and close the connection."""
        self._end(self._problem)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS_MAX, self._out_of_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _out_of_time(self) -> None:
        self._timer = None
        if self._unread and self.is_quiet:
            self._end(TOO_SLOW)
        else:
            self.transport.close()

    def _end(self, problem: tuple[int, str, str]) -> None:
        if not self.transport.is_closing():
            self.transport.write(_ANSWERS[problem])
            self.transport.close()


def _announcement(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """The header that announces a body; None where there is no body."""
    for name, value in headers:
        if name == b"transfer-encoding":
            return b"Transfer-Encoding: chunked"
        if name == b"content-length" and int(value) > 0:
            return b"Content-Length: " + value
    return None


OPTIONS: Mapping[str, Any] = {
    "http": LimitedHttpProtocol,
    "ws": "none",
    "log_config": None,
    "access_log": False,
    "server_header": False,
}
"""Options of uvicorn: HTTP/1.1 alone, without its own logs."""


def _answer(status: int, code: str, detail: str) -> bytes:
    body = orjson.dumps(problem_body(status, code, detail))
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *SECURITY,
    ]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    lines = [b"HTTP/1.1 %d %s" % (status, REASONS[status])]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


_ANSWERS = {each: _answer(*each) for each in (MALFORMED, TOO_SLOW, TOO_LARGE, FULL)}
