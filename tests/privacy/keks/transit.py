"""The used part of Vault's transit engine over HTTP, with the answers of OpenBao 2.7.

For machines without OpenBao; where it is installed, the same tests run against it too.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.web_server import running

TOKEN = "token-that-tests-are-let-in-with"


class Engine:
    """Keys with versions; the newest encrypts, all that are not too old decrypt."""

    def __init__(self) -> None:
        self.keys: dict[str, list[bytes]] = {}
        self.oldest: dict[str, int] = {}

    def rotate(self, name: str) -> None:
        self.keys.setdefault(name, []).append(AESGCM.generate_key(256))

    def answer(self, what: str, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if what == "encrypt":
            return 200, {"data": self._encrypt(name, body)}
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        try:
            return 200, {"data": {"plaintext": self._decrypt(name, body)}}
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}
        except ValueError as error:
            return 400, {"errors": [str(error)]}

    def _encrypt(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if name not in self.keys:
            self.rotate(name)  # as whoever may create does
        version, nonce = len(self.keys[name]), secrets.token_bytes(12)
        plain, bound = b64decode(body["plaintext"]), b64decode(body["associated_data"])
        sealed = nonce + AESGCM(self.keys[name][-1]).encrypt(nonce, plain, bound)
        return {"ciphertext": f"vault:v{version}:{b64encode(sealed).decode()}"}

    def _decrypt(self, name: str, body: dict[str, Any]) -> str:
        prefix, version, text = body["ciphertext"].split(":")
        number = int(version[1:])
        if prefix != "vault" or number > len(self.keys[name]):
            raise ValueError("invalid ciphertext: version is too new")
        if number < self.oldest.get(name, 1):
            raise ValueError("ciphertext or signature version is disallowed by policy (too old)")
        try:
            sealed = b64decode(text, validate=True)
        except NotBase64:
            raise ValueError("invalid ciphertext: could not decode base64") from None
        bound = b64decode(body["associated_data"])
        plain = AESGCM(self.keys[name][number - 1]).decrypt(sealed[:12], sealed[12:], bound)
        return b64encode(plain).decode()


class Transit:
    """The engine on a port of its own, which can be stopped and started."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.port = 0
        self._running = ExitStack()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/transit"

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"engine": self.engine})
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = server.server_port
        self._running.enter_context(running(server))

    def stop(self) -> None:
        self._running.close()


class _Handler(BaseHTTPRequestHandler):
    engine: ClassVar[Engine]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, version, mount, what, name = self.path.split("/")
        if self.headers.get("X-Vault-Token") != TOKEN:
            self._answer(403, {"errors": ["permission denied"]})
        elif (version, mount) != ("v1", "transit") or what not in ("encrypt", "decrypt"):
            self._answer(404, {"errors": []})
        else:
            self._answer(*self.engine.answer(what, name, body))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass
