"""The HTTP client of the transit engine: where the token is sent, and which answers count."""

from __future__ import annotations

import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from oms_ledger.privacy.keks import vault
from oms_ledger.privacy.keks.remote import RemoteKeyFailed
from tests.certificates import Authority
from tests.privacy.keks.transit import TOKEN
from tests.web_server import running

ANSWER = json.dumps({"data": {"ciphertext": "vault:v1:x"}}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers every request alike, and notes the tokens it received."""

    tokens: ClassVar[list[str | None]]
    status: ClassVar[int]
    location: ClassVar[str | None]
    content: ClassVar[bytes]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.tokens.append(self.headers.get("X-Vault-Token"))
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server(
    status: int = 200,
    location: str | None = None,
    content: bytes = ANSWER,
    tls: ssl.SSLContext | None = None,
) -> Generator[tuple[str, list[str | None]]]:
    """The URL of a key on a server of its own, and the tokens that the server received."""
    tokens: list[str | None] = []
    members = {"tokens": tokens, "status": status, "location": location, "content": content}
    listening = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), members))
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    with running(listening):
        scheme = "http" if tls is None else "https"
        host = "127.0.0.1" if tls is None else "localhost"
        yield f"{scheme}://{host}:{listening.server_port}/v1/transit/keys/oms", tokens


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.delenv("VAULT_CACERT", raising=False)


def wrap(url: str) -> bytes:
    return vault.root_key(url, "main").wrap(b"k" * 32)


def test_the_token_is_sent_to_the_configured_address() -> None:
    with server() as (url, tokens):
        assert wrap(url) == b"vault:v1:x"
    assert tokens == [TOKEN]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        server() as (elsewhere, received),
        server(status, elsewhere) as (url, tokens),
        pytest.raises(RemoteKeyFailed, match=f"Vault answers {status}"),
    ):
        wrap(url)
    assert tokens == [TOKEN]
    assert received == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"data": null}', b'{"errors": []}'])
def test_an_answer_of_another_shape_is_a_failure(content: bytes) -> None:
    with server(content=content) as (url, _), pytest.raises(RemoteKeyFailed) as error:
        wrap(url)
    assert "cannot be asked" in error.value.why


def test_an_answer_that_is_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "ANSWER_BYTES_MAX", len(ANSWER) - 1)
    with server() as (url, _), pytest.raises(RemoteKeyFailed, match="ValueError"):
        wrap(url)


def test_a_token_that_is_no_header_value_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in ("secret\nvalue", "secret-é"):
        monkeypatch.setenv("VAULT_TOKEN", bad)
        with server() as (url, tokens), pytest.raises(RemoteKeyFailed) as error:
            wrap(url)
        assert "secret" not in error.value.why
        assert tokens == []


def test_a_service_that_does_not_answer_in_time_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vault, "TIMEOUT", httpx.Timeout(0.2))
    silent = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # accepts, and is never served
    try:
        with pytest.raises(RemoteKeyFailed, match="timed out"):
            wrap(f"http://127.0.0.1:{silent.server_address[1]}/v1/transit/keys/oms")
    finally:
        silent.server_close()


def test_the_server_must_have_a_certificate_that_is_trusted_for_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, other = Authority(tmp_path, "authority"), Authority(tmp_path, "other")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue("localhost"))
    with server(tls=tls) as (url, tokens):
        for trusted in ("", str(other.certificate)):
            monkeypatch.setenv("VAULT_CACERT", trusted)
            with pytest.raises(RemoteKeyFailed, match="CERTIFICATE_VERIFY_FAILED"):
                wrap(url)
        monkeypatch.setenv("VAULT_CACERT", str(authority.certificate))
        with pytest.raises(RemoteKeyFailed, match="CERTIFICATE_VERIFY_FAILED"):
            wrap(url.replace("localhost", "127.0.0.1"))
        assert tokens == []
        assert wrap(url) == b"vault:v1:x"
    assert tokens == [TOKEN]
