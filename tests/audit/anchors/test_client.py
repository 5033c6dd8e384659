"""Requests to anchor stores, against real servers on ports of this machine."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from oms_ledger.audit.anchors import client
from oms_ledger.audit.anchors.client import RESPONSE_BYTES, StoreResponse, request
from oms_ledger.domain.errors import Invalid, Unavailable
from tests.certificates import Authority
from tests.web_server import running

BODIES = {
    "/plain": b"checkpoint\n",
    "/long": b"x" * (RESPONSE_BYTES + 500_000),
    "/compressed": gzip.compress(b"x" * 10_000_000),
    "/latin": "é".encode("latin-1"),
}


class Handler(BaseHTTPRequestHandler):
    released = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.released.wait(30)
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        self.send_header("Content-Type", "Text/X.Tlog.Size; charset=utf-8")
        if moved:
            self.send_header("Location", "/plain")
        if self.path == "/compressed":
            self.send_header("Content-Encoding", "gzip")
        body = BODIES.get(self.path, b"")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the client stops reading a long body
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = f"{self.headers['Authorization']} {body.decode()}".encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@contextmanager
def server(context: ssl.SSLContext | None = None) -> Generator[str]:
    """The address of a server, which speaks TLS where it is given a context."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    Handler.released.clear()
    with running(listening):
        try:
            yield f"{'http' if context is None else 'https'}://127.0.0.1:{listening.server_port}"
        finally:
            Handler.released.set()


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with server() as address:
        yield address


def test_a_response_has_status_media_type_and_text(url: str) -> None:
    assert request("GET", f"{url}/plain", None, {}) == StoreResponse(
        200, "text/x.tlog.size", "checkpoint\n"
    )
    sent = request("POST", url, b"body", {"Authorization": "Bearer x"})
    assert sent == StoreResponse(201, "text/plain", "Bearer x body")


def test_a_redirect_is_not_followed(url: str) -> None:
    assert request("GET", f"{url}/moved", None, {}).status == 302


def test_of_a_long_response_the_beginning_is_read(url: str) -> None:
    assert len(request("GET", f"{url}/long", None, {}).text) == RESPONSE_BYTES


def test_nothing_is_decompressed(url: str) -> None:
    with pytest.raises(Unavailable, match="UnicodeDecodeError"):
        request("GET", f"{url}/compressed", None, {})


def test_text_that_is_not_utf_8_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable, match="/latin does not answer: UnicodeDecodeError"):
        request("GET", f"{url}/latin", None, {})


def test_a_server_that_is_silent_is_not_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "HTTP_SECONDS", 0.2)
    with pytest.raises(Unavailable, match="ReadTimeout"):
        request("GET", f"{url}/silent", None, {})


def test_proxies_of_the_environment_are_not_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert request("GET", f"{url}/plain", None, {}).status == 200


def test_a_certificate_must_be_signed_by_a_trusted_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "trusted")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("127.0.0.1"))
    with server(context) as url:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            request("GET", f"{url}/plain", None, {})
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert request("GET", f"{url}/plain", None, {}).status == 200
        other_host = url.replace("127.0.0.1", "localhost")
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            request("GET", f"{other_host}/plain", None, {})


@pytest.mark.parametrize(
    "url", ["", "here", "ftp://example/x", "https://", "http:///path", "http://host:port/"]
)
def test_what_is_no_http_url_is_invalid(url: str) -> None:
    with pytest.raises(Invalid, match="is no http or https address"):
        request("GET", url, None, {})
