"""The secrets of connections: sealed at rest, shown to nobody, given to the vendor's adapter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import orjson

from oms_ledger.domain.connections.events import ConnectionDefined
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.engine.db.roles import Role
from oms_ledger.integrations import postgres
from oms_ledger.integrations.ports import Adapter, Vendor
from oms_ledger.integrations.postgres import SecretStatus
from oms_ledger.privacy.crypto import Unreadable
from oms_ledger.privacy.key_cache import Lend
from oms_ledger.privacy.secret_box import SecretBox

SECRET_BYTES_MAX = 20_000
"""Of one secret: a private key with its certificates has a quarter of it."""


class ConnectionSecrets:
    """Used by any number of threads."""

    def __init__(self, lend: Lend, box: SecretBox) -> None:
        self._as_connector = partial(lend, Role.CONNECTOR)
        self._as_reader = partial(lend, Role.READER)
        self._box = box

    def put(
        self,
        defined: ConnectionDefined,
        vendor: Vendor[Adapter],
        secrets: Mapping[str, str],
        actor: str,
    ) -> None:
        """Replace all secrets of a connection. `Invalid` where the vendor has none of that name, or
        one that it needs is missing; no error repeats a secret."""
        for name, secret in secrets.items():
            if name not in vendor.secrets:
                expected = ", ".join(vendor.secrets) or "none"
                raise invalid_field(name[:100], f"{vendor.title} has these secrets: {expected}.")
            if not secret.strip() or len(secret.encode()) > SECRET_BYTES_MAX:
                raise invalid_field(name, f"Write 1 to {SECRET_BYTES_MAX:,} bytes.")
        for name in sorted(vendor.required & vendor.secrets.keys()):
            if name not in secrets:
                raise invalid_field(name, f"It is needed: {vendor.secrets[name]}.")
        text = orjson.dumps({name: secret.strip() for name, secret in secrets.items()}).decode()
        sealed = self._box.seal(subject_of(defined.connection), text, _context(defined))
        with self._as_connector() as connection:
            postgres.put_secrets(connection, defined.connection, sealed, sorted(secrets), actor)

    def of(self, defined: ConnectionDefined) -> Mapping[str, str]:
        """`Refused` where there are none, or they were entered for another vendor or base URL."""
        with self._as_connector() as connection:
            sealed = postgres.sealed_secrets(connection, defined.connection)
        if sealed is None:
            return {}
        try:
            secrets: dict[str, str] = orjson.loads(self._box.open(sealed, _context(defined)))
        except Unreadable:
            raise Refused(
                f"The secrets of connection {defined.connection} were entered for another vendor or"
                f" base URL. Send them again: PUT /v1/connections/{defined.connection}/secrets.",
                code="secrets_of_another_vendor",
            ) from None
        return secrets

    def statuses(self) -> dict[str, SecretStatus]:
        """Which secrets each connection has, by name alone."""
        with self._as_reader() as connection:
            return postgres.secret_statuses(connection)


def subject_of(connection: str) -> str:
    """The subject whose data key seals the secrets and messages of a connection."""
    return f"connection:{connection}"


def _context(defined: ConnectionDefined) -> str:
    """What secrets are bound to: where they are sent."""
    return f"secrets {defined.vendor} {defined.base_url or ''}"
