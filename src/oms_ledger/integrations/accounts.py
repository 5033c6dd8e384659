"""Adapters of vendors, opened for connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple, Protocol

import structlog

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.domain.connections.events import ConnectionDefined
from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.engine.db.roles import Role
from oms_ledger.integrations import postgres
from oms_ledger.integrations.client import CallReport, ConnectionHttp, VendorClient
from oms_ledger.integrations.ports import Adapter, Vendor, VendorAccount, Webhooks
from oms_ledger.integrations.secrets import ConnectionSecrets
from oms_ledger.privacy.key_cache import Lend

log = structlog.get_logger(__name__)

HEALTH_SECONDS = 5.0
"""How often the health of a connection that goes on working is written."""

SECRETS_SECONDS = 2.0
"""How long opened secrets are used without looking whether they were replaced."""

RATE_OPTION = "requests_per_second"
"""The option by which a connection keeps a rate of its own, in each process."""


class HealthRecorder:
    """Writes how vendors answer: a failure, a pause and a recovery at once, a connection that goes
    on working every few seconds. Used by any number of threads."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend
        self._written: dict[str, tuple[float, str | None]] = {}

    def __call__(self, report: CallReport) -> None:
        now = time.monotonic()
        at, code = self._written.get(report.connection, (float("-inf"), None))
        steady = report.code is None and code is None and report.rate.blocked_seconds is None
        if steady and now - at < HEALTH_SECONDS:
            return
        try:
            with self._lend(Role.CONNECTOR) as connection:
                postgres.record_health(connection, report)
        except Unavailable:
            log.warning("health_not_recorded", connection=report.connection)
            return
        self._written[report.connection] = (now, report.code)


class WebhookAdapter(Adapter, Webhooks, Protocol):
    """The adapter of a vendor that sends messages by itself."""


class _Opened(NamedTuple):
    """What an adapter was opened with: another connection's settings need another adapter."""

    defined: ConnectionDefined
    secrets: Mapping[str, str]


class VendorAccounts:
    """Opens adapters, and lends each to one thread at a time. `vendors` is the catalogue."""

    def __init__(
        self,
        vendors: Mapping[str, Vendor[WebhookAdapter]],
        secrets: ConnectionSecrets,
        client: VendorClient,
        report: Callable[[CallReport], None],
    ) -> None:
        self.vendors = vendors
        self.secrets = secrets
        self._client = client
        self._report = report
        self._idle: dict[str, list[tuple[_Opened, WebhookAdapter]]] = {}
        self._read: dict[ConnectionDefined, tuple[float, Mapping[str, str]]] = {}
        self._buckets: dict[str, tuple[float, TokenBuckets]] = {}
        self._lock = Lock()

    def vendor_of(self, defined: ConnectionDefined) -> Vendor[WebhookAdapter]:
        """`Refused` where this program has no adapter for the vendor."""
        vendor = self.vendors.get(defined.vendor)
        if vendor is None:
            names = ", ".join(sorted(self.vendors)) or "none"
            raise Refused(
                f"Connection {defined.connection} is to {defined.vendor}, which is no vendor here."
                f" There are: {names}. Define it anew with PUT"
                f" /v1/connections/{defined.connection}.",
                code="unknown_vendor",
            )
        return vendor

    @contextmanager
    def adapter(self, defined: ConnectionDefined) -> Generator[WebhookAdapter]:
        """An adapter that nobody else uses meanwhile. `Refused` where secrets are missing."""
        opened = _Opened(defined, self._secrets_of(defined))
        adapter = self._take(opened) or self._open(opened)
        yield adapter
        # One that has failed is not used again.
        with self._lock:
            self._idle.setdefault(defined.connection, []).append((opened, adapter))

    def _take(self, opened: _Opened) -> WebhookAdapter | None:
        name = opened.defined.connection
        with self._lock:
            idle = [each for each in self._idle.get(name, ()) if each[0] == opened]
            adapter = idle.pop()[1] if idle else None
            self._idle[name] = idle
        return adapter

    def _open(self, opened: _Opened) -> WebhookAdapter:
        defined, secrets = opened
        vendor = self.vendor_of(defined)
        options = {each.name: each.value for each in defined.options}
        _require_complete(defined.connection, vendor, secrets, options)
        base_url = defined.base_url or vendor.base_url
        http = ConnectionHttp(
            self._client,
            defined.connection,
            base_url,
            self._report,
            self._rates(defined.connection, options.pop(RATE_OPTION, "0")),
            _now,
        )
        account = VendorAccount(
            defined.connection, defined.vendor, base_url, http, _now, options, secrets
        )
        return vendor.open(account)

    def _rates(self, connection: str, text: str) -> TokenBuckets:
        """The bucket that all adapters of a connection share."""
        try:
            per_second = max(0.0, float(text))
        except ValueError:
            per_second = 0.0
        with self._lock:
            kept = self._buckets.get(connection)
            if kept is None or kept[0] != per_second:
                kept = self._buckets[connection] = (
                    per_second,
                    TokenBuckets(per_second, max(1.0, per_second)),
                )
        return kept[1]

    def _secrets_of(self, defined: ConnectionDefined) -> Mapping[str, str]:
        now = time.monotonic()
        kept = self._read.get(defined)
        if kept is None or now - kept[0] > SECRETS_SECONDS:
            kept = (now, self.secrets.of(defined))
            if len(self._read) > 1000:
                self._read.clear()
            self._read[defined] = kept
        return kept[1]


def _require_complete(
    connection: str,
    vendor: Vendor[WebhookAdapter],
    secrets: Mapping[str, str],
    options: Mapping[str, str],
) -> None:
    """`Refused` where secrets or options are missing that the vendor needs."""
    missing = sorted((vendor.required & vendor.secrets.keys()) - secrets.keys())
    if missing:
        raise Refused(
            f"Connection {connection} has no {', '.join(missing)}. Send its secrets:"
            f" PUT /v1/connections/{connection}/secrets.",
            code="secrets_missing",
        )
    absent = sorted((vendor.required & vendor.options.keys()) - options.keys())
    if absent:
        raise Refused(
            f"Connection {connection} has no option {', '.join(absent)}. Define it again with"
            f" `options`: PUT /v1/connections/{connection}.",
            code="options_missing",
        )


def _now() -> datetime:
    return datetime.now(UTC)
