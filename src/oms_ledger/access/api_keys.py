"""API keys: `oms_<prefix>_<secret>`. The prefix finds the key, the secret proves it.

Only the SHA-256 of the secret is kept. Secrets have 256 bits of chance, so that no slow hash is
needed to keep them from being guessed. Whoever asks for a key sees it once.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from oms_ledger.access import roles
from oms_ledger.access.principals import Principal

KEY = re.compile(r"oms_([0-9a-f]{12})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept. `name` is for people and need not be unique. It is good for one
    ledger, until it expires or is revoked, for what its role and its scopes say."""

    id: str
    prefix: str
    hash: bytes = field(repr=False)
    name: str
    ledger: str
    role: str | None
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still works."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key(
    key_id: str,
    name: str,
    now: datetime,
    *,
    ledger: str,
    role: str | None,
    scopes: Collection[str] = (),
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """The key itself, never to be seen again, and what is kept of it. `Invalid` where there is
    no such role or scope."""
    roles.check(role, scopes)
    text, prefix, secret = _drawn()
    given = tuple(sorted(set(scopes)))
    return text, ApiKey(key_id, prefix, _hash(secret), name, ledger, role, given, now, expires_at)


def successor(key: ApiKey, key_id: str, now: datetime) -> tuple[str, ApiKey]:
    """Another key for the same holder and the same rights, for the same time."""
    text, prefix, secret = _drawn()
    expires_at = key.expires_at and now + (key.expires_at - key.created_at)
    return text, replace(
        key,
        id=key_id,
        prefix=prefix,
        hash=_hash(secret),
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
    )


def fading(key: ApiKey, now: datetime, grace: timedelta) -> ApiKey:
    """The key, which works for that long and no longer."""
    end = now + grace
    return replace(key, expires_at=end if key.expires_at is None else min(end, key.expires_at))


def prefix_of(text: str) -> str | None:
    """The prefix of a key; None where the text is not shaped like one."""
    match = KEY.fullmatch(text)
    return match[1] if match else None


def opens(text: str, key: ApiKey, ledger: str, now: datetime) -> bool:
    """Whether this text is that key, and the key still holds, here. Takes the same time for
    every wrong secret."""
    secret = text.rpartition("_")[2]
    right = hmac.compare_digest(_hash(secret), key.hash)
    return right and key.ledger == ledger and key.holds(now)


def same(text: str, expected: str) -> bool:
    """Whether two secrets are equal; takes the same time for every wrong one of any length."""
    return hmac.compare_digest(_hash(text), _hash(expected))


def principal(key: ApiKey) -> Principal:
    return Principal(key.id, f"key:{key.name}", roles.scopes_of(key.role, key.scopes))


def _drawn() -> tuple[str, str, str]:
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    return f"oms_{prefix}_{secret}", prefix, secret


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
