"""A root key in the transit engine of HashiCorp Vault, or of OpenBao with the same API.

The token is VAULT_TOKEN, or the content of `~/.vault-token` at the time of the call, where an agent
renews it; without either no token is sent, which suits a local agent that adds its own.
VAULT_NAMESPACE and VAULT_CACERT mean the same as to the program `vault`.
"""

from __future__ import annotations

import json
import os
import re
import ssl
from base64 import b64decode, b64encode
from pathlib import Path

import httpx

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks.remote import (
    CALL_SECONDS,
    CONNECT_SECONDS,
    RemoteKeyFailed,
    UnwrapRefused,
)

URL = re.compile(
    r"(?P<mount>(?:https://[^/@?#\s]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)"
    r"/v1(?:/[A-Za-z0-9._-]+)+)/keys/(?P<key>[A-Za-z0-9._-]+)"
)

HOME_FILE = ".vault-token"

TIMEOUT = httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS)

ANSWER_BYTES_MAX = 1_000_000

REMEDIES = {
    403: "its token is missing, expired, or may not update encrypt/ and decrypt/ of this key",
    404: "no transit engine is mounted there",
    503: "it is sealed, or starting",
}


def root_key(url: str, ledger: str) -> VaultTransitKey:
    """The key of this URL, for this ledger; `Refused` if it is not the URL of a key."""
    match = URL.fullmatch(url)
    if match is None:
        raise Refused(
            "OMS_KEK: after vault-transit: write the key's own address,"
            " https://HOST:8200/v1/transit/keys/NAME; http:// only to this machine, since the"
            " token goes along.",
            code="wrong_kek",
        )
    return VaultTransitKey(match["mount"], match["key"], ledger)


class VaultTransitKey:
    """A transit key. Ciphertexts are bound to the ledger: as associated data, and as the context
    of a key with derivation."""

    def __init__(self, mount: str, key: str, ledger: str) -> None:
        self._mount = mount
        self._key = key
        bound = _text(f"oms-ledger key-encryption key\nledger {ledger}".encode())
        self._bound = {"associated_data": bound, "context": bound}

    @property
    def name(self) -> str:
        return f"vault-transit:{self._mount}/keys/{self._key}"

    def wrap(self, key: bytes) -> bytes:
        return self._call("encrypt", {"plaintext": _text(key)}, "ciphertext").encode()

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            ciphertext = wrapped.decode("ascii")
        except UnicodeDecodeError:
            raise UnwrapRefused from None
        return b64decode(self._call("decrypt", {"ciphertext": ciphertext}, "plaintext"))

    def _call(self, action: str, fields: dict[str, str], result: str) -> str:
        """The field `result` of the answer's data."""
        url = f"{self._mount}/{action}/{self._key}"
        try:
            status, answer = _post(url, {**fields, **self._bound})
            if status == httpx.codes.OK:
                return str(json.loads(answer)["data"][result])
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, KeyError, TypeError) as e:
            raise RemoteKeyFailed(f"Vault cannot be asked ({_reason(e)})") from None
        raise _failure(action, status, answer)


def _post(url: str, body: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer. Redirects are not followed: the token is sent to the
    configured address alone."""
    with (
        httpx.Client(verify=_tls(), timeout=TIMEOUT, follow_redirects=False) as client,
        client.stream("POST", url, json=body, headers=_headers()) as answer,
    ):
        content = b""
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > ANSWER_BYTES_MAX:
                raise ValueError("the answer is too long")
        return answer.status_code, content


def _failure(action: str, status: int, answer: bytes) -> Exception:
    if status == httpx.codes.BAD_REQUEST:
        errors = _errors(answer)
        if action == "decrypt":
            return UnwrapRefused(errors)
        return RemoteKeyFailed(f"Vault says: {errors}")
    remedy = REMEDIES.get(status)
    return RemoteKeyFailed(f"Vault answers {status}" + (f": {remedy}" if remedy else ""))


def _errors(answer: bytes) -> str:
    """The error messages in an answer, which repeat nothing of the request."""
    try:
        return "; ".join(map(str, json.loads(answer)["errors"]))[:200]
    except (ValueError, KeyError, TypeError):
        return "400"


def _reason(error: Exception) -> str:
    """The message of a network error. Other messages could quote the token in a header, so only
    their type is named."""
    if isinstance(error, httpx.NetworkError | httpx.TimeoutException | OSError):
        return str(error) or type(error).__name__
    return type(error).__name__


def _headers() -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "X-Vault-Request": "true"}
    token = os.environ.get("VAULT_TOKEN") or _token_in(Path.home() / HOME_FILE)
    if token:
        headers["X-Vault-Token"] = token
    namespace = os.environ.get("VAULT_NAMESPACE")
    if namespace:
        headers["X-Vault-Namespace"] = namespace
    return headers


def _token_in(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("VAULT_CACERT") or None)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
