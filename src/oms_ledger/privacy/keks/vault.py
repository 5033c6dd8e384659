"""A key in the transit engine of HashiCorp Vault, or of OpenBao, which is asked the same way.

Two requests, which the standard library makes. The token is VAULT_TOKEN, or what `.vault-token` in
the home folder has at that moment, where an agent keeps it fresh; without either none is sent,
which suits an agent in between that has its own. VAULT_NAMESPACE and VAULT_CACERT mean what they
mean to Vault's own program.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from oms_ledger.domain.errors import Refused
from oms_ledger.privacy.keks.service import CALL_SECONDS, NotItsOwn, ServiceFailed

URL = re.compile(
    r"(?P<mount>(?:https://[^/@?#\s]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)"
    r"/v1(?:/[A-Za-z0-9._-]+)+)/keys/(?P<key>[A-Za-z0-9._-]+)"
)

_KEPT = ".vault-token"

ANSWER_BYTES_MAX = 1_000_000

REMEDIES = {
    403: "its token is missing, expired, or may not update encrypt/ and decrypt/ of this key",
    404: "no transit engine is mounted there",
    503: "it is sealed, or starting",
}


def service(url: str, ledger: str) -> VaultTransit:
    """The key of this URL, for this ledger; `Refused` where that is no URL of a key."""
    match = URL.fullmatch(url)
    if match is None:
        raise Refused(
            "OMS_KEK: after vault-transit: write the key's own address,"
            " https://HOST:8200/v1/transit/keys/NAME; http:// only to this machine, since the"
            " token goes along.",
            code="wrong_kek",
        )
    return VaultTransit(match["mount"], match["key"], ledger)


class VaultTransit:
    """What is wrapped is bound to the ledger: as associated data, and as the context of keys that
    are made to derive others."""

    def __init__(self, mount: str, key: str, ledger: str) -> None:
        self._mount = mount
        self._key = key
        bound = _text(f"oms-ledger key-encryption key\nledger {ledger}".encode())
        self._bound = {"associated_data": bound, "context": bound}

    @property
    def name(self) -> str:
        return f"vault-transit:{self._mount}/keys/{self._key}"

    def wrap(self, key: bytes) -> bytes:
        answer = self._asked("encrypt", {"plaintext": _text(key)})
        return str(answer["ciphertext"]).encode()

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            ciphertext = wrapped.decode("ascii")
        except UnicodeDecodeError:
            raise NotItsOwn from None
        return b64decode(str(self._asked("decrypt", {"ciphertext": ciphertext})["plaintext"]))

    def _asked(self, what: str, given: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # the scheme was looked at
            f"{self._mount}/{what}/{self._key}",
            json.dumps({**given, **self._bound}).encode(),
            _headers(),
            method="POST",
        )
        try:
            opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=_tls()))
            with opener.open(request, timeout=CALL_SECONDS) as answer:
                data: dict[str, Any] = json.loads(answer.read(ANSWER_BYTES_MAX))["data"]
                return data
        except urllib.error.HTTPError as error:
            raise _said_no(what, error) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ServiceFailed(f"Vault cannot be asked ({_why(error)})") from None


def _said_no(what: str, error: urllib.error.HTTPError) -> Exception:
    if error.code == 400:
        said = _errors(error)
        return NotItsOwn(said) if what == "decrypt" else ServiceFailed(f"Vault says: {said}")
    remedy = REMEDIES.get(error.code)
    return ServiceFailed(f"Vault answers {error.code}" + (f": {remedy}" if remedy else ""))


def _errors(error: urllib.error.HTTPError) -> str:
    """What it says is wrong; it repeats nothing of what it was sent."""
    try:
        return "; ".join(map(str, json.loads(error.read(ANSWER_BYTES_MAX))["errors"]))[:200]
    except (OSError, ValueError, KeyError, TypeError):
        return "400"


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) if isinstance(reason, OSError) else type(error).__name__


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json", "X-Vault-Request": "true"}
    token = os.environ.get("VAULT_TOKEN") or _token_in(Path.home() / _KEPT)
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


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """The token goes to the address that was given, and nowhere else."""
