"""Submits the steps of an import to the writer, and counts their outcomes in the report."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from oms_ledger.bus import PendingOutcome
from oms_ledger.contexts import new_context
from oms_ledger.domain.errors import Conflict, IdempotencyKeyReused, OmsError, Unavailable
from oms_ledger.engine.write.writer import Idempotency, Outcome, Submission
from oms_ledger.importers.report import REFUSED, ImportReport, SkippedRow
from oms_ledger.importers.steps import Step

ACTOR = "import:online-retail"
KEYS = "online-retail"
"""Scope of the idempotency keys. As long as the receipts of this scope are kept, no return, stock
correction or shipment of the file is applied twice; an order never is, by its invoice number."""

BATCH = 400
"""Commands submitted together."""
IN_FLIGHT = 3
"""Batches submitted and not settled: while the writer commits one, the next are being made."""


@dataclass(frozen=True, slots=True)
class _SentBatch:
    """Steps that were submitted, their outcomes, and how many rows of the file they stand for."""

    steps: list[Step]
    futures: Sequence[PendingOutcome | Future[Outcome]]
    rows: int


@dataclass(slots=True)
class StepSender:
    """Submits steps in order, in full batches. `progressed` is called with the number of rows of
    the file that each settled batch stands for."""

    submit: Callable[[Iterable[Submission]], Sequence[PendingOutcome | Future[Outcome]]]
    report: ImportReport
    progressed: Callable[[int], None]
    waiting: list[Step] = field(default_factory=list)
    waiting_rows: int = 0
    sent: deque[_SentBatch] = field(default_factory=deque)

    def add(self, step: Step | None, rows: int = 0) -> None:
        """Add a step, and `rows` of the file that were read since the step before."""
        self.waiting_rows += rows
        if step is not None:
            self.waiting.append(step)
        if len(self.waiting) >= BATCH:
            self._send()

    def finish(self) -> None:
        """Submit what is left, and settle every batch."""
        while self.waiting or self.waiting_rows or self.sent:
            self._send()
            while self.sent:
                self._settle(self.sent.popleft())

    def _send(self) -> None:
        steps, self.waiting = self.waiting, []
        futures = self.submit(map(_submission, steps))
        self.sent.append(_SentBatch(steps, futures, self.waiting_rows))
        self.waiting_rows = 0
        while len(self.sent) > IN_FLIGHT:
            self._settle(self.sent.popleft())

    def _settle(self, batch: _SentBatch) -> None:
        for step, future in zip(batch.steps, batch.futures, strict=True):
            error = future.exception()
            if error is None:
                self._accepted(step, future.result())
            elif isinstance(error, Unavailable):
                raise Unavailable(
                    f"The import stopped: {error.detail} Run it again with the same file and"
                    " options; it continues where it stopped and applies nothing twice."
                ) from error
            elif isinstance(error, OmsError):
                self._refused(step, error)
            else:
                raise error
        self.progressed(batch.rows)

    def _accepted(self, step: Step, outcome: Outcome) -> None:
        report = self.report
        report.applied.update(result for _, result in step.rows)
        report.facts.update(step.facts)
        report.events += outcome.events
        report.position = max(report.position, outcome.position)
        if outcome.replayed or not outcome.wrote:
            report.already += len(step.rows)

    def _refused(self, step: Step, error: OmsError) -> None:
        if step.only_if_new is not None and isinstance(error, Conflict):
            self.report.facts.update(step.facts)  # defined before: it stays as it is
        elif step.fallback is not None and not isinstance(error, IdempotencyKeyReused):
            self.waiting.append(step.fallback)
        elif step.rows:
            self.report.already += len(step.rows) if error.replayed else 0
            self.report.skipped_rows += [
                SkippedRow(row.number, row.invoice, row.sku, REFUSED + error.code, error.detail)
                for row, _ in step.rows
            ]
        else:
            self.report.refused[f"{step.command.name}: {error.code}"] += 1


def _submission(step: Step) -> Submission:
    own = step.command_id
    return Submission(
        step.command,
        new_context(ACTOR, command_id=own),
        None if step.idempotency is None else Idempotency(KEYS, step.key, step.idempotency),
        None if step.only_if_new is None else (step.only_if_new, 0),
    )
