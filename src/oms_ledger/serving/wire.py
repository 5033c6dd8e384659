"""The HTTP/1.1 protocol of the server: limits on heads, and answers to requests it cannot parse.

The parser buffers what is outside of bodies without a limit, so it is limited here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from oms_ledger.http.endpoint import SECURITY
from oms_ledger.http.errors import problem_body
from oms_ledger.http.heads import HEADERS_MAX

HEAD_BYTES_MAX = 131_072
"""Limit on what is read of a request line with its headers, on what is between chunks, and on
trailers: twice what a read from the socket returns at once. `http.heads` has tighter limits, which
are answered in more detail."""

VERSIONS = frozenset({"1.0", "1.1"})

MALFORMED = 400, "malformed", "This cannot be read as one HTTP/1.1 request. Send another."
TOO_LARGE = 431, "too_large", "The headers are too large, or too many. Send fewer or shorter ones."

REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. `_unread` counts the bytes since the parser last completed something."""

    _unread = 0
    _moved = False
    _too_large = False

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._moved = False
        super().data_received(data)
        self._unread = 0 if self._moved else self._unread + len(data)
        if self._unread > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._too_large = True
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        if len(self.headers) > HEADERS_MAX:
            self._too_large = True
            raise ValueError("too many headers")
        version = self.parser.get_http_version()
        hosts = [value for name, value in self.headers if name == b"host"]
        if version not in VERSIONS or len(hosts) > 1 or (version == "1.1" and not hosts):
            raise ValueError("a proxy in front may have parsed it in another way")
        super().on_headers_complete()
        self.headers = []  # trailers are not headers of the request

    def on_body(self, body: bytes) -> None:
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._moved = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer as to any other invalid request, and close the connection."""
        self.transport.write(_TOO_LARGE if self._too_large else _MALFORMED)
        self.transport.close()


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
    lines = [b"HTTP/1.1 %d %s" % (status, REASONS[status])]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


_MALFORMED, _TOO_LARGE = _answer(*MALFORMED), _answer(*TOO_LARGE)
