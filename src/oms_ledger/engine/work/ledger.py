"""What a ledger does by itself: the state of its loops, its policies, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from oms_ledger.domain.errors import ClockWrong
from oms_ledger.engine.db.pool import Pools
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.clock import ClockReading
from oms_ledger.engine.read.reader import DetachedLog, Readers
from oms_ledger.engine.work import consequences, deadlines, retries
from oms_ledger.engine.work.consequences import Consequence, NewContext, PendingConsequence, Refusal
from oms_ledger.engine.work.cursors import is_effect
from oms_ledger.engine.work.deadlines import DeadlineRunner, DueDeadline, MakeCommand
from oms_ledger.engine.work.policies import PolicyRunner
from oms_ledger.engine.work.singleton import exclusive
from oms_ledger.engine.work.state import WorkRecorder
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.kernel import Effect, Log, Policy, Position

DEADLINES = "deadlines"
"""Name of the read model whose statement `due` gives the columns of `DueDeadline`."""


class LedgerWork:
    """Of one open ledger. `submit` hands commands to its writer, `new_context` makes their
    contexts. `deadlines` has the command of each kind of deadline, `effects` are those whose
    failures can be retried. Used by any number of threads."""

    def __init__(
        self,
        pools: Pools,
        readers: Readers,
        submit: Callable[[Iterable[Submission]], Sequence[PendingConsequence]],
        new_context: NewContext,
        policies: Sequence[Policy],
        deadlines: Mapping[str, MakeCommand],
        clock: Callable[[], ClockReading],
        effects: Sequence[Effect],
    ) -> None:
        self._lend = pools.lend
        self._connect = pools.connect
        self._readers = readers
        self._submit_all = submit
        self._new_context = new_context
        self.policies = policies
        self.deadlines = deadlines
        self._clock = clock
        self._effects = effects

    # The loops of the workers.

    def recorder(self, names: Collection[str]) -> WorkRecorder:
        """Keeps how the loops of one worker are doing, which have these names."""
        return WorkRecorder(partial(self._lend, Role.PROJECTOR), names)

    # Policies.

    def policy_runner(self) -> PolicyRunner:
        """Runs the policies; the caller closes it."""
        connect = partial(self._connect, Role.PROJECTOR)
        return PolicyRunner(connect, self.policies, self._log_at, self.submit)

    def submit(self, follow: Sequence[Consequence]) -> Sequence[PendingConsequence]:
        """Submit commands with their receipts, in order."""
        return self._submit_all(consequences.submission(each, self._new_context) for each in follow)

    def _log_at(self, position: Position) -> Log:
        return DetachedLog(self._readers, position)

    # Deadlines.

    def deadline_runner(self) -> DeadlineRunner:
        """Submits what is due."""
        return DeadlineRunner(
            self.deadlines,
            self._due,
            self.submit,
            self._record,
            partial(exclusive, self._connect),
            self._now,
        )

    def _now(self) -> datetime:
        reading = self._clock()
        if reading.fault is not None:
            raise ClockWrong(reading.fault)
        return reading.process

    def _due(
        self, *, kinds: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> list[DueDeadline]:
        with self._readers.open(DEADLINES) as (reader, _):
            rows = reader.rows("due", kinds=kinds, since=since, until=until, limit=limit)
        return [DueDeadline(*row.values()) for row in rows]  # type: ignore[arg-type]  # its columns

    def _record(self, submitted: Sequence[tuple[str, str]], refusals: Sequence[Refusal], /) -> None:
        with self._lend(Role.PROJECTOR) as connection, connection.transaction():
            deadlines.record_submitted(connection, submitted)
            consequences.record(connection, refusals)

    # What was refused.

    def refusals(self) -> list[Refusal]:
        """The commands of policies and deadlines that were refused, and the events on which a
        policy or an effect has failed, the oldest first."""
        with self._lend(Role.READER) as connection:
            return consequences.refusals(connection)

    def retry(self, source: str, reference: str) -> None:
        """Submit a refused command again, or make the job of an event on which an effect has
        failed; raises the refusal."""
        if is_effect(source):
            with self._lend(Role.PROJECTOR) as connection:
                retries.retry_effect(connection, self._effects, self._log_at, source, reference)
            return
        remake = partial(retries.consequences_again, self.policies, self.deadlines, self._log_at)
        with self._lend(Role.PROJECTOR) as connection:
            retries.retry(connection, remake, self.submit, source, reference)

    def dismiss(self, source: str, reference: str) -> None:
        """Delete a refusal: nothing is to be done, or a person has done it."""
        with self._lend(Role.PROJECTOR) as connection:
            if not consequences.delete_refusal(connection, source, reference):
                raise retries.not_there(source, reference)
