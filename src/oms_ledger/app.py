"""The composition root: the only file that knows everybody.

The doors (HTTP, CLI, worker, importers, demo) get an `Oms` from here and see nothing of what is
behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from oms_ledger import routing_plugins
from oms_ledger.access.channels import within_channels
from oms_ledger.access.postgres import ApiKeyStore
from oms_ledger.access.principals import EVERYTHING, ReadRights
from oms_ledger.audit.ledger import LedgerAudit
from oms_ledger.bus import CommandBus
from oms_ledger.contexts import new_context
from oms_ledger.domain.texts import forms
from oms_ledger.engine.db import bootstrap, dsn, embedded, migrations, roles
from oms_ledger.engine.db.async_session import AsyncSessions
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Pools
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import clock
from oms_ledger.engine.log.clock import ClockGuard, ClockReading, Correction
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.snapshots import SnapshotDecoder
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.read.query import QueryRequest, QueryResult
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild.operations import Rebuilds
from oms_ledger.engine.work import receipts
from oms_ledger.engine.work.cursors import effect_cursor
from oms_ledger.engine.work.ledger import LedgerWork
from oms_ledger.engine.work.singleton import exclusive
from oms_ledger.engine.write.submissions import Results
from oms_ledger.engine.write.writer import Limits, Writer, WriterLoad
from oms_ledger.heap import tune_interpreter
from oms_ledger.integrations.catalogue import VENDOR_KINDS
from oms_ledger.integrations.ledger import LedgerConnections, effect_names
from oms_ledger.integrations.performer import VendorKind
from oms_ledger.kernel import Json, Position, Query, ReadModel
from oms_ledger.policies import POLICIES
from oms_ledger.policies.deadlines import DEADLINES
from oms_ledger.privacy import postgres as access_log
from oms_ledger.privacy.disclosure import Access, DisclosureRequest
from oms_ledger.privacy.keks import factory
from oms_ledger.privacy.key_cache import KeyCache
from oms_ledger.privacy.personal_fields import (
    PersonalFields,
    sealed_texts,
    show_all,
    to_open,
)
from oms_ledger.privacy.retention import REFUSALS, RetentionPorts
from oms_ledger.privacy.secret_box import SecretBox
from oms_ledger.privacy.sensitivity import mask
from oms_ledger.privacy.sensitivity.index import SensitivityIndex
from oms_ledger.privacy.sensitivity.plans import answer_plan
from oms_ledger.privacy.sensitivity.postgres import PostgresMarkEvents
from oms_ledger.privacy.vault import Vault
from oms_ledger.settings import Settings
from oms_projections import PROJECTIONS

PRUNERS: Mapping[str, Callable[[Connection, datetime], int]] = {
    "receipts": receipts.prune,
    REFUSALS: receipts.prune_refusals,
    "access_log": access_log.prune_accesses,
}
"""By kind of `domain/customers/retention.py`, and for refusals: what deletes a page of records that
were kept long enough, and returns the number of rows deleted."""


class Oms:
    """An open ledger: commands in, answers out. Used by any number of threads."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        pools: Pools,
        writer: Writer,
        readers: Readers,
        snapshots: SnapshotDecoder,
        guard: ClockGuard,
        vault: Vault,
        sensitivity: SensitivityIndex,
        kinds: Sequence[VendorKind[Any]],
    ) -> None:
        self.settings = settings
        self.url = url
        self.writer: WriterLoad = writer
        self.bus = CommandBus(writer, vault)
        self.execute, self.execute_many = self.bus.execute, self.bus.execute_many
        self.readers = readers
        self.snapshots = snapshots
        self._guard = guard
        self.vault = vault
        self.sensitivity = sensitivity
        self.api_keys = ApiKeyStore(pools.lend, settings.ledger)
        self._lend = pools.lend
        self._connect = pools.connect
        self._connect_async = pools.connect_async
        self._projecting = pools.connector(Role.PROJECTOR)
        self._as_owner = partial(pools.lend, Role.OWNER)
        self.audit = LedgerAudit(
            settings, pools.lend, self.exclusive, readers, self.rebuilds, self.catch_up
        )
        self.work = LedgerWork(
            pools,
            readers,
            self.bus.submit,
            new_context,
            POLICIES,
            DEADLINES,
            self.clock,
            [kind.effect.effect for kind in kinds],
        )
        box = SecretBox(pools.lend, vault.keys)
        self.connections = LedgerConnections(settings, pools, readers, box, self.work.submit, kinds)

    # Read models.

    def query(
        self,
        query: Query,
        params: object,
        *,
        min_position: Position | None = None,
        wait_ms: int = 2000,
        as_of: Position | datetime | None = None,
    ) -> QueryResult:
        """Answer a query, once its read model has reached `min_position`; or, from the log, as
        of a position or a time."""
        resolve = self.vault.subjects.resolve_query
        if as_of is not None:
            return self.readers.execute_as_of(query, resolve(query, params), as_of)
        resolved = resolve(query, self.within_rights(query, params))
        return self.readers.execute(query, resolved, min_position, wait_ms / 1000)

    def query_many(
        self, read_model: str | None, requests: Sequence[QueryRequest]
    ) -> list[QueryResult | Exception]:
        """Answer queries on one read model as it is now, in order and from one moment;
        what one of them fails with stands in its place. Their parameters must have gone through
        `within_rights`."""
        resolve = self.vault.subjects.resolve_query
        resolved = [replace(each, params=resolve(each.query, each.params)) for each in requests]
        return self.readers.execute_many(read_model, resolved)

    def event_loop_sessions(self, size: int) -> AsyncSessions:
        """At most `size` connections that act as the reader, for one event loop, which closes
        them."""
        connect = partial(self._connect_async, Role.READER)
        return AsyncSessions(connect, size, self.settings.database_deadline_seconds)

    def within_rights(
        self, query: Query, params: object, rights: ReadRights = EVERYTHING
    ) -> object:
        """Parameters of a query limited to what may be seen: without the right `sensitive`
        nothing of sensitive orders and products is searched for, with `channels` nothing of orders
        of others; counts of sensitive orders that are smaller than the setting `smallest_count` are
        hidden from everybody. `Forbidden` where the query cannot be limited to channels."""
        least = self.settings.smallest_count
        limited = mask.restricted(query, params, may=rights.sensitive, least=least)
        return within_channels(query, limited, rights.channels)

    # Personal data.

    def show(
        self, body: Mapping[str, Json], access: Access, answer_type: type
    ) -> Mapping[str, Json]:
        """An answer of this type with what is sealed in it opened; the access is on record."""
        plan = answer_plan(answer_type)
        personal = PersonalFields(plan)
        copy, texts = personal.copied(body)
        sealed = sealed_texts(texts)
        orders = self.sensitivity.sensitive_orders_in(body, plan)
        if sealed or orders:
            (opened,) = self.vault.opener.disclose(
                [DisclosureRequest(to_open(sealed), access, orders)]
            )
            show_all(sealed, opened)
        return personal.closed(copy, undeclared=True)

    def accesses(self, customer: str | None = None, **filters: Any) -> list[dict[str, Json]]:
        """Entries of the access log: see `privacy.postgres.list_accesses`."""
        subjects = None if customer is None else [f"customer:{form}" for form in forms(customer)]
        with self._lend(Role.READER) as connection:
            return access_log.list_accesses(connection, subjects=subjects, **filters)

    def rotate_kek(self) -> int:
        """Wrap every data key by a new key-encryption key; returns how many were wrapped."""
        return self.vault.rotate_kek()

    @property
    def retention(self) -> RetentionPorts:
        """What retention needs of this ledger."""

        def at_head(query: Query, params: object) -> Mapping[str, Json]:
            head = self.readers.head()
            return self.query(query, params, min_position=head, wait_ms=10_000).body

        def prune(kind: str, before: datetime) -> int:
            with self._lend(Role.WRITER) as connection:
                return PRUNERS[kind](connection, before)

        return RetentionPorts(
            self.exclusive,
            self.vault.erasure.sweep_erasures,
            at_head,
            self.readers.as_of,
            self.execute_many,
            prune,
        )

    def exclusive(self, job: str) -> AbstractContextManager[bool]:
        """Hold the lock of a job; yields whether it was free."""
        return exclusive(self._connect, job)

    # Read models as such.

    def projector(
        self, on_page: Callable[[ReadModel, Position], None] = lambda model, position: None
    ) -> Projector:
        """A projector for all read models; the caller runs and closes it."""
        return Projector(self._projecting, PROJECTIONS, on_page=on_page)

    @property
    def rebuilds(self) -> Rebuilds:
        """Read models built anew beside the live ones."""
        return Rebuilds(self._projecting, self._as_owner, PROJECTIONS, tune_interpreter)

    def catch_up(
        self,
        position: Position | None = None,
        progress: Callable[[Position], None] = lambda _: None,
    ) -> None:
        """Bring the read models up to a position (by default the head as it is now), in this
        process or by waiting for the worker that does."""
        target = self.readers.head() if position is None else position
        self.rebuilds.replace_orphaned()
        with self.projector() as projector:
            projector.catch_up(target, progress)

    def retry_parked(self, name: str) -> dict[str, bool]:
        """Fold the streams again that a read model had left out; which of them succeeded."""
        with self._lend(Role.PROJECTOR) as connection:
            return retry_parked(connection, PROJECTIONS, name)

    # Clocks.

    def clock(self) -> ClockReading:
        """The clocks of this process, of the database and of the ledger."""
        with self._lend(Role.READER) as connection:
            return self._guard.reading(connection)

    def clock_faults(self) -> list[str]:
        """What is wrong with the clocks, in sentences with the remedy."""
        reading = self.clock()
        return [fault for fault in (reading.fault, self._guard.ahead(reading)) if fault]

    def require_agreed_time(self, *, idle: bool = False) -> None:
        """For what deletes by time, and cannot be undone: raises `ClockWrong` unless the clocks of
        process, database and ledger agree. `idle`: the ledger's newest event may be old."""
        self._guard.require_agreed(self.clock(), idle=idle)

    def mend_clock(self, *, actor: str, reason: str) -> Correction:
        """Set the ledger's time, which is ahead, back to the database's: see `clock.mend`."""
        with self._as_owner() as owner:
            return clock.mend(owner, self._guard, actor, reason)

    # The database.

    def pending(self) -> list[str]:
        """The migrations that are missing."""
        with self._lend(Role.READER) as connection:
            return migrations.pending(connection, self.settings.schema)

    def may_make_tables(self) -> bool:
        """Whether this process has a login that may act as the ledger's owner."""
        with self._lend(Role.READER) as connection:
            may = roles.acts_as(connection, self.settings.schema, [Role.OWNER])
        return bool(may) or self.settings.owner_url is not None


@contextmanager
def prepared(settings: Settings) -> Iterator[Settings]:
    """Settings that name a running server (the embedded one runs as long as this), on which the
    ledger is migrated and its read models have their tables. `Refused` where they are not, and
    there is no login that may do it."""
    with embedded.database(settings) as url:
        bootstrap.ensure_prepared(url, settings, PROJECTIONS, _cursor_names())
        yield settings.with_database(url)


@contextmanager
def open_oms(
    settings: Settings, *, on_batch: Callable[[Results], None] = lambda _: None
) -> Iterator[Oms]:
    """The settings' ledger, wherever it is and whatever it still needs."""
    with prepared(settings) as ready, open_prepared(ready, on_batch=on_batch) as oms:
        yield oms


def migrate(settings: Settings) -> list[str]:
    """Bring a ledger up to date, making it where there is none; the migrations applied."""
    with embedded.database(settings) as url:
        return prepare(settings.owner_url or url, settings)


def prepare(url: str, settings: Settings) -> list[str]:
    """As its owner, migrate the ledger, make the tables of its read models and install its
    policies; what was applied."""
    return bootstrap.prepare(url, settings.schema, PROJECTIONS, _cursor_names())


@contextmanager
def open_prepared(
    settings: Settings,
    *,
    on_batch: Callable[[Results], None] = lambda _: None,
    kinds: Sequence[VendorKind[Any]] = VENDOR_KINDS,
) -> Iterator[Oms]:
    """A ledger on a running server (`settings.database_url`) that is prepared."""
    url = settings.database_url
    if url is None:
        raise ValueError("open_prepared needs a database_url; open_oms starts a server")
    dsn.check(settings)
    routing_plugins.install()
    pools = Pools(settings)
    limits = Limits(
        settings.writer_batch_commands,
        settings.writer_batch_bytes,
        settings.writer_queue_commands,
        settings.writer_cached_streams,
        settings.writer_cached_bytes,
        settings.writer_patience_seconds,
    )
    snapshots = SnapshotDecoder()
    store = PostgresStore(partial(pools.connect, Role.WRITER), snapshots)
    guard = ClockGuard(timedelta(seconds=settings.clock_difference_seconds))
    writer = Writer(store, limits, on_batch=on_batch, guard=guard)
    readers = Readers(pools.of(Role.READER), PROJECTIONS, snapshots)
    wrapping = factory.key_wrapper(settings.kek, settings.kek_path, settings.ledger)
    sensitivity = SensitivityIndex(PostgresMarkEvents(pools.of(Role.READER).connection))
    vault = Vault.of(pools.lend, KeyCache(pools.lend, wrapping), sensitivity.access_log_keys)
    oms = Oms(settings, url, pools, writer, readers, snapshots, guard, vault, sensitivity, kinds)
    try:
        yield oms
    finally:
        oms.connections.close()
        writer.close()
        readers.close()
        pools.close()


def _cursor_names() -> list[str]:
    """All cursors: those of policies and of effects."""
    effects = [effect_cursor(name) for name in effect_names(VENDOR_KINDS)]
    return [*(policy.name for policy in POLICIES), *effects]
