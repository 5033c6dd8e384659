"""Does jobs: opens the adapter of the connection, has the effect call the vendor, and submits the
commands that report what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.identifiers import derived_command_id
from oms_ledger.engine.work import consequences
from oms_ledger.engine.work.consequences import Consequence, Submit
from oms_ledger.engine.work.jobs import JobEnd, LeasedJob
from oms_ledger.integrations.accounts import VendorAccounts
from oms_ledger.integrations.directory import ConnectionDirectory
from oms_ledger.integrations.ports import Adapter, Unknown, Vendor, WebhookMessage
from oms_ledger.kernel import Command, Effect, Log, Recorded

P = TypeVar("P", bound=Adapter)
C = TypeVar("C", bound=Adapter, contravariant=True)

PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of a call: commands that report it, or `Unknown`. `code` is set where the vendor
    refused and no command can report that: a person must see it."""

    commands: Sequence[Command] = ()
    unknown: Unknown | None = None
    code: str | None = None


class VendorEffect(Protocol[C]):
    """An effect, and how it is done with the adapters of one kind of vendor."""

    @property
    def effect(self) -> Effect: ...

    def perform(self, adapter: C, event: Recorded, log: Log, *, uncertain: bool) -> Performed:
        """Do what the event requests, unless it is done by now. `log` is the log as it is now. With
        `uncertain` an earlier try may have reached the vendor: look the outcome up first."""

    def translate(
        self, adapter: C, connection: str, message: WebhookMessage, log: Log
    ) -> Sequence[Command]:
        """The commands that report what a message of a connection's vendor is about; the same for
        the same message. Nothing of what goes through another connection is believed.
        `NoAnswer` where the vendor does not answer a question that this takes."""


@dataclass(frozen=True, slots=True)
class VendorKind(Generic[P]):
    """Vendors of one kind, by name, and the effect that they are called for."""

    vendors: Mapping[str, Vendor[P]]
    effect: VendorEffect[P]


class JobPerformer:
    """Does one try of a job. Used by any number of threads. `log_now` opens the log as it is."""

    def __init__(
        self,
        effects: Mapping[str, VendorEffect[Any]],
        directory: ConnectionDirectory,
        accounts: VendorAccounts,
        log_now: Callable[[], Log],
        submit: Submit,
    ) -> None:
        self._effects = effects
        self._directory = directory
        self._accounts = accounts
        self._log_now = log_now
        self._submit = submit

    def __call__(self, job: LeasedJob) -> JobEnd:
        with ExitStack() as lent:
            try:
                connection, defined = self._directory.get(job.connection)
                if connection.paused:
                    return JobEnd("waiting", "paused", PAUSE_SECONDS, job.uncertain)
                adapter = lent.enter_context(self._accounts.adapter(defined))
                log = self._log_now()
                (event,) = log.events(job.position - 1, 1)
            except OmsError as error:  # before anything was called
                return JobEnd("waiting", error.code, uncertain=job.uncertain)
            effect = self._effects[job.effect]
            performed = effect.perform(adapter, event, log, uncertain=job.uncertain)
        return self._reported(job, event, performed)

    def _reported(self, job: LeasedJob, event: Recorded, performed: Performed) -> JobEnd:
        if performed.unknown is not None:
            unknown = performed.unknown
            return JobEnd("waiting", unknown.code, unknown.retry_seconds or 0.0, uncertain=True)
        refusals = consequences.settle(_reports(job, event, performed.commands), self._submit)
        if refusals:
            return JobEnd("dead", refusals[0].code, uncertain=True)
        if performed.code is not None:
            return JobEnd("dead", performed.code)
        return JobEnd("done")


def _reports(job: LeasedJob, event: Recorded, commands: Sequence[Command]) -> list[Consequence]:
    """The commands of one try. What another try has reported is known by what the reports are
    about, and changes nothing."""
    source = f"job:{job.effect}"
    return [
        Consequence(
            source,
            f"{job.job_id}/{n}",
            command,
            derived_command_id(
                event.meta.recorded_at,
                source,
                event.meta.command_id,
                job.job_id,
                str(n),
                str(job.attempts),
            ),
            event.position,
            event.stream,
            job.correlation_id,
            attempt=job.attempts,
        )
        for n, command in enumerate(commands, 1)
    ]
