"""The loop of preorders: when goods are to come at another time, orders that wait are promised it.

The read model has the time that each line was promised, and that of its product. The command
decides on the order as it is, and does nothing where it has the promise: so it does no harm that
the read model lags, or that a worker ends in the middle.
"""

from __future__ import annotations

from oms_ledger.app import Oms
from oms_ledger.policies.preorders import reschedule
from oms_ledger.worker.steps import StepAfterChange, execute_all
from oms_projections.backorders import READ_MODEL
from oms_projections.values import column

ACTOR = "system:preorders"

JOB = "preorders"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look for preorders whose time has changed."""

PAGE_ORDERS = 200


class PreorderPromises:
    """Moves the promises of orders with their preorders. `attempt` is the step of a loop. Used by
    one thread."""

    def __init__(self, oms: Oms) -> None:
        self._oms = oms
        self.attempt = StepAfterChange(oms, READ_MODEL.name, JOB, self.step, POLL_SECONDS).attempt

    def step(self) -> int:
        """Reschedule a page of orders; how many there were."""
        with self._oms.readers.open(READ_MODEL.name) as (reader, _):
            rows = reader.rows("orders_to_reschedule", limit=PAGE_ORDERS)
        commands = [reschedule(column(row, "order_id", str)) for row in rows]
        execute_all(self._oms, commands, ACTOR)
        return len(commands)
