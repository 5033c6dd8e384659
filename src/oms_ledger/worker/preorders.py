"""The loop of preorders: when goods are to come at another time, orders that wait are promised it.

The read model has the time that each line was promised, and that of its product. The command
decides on the order as it is, and does nothing where it has the promise: so it does no harm that
the read model lags, or that a worker ends in the middle.
"""

from __future__ import annotations

import threading

from oms_ledger.app import Oms
from oms_ledger.domain.errors import NotFound, OmsError, Refused
from oms_ledger.policies.preorders import reschedule
from oms_projections.backorders import READ_MODEL
from oms_projections.values import column

ACTOR = "system:preorders"

JOB = "preorders"
"""Name of the job that one process at a time may run."""

POLL_SECONDS = 0.5
"""How often to look for preorders whose time has changed."""

PAGE_ORDERS = 200


class PreorderPromises:
    """Moves the promises of orders with their preorders. Used by one thread."""

    def __init__(self, oms: Oms) -> None:
        self._oms = oms
        self._position = -1

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: reschedule a page of orders, or wait; False where another worker does
        so."""
        with self._oms.readers.open(READ_MODEL.name) as (_, position):
            changed = position != self._position
        mine = True
        if changed:
            with self._oms.exclusive(JOB) as mine:
                if mine:
                    self.step()
                    self._position = position
        stop.wait(POLL_SECONDS)
        return mine

    def step(self) -> int:
        """Reschedule a page of orders; how many were. Errors other than refusals end the step,
        which is repeated."""
        with self._oms.readers.open(READ_MODEL.name) as (reader, _):
            rows = reader.rows("orders_to_reschedule", limit=PAGE_ORDERS)
        commands = [reschedule(column(row, "order_id", str)) for row in rows]
        for outcome in self._oms.execute_many(commands, actor=ACTOR) if commands else ():
            if isinstance(outcome, OmsError) and not isinstance(outcome, (Refused, NotFound)):
                raise outcome
        return len(commands)
