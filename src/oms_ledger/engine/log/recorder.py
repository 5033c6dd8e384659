"""The ledger as the `eventsourcing` library sees it.

Point the library's own `Application`, subscriptions and `ProjectionRunner` at a ledger with

    PERSISTENCE_MODULE=oms_ledger.engine.log.recorder:LedgerFactory
    OMS_DATABASE_URL=... OMS_LEDGER=...

Appending keeps the ledger's positions dense: they are assigned under the lock of the head row, so
that a reader never passes a gap. It runs no command and none of its rules; the writer does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import psycopg
import structlog
from eventsourcing.domain import DomainEventProtocol, TAggregateID
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    InterfaceError,
    Mapper,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Transcoder,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
    PostgresSubscription,
    PostgresTrackingRecorder,
)
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oms_ledger.engine.db import dsn, pool, statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.kernel import Event, Meta
from oms_ledger.settings import Settings

T = TypeVar("T", bound=PostgresTrackingRecorder)

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

POLL_SECONDS = 1.0
"""How often to read the log without a NOTIFY, which may get lost."""

STOP_SECONDS = 0.1

BACKOFF_SECONDS = (0.1, 5.0)
"""First and longest pause before reconnecting; each pause is twice the last."""

_CONNECTION_ERRORS = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OperationalError,
    InterfaceError,
)


@dataclass(frozen=True)
class LedgerEvent:
    """An event of the ledger in the form of a domain event of the library."""

    originator_id: str
    originator_version: int
    event: Event
    meta: Meta


class LedgerMapper(Mapper[TAggregateID], Generic[TAggregateID]):
    """Maps stored events to `LedgerEvent`s and back, by the ledger's codec."""

    def to_stored_event(self, domain_event: DomainEventProtocol[TAggregateID]) -> StoredEvent:
        if not isinstance(domain_event, LedgerEvent):
            raise TypeError(
                f"The ledger keeps its own events; wrap them in LedgerEvent,"
                f" not {type(domain_event).__name__}."
            )
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.event.type,
            state=codec.encode(domain_event.event, domain_event.meta),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        event, meta = codec.decode(stored_event.topic, stored_event.state)
        return LedgerEvent(
            str(stored_event.originator_id), stored_event.originator_version, event, meta
        )


class LedgerDatastore(PostgresDatastore):
    """The library's connections, with the schema, role and timeouts of the ledger."""

    def __init__(self, url: str, schema: str, *, timeouts: pool.Timeouts | None = None) -> None:
        self.url = url
        self._timeouts = timeouts or pool.DEFAULT_TIMEOUTS
        parameters = {key: str(value or "") for key, value in conninfo_to_dict(url).items()}
        super().__init__(
            dbname=parameters.pop("dbname", ""),
            host=parameters.pop("host", ""),
            port=parameters.pop("port", "5432"),
            user=parameters.pop("user", ""),
            password=parameters.pop("password", ""),
            schema=schema,
            originator_id_type="text",
            pool_size=1,
            max_overflow=9,
            pre_ping=True,
            enable_db_functions=False,  # they give out positions before the lock: events get lost
        )
        # What the library has no parameter for: sslmode, options, target_session_attrs ...
        assert isinstance(self.pool.kwargs, dict)
        self.pool.kwargs.update(parameters)

    def after_connect_func(self) -> Callable[[Connection], None]:
        schema, timeouts = self.schema, self._timeouts

        def after_connect(connection: Connection) -> None:
            connection.autocommit = True
            pool.prepare_session(connection, schema, role=Role.WRITER, timeouts=timeouts)

        return after_connect


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder over a migrated ledger."""

    datastore: LedgerDatastore

    def __init__(self, datastore: LedgerDatastore) -> None:
        super().__init__(datastore, events_table_name="ledger_events")
        self.channel_name = NOTIFY_CHANNEL

    def create_table(self) -> None:
        """Nothing: migrations make the tables."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append all events or none. Returns their positions. `IntegrityError` when a version is
        taken. Not repeated after `OperationalError`: the commit may have happened."""
        if not stored_events:
            return []
        with self.datastore.transaction(commit=True) as cursor:
            head = cursor.execute(SQL["lock_head"]).fetchone()
            assert head is not None, "ledger_head has lost its row"
            head_position = int(head["position"])
            positions = range(head_position + 1, head_position + 1 + len(stored_events))
            cursor.execute(
                SQL["insert_events"],
                (
                    [str(e.originator_id) for e in stored_events],
                    [e.originator_version for e in stored_events],
                    [e.topic for e in stored_events],
                    [e.state for e in stored_events],
                    list(positions),
                ),
            )
            cursor.execute(
                SQL["recorder_moves_head"], (positions[-1], datetime.now(UTC), head_position)
            )
            if cursor.rowcount != 1:
                raise OperationalError("The head moved although it was locked; nothing written.")
            self._notify_channel(cursor)
        return list(positions)

    def max_notification_id(self) -> int | None:
        with self.datastore.cursor() as cursor:
            head = cursor.execute(SQL["head"]).fetchone()
        assert head is not None, "ledger_head has lost its row"
        return int(head["position"]) or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return LedgerSubscription(recorder=self, gt=gt, topics=topics)


class LedgerSubscription(PostgresSubscription):
    """Listens first, then pulls, then waits, at most a second, and pulls again.

    The library's own pulls first and waits without end: an event in between is not delivered
    before the next one. This one also outlives its connection.
    """

    _recorder: LedgerRecorder

    def _listen(self) -> None:
        """Nothing: `_loop_on_pull` listens."""

    def _loop_on_pull(self) -> None:
        pause, longest = BACKOFF_SECONDS
        while not self._has_been_stopped:
            try:
                with self._connected() as connection:
                    connection.execute(
                        sql.SQL(SQL["listen"]).format(channel=sql.Identifier(NOTIFY_CHANNEL))
                    )
                    while not self._has_been_stopped:
                        self._pull()
                        pause = BACKOFF_SECONDS[0]
                        self._wait(connection)
            except _CONNECTION_ERRORS as error:
                log.warning("subscription_reconnects", detail=str(error), pause_seconds=pause)
                self._has_been_notified.wait(pause)  # set when stopped
                pause = min(pause * 2, longest)
            except BaseException as error:
                self._thread_error = error
                self.stop()

    def _connected(self) -> Connection:
        datastore = self._recorder.datastore
        return pool.connect(
            datastore.url, datastore.schema, application_name="oms-ledger subscription"
        )

    def _wait(self, connection: Connection) -> None:
        deadline = time.monotonic() + POLL_SECONDS
        while not self._has_been_stopped and time.monotonic() < deadline:
            for _ in connection.notifies(timeout=STOP_SECONDS, stop_after=1):
                return


class LedgerFactory(PostgresFactory):
    """Builds the parts of an `Application` on a ledger; configured by `Settings`."""

    datastore: LedgerDatastore

    def __init__(self, env: Any) -> None:
        InfrastructureFactory.__init__(self, env)
        settings = Settings.from_environment(self.env)
        if settings.database_url is None:
            raise InfrastructureFactoryError("Set OMS_DATABASE_URL to the ledger's database.")
        dsn.check(settings)
        self.datastore = LedgerDatastore(
            settings.database_url, settings.schema, timeouts=pool.Timeouts.of(settings, Role.WRITER)
        )

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[TAggregateID]] | None = None,
    ) -> Mapper[TAggregateID]:
        if mapper_class is not None:
            return super().mapper(transcoder, mapper_class)
        return LedgerMapper[TAggregateID](transcoder=transcoder or self.transcoder())

    def application_recorder(self) -> ApplicationRecorder:
        return LedgerRecorder(self.datastore)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        raise NotSupportedError(f"A ledger keeps its {purpose} itself; switch snapshotting off.")

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError("Follow a ledger with a projection, not a process application.")

    def tracking_recorder(self, tracking_recorder_class: type[T] | None = None) -> T:
        raise NotSupportedError(
            "A ledger holds no views of others. Give the projection a PERSISTENCE_MODULE of its"
            " own: set <NAME>_PERSISTENCE_MODULE, <NAME> being the projection's name."
        )
