"""What a ledger has to do with vendors: connections, jobs and the inbox of one open ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import structlog

from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.engine.db.pool import Pools
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.read.reader import DetachedLog, Readers
from oms_ledger.engine.work import jobs
from oms_ledger.engine.work.consequences import Submit
from oms_ledger.engine.work.effects import EffectRunner
from oms_ledger.engine.work.job_runner import RETRIES, JobRunner
from oms_ledger.engine.work.jobs import JobCount, JobStatus
from oms_ledger.engine.work.loops import BackOff
from oms_ledger.engine.work.singleton import exclusive
from oms_ledger.integrations import postgres
from oms_ledger.integrations.accounts import HealthRecorder, VendorAccounts
from oms_ledger.integrations.addresses import AddressGuard
from oms_ledger.integrations.client import VendorClient
from oms_ledger.integrations.directory import ConnectionDirectory
from oms_ledger.integrations.inbox import (
    InboxReceiver,
    InboxSweeper,
    InboxTranslator,
    MessageStore,
)
from oms_ledger.integrations.performer import JobPerformer, VendorEffect, VendorKind
from oms_ledger.integrations.ports import Done
from oms_ledger.integrations.postgres import ConnectionHealth, SecretStatus
from oms_ledger.integrations.secrets import ConnectionSecrets
from oms_ledger.kernel import Log, Position
from oms_ledger.privacy.secret_box import SecretBox
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

DEGRADED_SECONDS = 300.0
"""A job that has waited for so long while its vendor fails is no passing outage."""

JOB_DAYS = 90
"""How long a job that ended is kept."""

DEAD_MESSAGES_MAX = 10_000
"""Dead messages of one connection. They wait for a person, whatever their age; of more than these
the oldest are deleted, which the log says."""

PRUNE_SECONDS = 600.0


class ConnectionStatus(NamedTuple):
    """A connection and how it is doing. `secrets` and `health` are None before there are any.
    `backlog` are jobs and messages that wait, `dead` those that a person must see."""

    name: str
    connection: VendorConnection
    secrets: SecretStatus | None
    health: ConnectionHealth | None
    backlog: int
    dead: int
    oldest_seconds: float

    @property
    def is_failing(self) -> bool:
        """Whether the newest call has failed."""
        health = self.health
        if health is None or health.last_error_at is None:
            return False
        return health.last_success is None or health.last_error_at > health.last_success

    @property
    def is_degraded(self) -> bool:
        """Whether a person should look: something is dead, or calls have failed for long."""
        if self.connection.paused:
            return False
        return bool(self.dead) or (self.is_failing and self.oldest_seconds >= DEGRADED_SECONDS)


class LedgerConnections:
    """Of one open ledger. `kinds` are the vendors that this program has adapters for. Used by any
    number of threads; a runner that it gives is for one."""

    def __init__(
        self,
        settings: Settings,
        pools: Pools,
        readers: Readers,
        box: SecretBox,
        submit: Submit,
        kinds: Sequence[VendorKind[Any]],
    ) -> None:
        self._settings = settings
        self._lend = pools.lend
        self._connect = pools.connect
        self._readers = readers
        self._submit = submit
        self._effects: Mapping[str, VendorEffect[Any]] = {
            kind.effect.effect.name: kind.effect for kind in kinds
        }
        self._effect_of = {vendor: kind.effect for kind in kinds for vendor in kind.vendors}
        vendors = {name: vendor for kind in kinds for name, vendor in kind.vendors.items()}
        self.client = VendorClient(AddressGuard(settings.development_urls.split()))
        self.directory = ConnectionDirectory(self._log_now)
        self.secrets = ConnectionSecrets(self._lend, box)
        self.accounts = VendorAccounts(
            vendors, self.secrets, self.client, HealthRecorder(self._lend)
        )
        self.messages = MessageStore(self._lend, box)
        self.inbox = InboxReceiver(self.directory, self.accounts, self.messages)

    def close(self) -> None:
        self.client.close()

    def _log_now(self) -> Log:
        return DetachedLog(self._readers, self._readers.head())

    def _log_at(self, position: Position) -> Log:
        return DetachedLog(self._readers, position)

    # Connections.

    def put_secrets(self, name: str, secrets: Mapping[str, str], actor: str) -> SecretStatus:
        """Replace the secrets of a connection; which it has now, by name alone."""
        _, defined = self.directory.get(name, fresh=True)
        self.secrets.put(defined, self.accounts.vendor_of(defined), secrets, actor)
        return self.secrets.statuses()[name]

    def test(self, name: str) -> str | None:
        """Call the vendor without changing anything there: None where it answers and takes the
        secrets, else the code of what is wrong."""
        _, defined = self.directory.get(name, fresh=True)
        with self.accounts.adapter(defined) as adapter:
            outcome = adapter.check()
        return None if isinstance(outcome, Done) else outcome.code

    def statuses(self) -> list[ConnectionStatus]:
        """All connections, by name."""
        return self.statuses_from(0)[1]

    def statuses_from(self, least: Position) -> tuple[Position, list[ConnectionStatus]]:
        """All connections, by name, and the position of the log as of which they are defined so:
        `least` or a later one."""
        position, defined = self.directory.from_position(least)
        if not defined:
            return position, []
        with self._lend(Role.READER) as session:
            health = postgres.health(session)
            secrets = postgres.secret_statuses(session)
            messages = postgres.count_messages(session)
            counts = jobs.counts(session)
        statuses = []
        for name, connection in sorted(defined.items()):
            of_jobs = [each for each in counts if each.connection == name]
            waiting = [each for each in of_jobs if each.state != "dead"]
            dead = sum(each.jobs for each in of_jobs) - sum(each.jobs for each in waiting)
            statuses.append(
                ConnectionStatus(
                    name,
                    connection,
                    secrets.get(name),
                    health.get(name),
                    sum(each.jobs for each in waiting) + messages.get((name, "waiting"), 0),
                    dead + messages.get((name, "dead"), 0),
                    max((each.oldest_seconds for each in waiting), default=0.0),
                )
            )
        return position, statuses

    # Jobs.

    def list_jobs(
        self,
        *,
        connection: str | None = None,
        state: str | None = None,
        limit: int = 50,
        before: tuple[datetime, str] | None = None,
    ) -> list[JobStatus]:
        """The newest first."""
        with self._lend(Role.READER) as session:
            return jobs.list_jobs(session, name=connection, state=state, limit=limit, before=before)

    def job_counts(self) -> list[JobCount]:
        with self._lend(Role.READER) as session:
            return jobs.counts(session)

    def retry_job(self, job_id: str) -> JobStatus:
        with self._lend(Role.CONNECTOR) as session:
            return jobs.retry(session, job_id)

    def cancel_job(self, job_id: str) -> JobStatus:
        with self._lend(Role.CONNECTOR) as session:
            return jobs.cancel(session, job_id)

    # The loops of the workers.

    def effect_runner(self) -> EffectRunner:
        """Makes the jobs that events request; the caller closes it."""
        effects = [each.effect for each in self._effects.values()]
        return EffectRunner(partial(self._connect, Role.PROJECTOR), effects, self._log_at)

    def performer(self) -> JobPerformer:
        return JobPerformer(
            self._effects, self.directory, self.accounts, self._log_now, self._submit
        )

    def job_runner(self, retries: BackOff = RETRIES) -> JobRunner:
        """Does jobs; the caller closes it."""
        return JobRunner(
            partial(self._lend, Role.CONNECTOR),
            list(self._effects),
            self.performer(),
            self.directory.paused,
            retries=retries,
        )

    def translator(self) -> InboxTranslator:
        return InboxTranslator(
            self._lend,
            self.messages,
            self.directory,
            self.accounts,
            self._effect_of,
            self._log_now,
            self._submit,
        )

    def sweeper(self) -> InboxSweeper:
        locked = partial(exclusive, self._connect, "sweeps")
        return InboxSweeper(self._lend, self.messages, self.directory, self.accounts, locked)

    def prune(self, stop: object = None) -> bool:
        """The step of a loop: delete messages and jobs that have ended and were kept long enough,
        and of dead messages those that are too many."""
        with self._lend(Role.CONNECTOR) as session:
            while postgres.prune_messages(session, self._settings.inbox_days):
                pass
            while deleted := postgres.prune_dead_messages(session, DEAD_MESSAGES_MAX):
                for name, count in deleted.items():
                    log.warning("dead_messages_deleted", connection=name, count=count)
            while jobs.prune(session, JOB_DAYS):
                pass
        return True


def effect_names(kinds: Sequence[VendorKind[Any]]) -> list[str]:
    return [kind.effect.effect.name for kind in kinds]
