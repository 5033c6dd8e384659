"""What the steps of the workers' loops about stock and orders have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound, OmsError, Refused
from oms_ledger.kernel import Command


class StepAfterChange:
    """Runs `step` where a read model was folded on since the last time, in one process at a time:
    the one that has the `job`. Used by one thread."""

    def __init__(
        self, oms: Oms, read_model: str, job: str, step: Callable[[], object], poll_seconds: float
    ) -> None:
        self._oms = oms
        self._read_model = read_model
        self._job = job
        self._step = step
        self._poll_seconds = poll_seconds
        self._position = -1

    def attempt(self, stop: threading.Event) -> bool:
        """Run the step if there is a change, then wait; False where another worker has the job."""
        with self._oms.readers.open(self._read_model) as (_, position):
            changed = position != self._position
        mine = True
        if changed:
            with self._oms.exclusive(self._job) as mine:
                if mine:
                    self._step()
                    self._position = position
        stop.wait(self._poll_seconds)
        return mine


def execute_all(oms: Oms, commands: Sequence[Command], actor: str) -> list[bool]:
    """Whether each command was carried out, and not refused. Other errors are raised: they end the
    step, which is repeated."""
    outcomes = oms.execute_many(commands, actor=actor) if commands else []
    for outcome in outcomes:
        if isinstance(outcome, OmsError) and not isinstance(outcome, (Refused, NotFound)):
            raise outcome
    return [not isinstance(outcome, OmsError) for outcome in outcomes]
