"""The settings, read from environment variables; `.env.example` explains each."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from oms_ledger.domain.errors import Invalid, invalid_field

LEDGER_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")

LOOPBACK_URL = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])[:/]")

ADMIN_KEY_CHARACTERS = 32

MAY_BE_ZERO = frozenset({"rate_limit_per_second", "retention_hour"})

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""The values of PostgreSQL's `sslmode`, from the weakest to the strongest."""

LOG_LEVELS = ("debug", "info", "warning", "error")

ROLE_NAMES = (
    "admin", "operator", "warehouse", "pharmacist", "channel", "support", "analyst", "auditor",
)  # fmt: skip
"""The roles that a token's claim can give; `access.roles` has their scopes."""


@dataclass(frozen=True)
class Settings:
    """The environment variable `OMS_<FIELD>` sets the field of that name. `Invalid` names the
    variable and the remedy."""

    database_url: str | None = field(default=None, repr=False)
    """A PostgreSQL server, 15 or newer. None: the embedded one, in `data_dir`."""
    owner_url: str | None = field(default=None, repr=False)
    """The same database with the login that owns the ledger. None: the one of `database_url`."""
    database_tls: str = "verify-full"
    """The weakest `sslmode` allowed for a database on another machine."""
    data_dir: Path = Path(".oms")
    ledger: str = "main"
    admin_key: str | None = field(default=None, repr=False)

    tls_certificate: str | None = None
    """The file of the API's certificate and its chain, in PEM. None: plain HTTP."""
    tls_key: str | None = None
    """The file of the certificate's private key."""

    rate_limit_per_second: float = 10_000.0
    """Requests per second of one key or token, for each API process. 0: no limit."""
    rate_limit_burst: int = 20_000

    oidc_issuer: str | None = None
    """The `iss` of the OpenID Connect provider whose tokens are accepted. None: no tokens are."""
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    """The provider's public keys: an https:// URL, or a file."""
    oidc_roles_claim: str = "roles"
    oidc_roles: str = ""
    """The role that each value of that claim gives: `value=role`, separated by commas."""

    kek: str | None = field(default=None, repr=False)
    """The key-encryption key of personal data: 32 bytes in base64, or the name of a key in a key
    service. Several are separated by blanks, the newest first. None: it is in a file."""
    kek_file: str | None = None
    """The file of that key. None: one in `data_dir`/keys, made when first needed."""

    retention_hour: int = 3
    """The hour of the day (UTC) when workers forget customers whose retention period is over."""

    smallest_count: int = 11
    """Counts of sensitive orders below this are hidden. 1: none are."""

    signing_key_file: str | None = None
    """The private key that signs checkpoints. None: a file in `data_dir`/keys, made when first
    needed."""
    anchors: str = ""
    """Stores outside the database to which checkpoints are copied, separated by blanks."""

    writer_batch_commands: int = 500
    writer_batch_bytes: int = 4_000_000
    writer_queue_commands: int = 10_000
    writer_cached_streams: int = 200_000
    writer_cached_bytes: int = 256_000_000
    """What the states that a writer caches may take in memory; up to twice that for a while."""
    writer_patience_seconds: float = 10.0

    inbox_days: int = 30
    """How long a message of a vendor is kept after it was received, once it is done."""
    development_urls: str = ""
    """Base URLs of connections, separated by blanks, that may be private and without TLS: stand-ins
    of vendors on a developer's machine."""

    silence_seconds: float = 30.0
    """How long a child process of `serve` may send no heartbeat before it is replaced."""
    clock_difference_seconds: float = 30.0
    """How far the clock of this machine may differ from the database's."""
    database_deadline_seconds: float = 11.0
    """How long the client waits for the database on behalf of a request."""
    lock_timeout_ms: int = 10_000
    statement_timeout_ms: int = 30_000
    idle_in_transaction_timeout_ms: int = 30_000
    pool_connections: int = 8
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not LEDGER_NAME.fullmatch(self.ledger):
            raise invalid_setting(
                "ledger",
                f"{self.ledger!r} cannot name a ledger. Use a lower-case letter, then at most"
                " 30 lower-case letters, digits or underscores.",
            )
        if self.admin_key is not None and len(self.admin_key) < ADMIN_KEY_CHARACTERS:
            raise invalid_setting(
                "admin_key",
                f"The key has {len(self.admin_key)} characters and needs at least"
                f" {ADMIN_KEY_CHARACTERS}. Make one with: openssl rand -base64 32",
            )
        for name, allowed in (("log_level", LOG_LEVELS), ("database_tls", TLS_MODES)):
            if getattr(self, name) not in allowed:
                raise invalid_setting(
                    name, f"{getattr(self, name)!r} is none of {', '.join(allowed)}."
                )
        if self.owner_url is not None and self.database_url is None:
            raise invalid_setting("owner_url", "It needs OMS_DATABASE_URL, the login that serves.")
        if self.retention_hour > 23:
            raise invalid_setting("retention_hour", f"{self.retention_hour} is no hour, 0 to 23.")
        self._check_provider()
        for name in _numbers():
            value = getattr(self, name)
            if value < 0 or (value == 0 and name not in MAY_BE_ZERO):
                raise invalid_setting(name, f"{value} is not above zero.")

    def _check_provider(self) -> None:
        """All settings that tokens are checked by are set, or none."""
        names = ("oidc_issuer", "oidc_audience", "oidc_jwks_url", "oidc_roles")
        missing = [name for name in names if not getattr(self, name)]
        if self.oidc_issuer and missing:
            raise invalid_setting(missing[0], "It is needed where OMS_OIDC_ISSUER is set.")
        url = self.oidc_jwks_url or ""
        if url.startswith("http://") and not LOOPBACK_URL.match(url):
            raise invalid_setting(
                "oidc_jwks_url", "Keys are to be trusted only from https://, or a file."
            )
        _ = self.claim_roles

    @property
    def claim_roles(self) -> dict[str, str]:
        """The role that each value of the roles claim gives, parsed from `oidc_roles`. `Invalid`
        for an entry that is not `value=role`, or whose role does not exist."""
        roles: dict[str, str] = {}
        for pair in filter(None, (each.strip() for each in self.oidc_roles.split(","))):
            value, _, role = (part.strip() for part in pair.rpartition("="))
            if not value or role not in ROLE_NAMES:
                raise invalid_setting(
                    "oidc_roles",
                    f"{pair!r}: write <value of the claim>=<one of {', '.join(ROLE_NAMES)}>.",
                )
            roles[value] = role
        return roles

    @property
    def schema(self) -> str:
        """The schema of this ledger."""
        return f"oms_{self.ledger}"

    @property
    def kek_path(self) -> Path:
        """The file of the key-encryption key of personal data."""
        if self.kek_file:
            return Path(self.kek_file).expanduser()
        return self.data_dir / "keys" / "kek"

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Settings from the environment. An override that is not None wins; an empty variable is
        not set."""
        env = os.environ if env is None else env
        values: dict[str, Any] = {}
        for f in fields(cls):
            text = env.get(variable(f.name), "").strip()
            if text:
                values[f.name] = _parsed(f.name, text)
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)

    def with_database(self, url: str) -> Settings:
        """The same settings with the URL of a running database."""
        return replace(self, database_url=url)


def variable(name: str) -> str:
    """The name of a field's environment variable."""
    return f"OMS_{name.upper()}"


def _numbers() -> list[str]:
    return [f.name for f in fields(Settings) if isinstance(f.default, int | float)]


def _parsed(name: str, text: str) -> Path | int | float | str:
    default = next(f.default for f in fields(Settings) if f.name == name)
    if isinstance(default, Path):
        return Path(text).expanduser()
    try:
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except ValueError:
        raise invalid_setting(name, f"{text!r} is not a number.") from None
    return text


def invalid_setting(name: str, message: str) -> Invalid:
    """The error for one wrong setting, which is named by its environment variable."""
    return invalid_field(variable(name), message)
