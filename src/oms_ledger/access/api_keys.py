"""API keys: `oms_<prefix>_<secret>`. The prefix identifies the key, the secret authenticates it.

Only the SHA-256 of the secret is stored. Secrets have 256 random bits, so that no slow hash is
needed against guessing. The text of a key is shown once, when it is created.
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
from oms_ledger.access.channels import channel_keys
from oms_ledger.access.principals import ADMINISTRATOR, Principal
from oms_ledger.domain.errors import Invalid

RESERVED_NAMES = frozenset({ADMINISTRATOR.actor.removeprefix("key:")})
"""Names under which nobody else may act: the events of a key have `key:<name>` as their actor."""

KEY = re.compile(r"oms_([0-9a-f]{12})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key. `name` is for people and need not be unique. The key is valid for one ledger,
    until it expires or is revoked, and grants the scopes of `role` and `scopes`. `holder`
    is the id of the first key in a row of rotations; None for a key that replaced none. `channels`:
    keys of the channels that it is bound to; None where to none."""

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
    holder: str | None = None
    channels: tuple[str, ...] | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
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
    channels: Collection[str] = (),
) -> tuple[str, ApiKey]:
    """The text of a new key, and the key to store; with `channels` it is bound to these. `Invalid`
    if the role or a scope does not exist, the name is reserved, or a channel is none."""
    roles.check(role, scopes)
    bound = channel_keys(channels, role, scopes)
    if name.strip().casefold() in RESERVED_NAMES:
        why = "It is the name of the administrator's own key, OMS_ADMIN_KEY. Choose another."
        raise Invalid(f"name: {why}", errors=[{"field": "name", "message": why}])
    text, prefix, secret = _generate()
    unique = tuple(sorted(set(scopes)))
    key = ApiKey(key_id, prefix, _hash(secret), name, ledger, role, unique, now, expires_at)
    return text, replace(key, channels=bound)


def successor(key: ApiKey, key_id: str, now: datetime) -> tuple[str, ApiKey]:
    """A new key with the name, the rights and the lifetime of another."""
    text, prefix, secret = _generate()
    expires_at = key.expires_at and now + (key.expires_at - key.created_at)
    return text, replace(
        key,
        id=key_id,
        prefix=prefix,
        hash=_hash(secret),
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        holder=key.holder or key.id,
    )


def expiring(key: ApiKey, now: datetime, grace: timedelta) -> ApiKey:
    """The key, expiring after the grace period or when it would anyway, whichever is earlier."""
    end = now + grace
    return replace(key, expires_at=end if key.expires_at is None else min(end, key.expires_at))


def prefix_of(text: str) -> str | None:
    """The prefix of a key's text; None if the text is malformed."""
    match = KEY.fullmatch(text)
    return match[1] if match else None


def authenticates(text: str, key: ApiKey, ledger: str, now: datetime) -> bool:
    """Whether the text has the key's secret and the key is valid for this ledger."""
    return fault(text, key, ledger, now) is None


def fault(text: str, key: ApiKey, ledger: str, now: datetime) -> str | None:
    """Why the text does not authenticate as the key, in a word; None where it does. The comparison
    of secrets takes constant time."""
    secret = text.rpartition("_")[2]
    if not hmac.compare_digest(_hash(secret), key.hash):
        return "wrong_secret"
    if key.ledger != ledger:
        return "key_of_another_ledger"
    if key.revoked_at is not None:
        return "revoked_key"
    return None if key.is_valid(now) else "expired_key"


def equal_secrets(text: str, expected: str) -> bool:
    """Whether two secrets are equal. Takes constant time, whatever their lengths."""
    return hmac.compare_digest(_hash(text), _hash(expected))


def principal(key: ApiKey) -> Principal:
    scopes = roles.scopes_of(key.role, key.scopes)
    channels = None if key.channels is None else frozenset(key.channels)
    return Principal(key.id, f"key:{key.name}", scopes, key.holder, channels)


def _generate() -> tuple[str, str, str]:
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    return f"oms_{prefix}_{secret}", prefix, secret


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
