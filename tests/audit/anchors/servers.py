"""A bucket and a witness that listen on a port of this machine.

The witness follows c2sp.org/tlog-witness and verifies with an independent library (tlog-scales).
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import signing, tlog

from oms_ledger.audit.standalone.notes import COSIGNATURE, SIGNATURE_MARK, VerifierKey
from tests.web_server import running


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.headers: list[dict[str, str]] = []
        self.trusted: list[str] = []
        self.signed: dict[str, tuple[int, bytes]] = {}
        self.private = Ed25519PrivateKey.generate()
        self.down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def key(self) -> VerifierKey:
        return VerifierKey("w.example", self.private.public_key().public_bytes_raw(), COSIGNATURE)

    def cosign(self, body: str) -> str:
        at = 1_700_000_000
        message = f"cosignature/v1\ntime {at}\n{body}".encode()
        raw = self.key.id + at.to_bytes(8, "big") + self.private.sign(message)
        return f"{SIGNATURE_MARK}{self.key.name} {base64.b64encode(raw).decode()}\n"

    def add_checkpoint(self, body: str) -> tuple[int, str, str]:
        """Status, content type, body."""
        head, _, note = body.partition("\n\n")
        old_line, *proof = head.split("\n")
        old = int(old_line.removeprefix("old "))
        checkpoint = tlog.Checkpoint.from_text(note)
        keys = [signing.Vkey.from_string(text) for text in self.trusted]
        if not any(key.name == checkpoint.origin for key in keys):
            return 404, "text/plain", "unknown log"
        if not signing.VkeySet(*keys).verify(checkpoint.signatures, checkpoint):
            return 403, "text/plain", "not signed by a key of the log"
        size, root = self.signed.get(checkpoint.origin, (0, sha256(b"").digest()))
        if old != size:
            return 409, "text/x.tlog.size", f"{size}\n"
        try:
            hashes = [base64.b64decode(line) for line in proof]
            tlog.ConsistencyProof(old, checkpoint.size, hashes).check(root, checkpoint.root_hash)
        except tlog.ConsistencyProofInvalid as error:
            return 422, "text/plain", str(error)
        self.signed[checkpoint.origin] = checkpoint.size, checkpoint.root_hash
        return 200, "text/plain", self.cosign(checkpoint.serialize_body())


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_PUT(self) -> None:
        body = self._body()
        self.server.headers.append(dict(self.headers))
        if self.server.down:
            self._answer(503, "text/plain", b"down")
        elif self.headers["If-None-Match"] == "*" and self.path in self.server.objects:
            self._answer(412, "text/plain", b"it is there")
        else:
            self.server.objects[self.path] = body
            self._answer(200, "text/plain", b"")

    def do_GET(self) -> None:
        stored = self.server.objects.get(self.path)
        self._answer(404 if stored is None else 200, "text/plain", stored or b"")

    def do_POST(self) -> None:
        body = self._body().decode()
        if self.path != "/add-checkpoint":
            self._answer(404, "text/plain", b"")
            return
        status, kind, text = self.server.add_checkpoint(body)
        self._answer(status, kind, text.encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@contextmanager
def serving() -> Generator[Server]:
    with running(Server()) as server:
        yield server
