"""An identity provider for tests: keys, tokens, and a server with the public keys (JWKS)."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.web_server import running

ISSUER = "https://id.example.com/realms/shop"
AUDIENCE = "oms-ledger"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The key of this name, generated once: generating takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def jwk(key: PrivateKey, kid: str) -> dict[str, Any]:
    """The public key as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        shown = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        shown = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        shown = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**shown, "kid": kid, "use": "sig"}


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a valid token with changes; None removes a claim."""
    now = int(time.time())
    given = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "a3f1",
        "iat": now,
        "exp": now + 300,
        "roles": ["shop-desk"],
        "preferred_username": "ada@example.com",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def token(key: Any = None, kid: str = "one", algorithm: str = "RS256", **changed: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims(**changed), key or rsa_key("one"), algorithm, headers=headers)


class Shown:
    """The server's current key set, and how many requests it has received."""

    def __init__(self) -> None:
        self.document = orjson.dumps({"keys": [jwk(rsa_key("one"), "one")]})
        self.status = 200
        self.requests = 0
        self.url = ""

    def show(self, **keys: PrivateKey) -> None:
        self.document = orjson.dumps({"keys": [jwk(key, kid) for kid, key in keys.items()]})


@contextmanager
def provider() -> Generator[Shown]:
    shown = Shown()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.requests += 1
            self.send_response(shown.status)
            if shown.status == 302:
                self.send_header("Location", shown.url)
            self.end_headers()
            self.wfile.write(shown.document)

        def log_message(self, *_: Any) -> None:
            """Suppresses the log."""

    with running(HTTPServer(("127.0.0.1", 0), Answer)) as server:
        shown.url = f"http://127.0.0.1:{server.server_port}/jwks"
        yield shown
