"""API keys: `oms_<prefix>_<secret>`. The prefix finds the key, the secret proves it.

Only the SHA-256 of the secret is kept. Secrets have 256 bits of chance, so that no slow hash is
needed to keep them from being guessed. Whoever asks for a key sees it once.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from oms_ledger.domain.errors import Forbidden

KEY = re.compile(r"oms_([0-9a-f]{12})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept. `name` is for people and need not be unique."""

    id: str
    prefix: str
    hash: bytes
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. `id` scopes idempotency keys; `actor` is what events call them."""

    id: str
    actor: str
    role: str = "admin"


ADMINISTRATOR = Principal("admin", "key:admin")
"""Holder of OMS_ADMIN_KEY."""

LOCAL = Principal("local", "local")
"""Anybody on this machine, where keys are switched off."""

ANYBODY = Principal("public", "public", role="public")
"""Without a key: may see what is public."""


def new_key(key_id: str, name: str, now: datetime) -> tuple[str, ApiKey]:
    """The key itself, never to be seen again, and what is kept of it."""
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    return f"oms_{prefix}_{secret}", ApiKey(key_id, prefix, _hash(secret), name, now)


def prefix_of(text: str) -> str | None:
    """The prefix of a key; None where the text is not shaped like one."""
    match = KEY.fullmatch(text)
    return match[1] if match else None


def opens(text: str, key: ApiKey) -> bool:
    """Whether this text is that key, and the key still holds. Takes the same time for every
    wrong secret."""
    secret = text.rpartition("_")[2]
    return hmac.compare_digest(_hash(secret), key.hash) and key.revoked_at is None


def same(text: str, expected: str) -> bool:
    """Whether two secrets are equal; takes the same time for every wrong one of any length."""
    return hmac.compare_digest(_hash(text), _hash(expected))


def principal(key: ApiKey) -> Principal:
    return Principal(key.id, f"key:{key.name}")


def authorise(who: Principal, scope: str) -> None:
    """`Forbidden` unless they may. Everything public is everybody's; a key may do everything."""
    if who.role != "admin" and scope != "public":
        raise Forbidden(f"{who.actor} has no right to {scope}. Use a key that has.")


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
