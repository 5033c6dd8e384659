"""Erasure by destroying data keys, after the ledger has recorded the decision.

The receipts in the ledger are authoritative. The process that wrote a receipt destroys the keys;
if it died in between, the next sweep does. Sweeping is idempotent: keys that return with a
restored backup are destroyed again.
"""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.customers.state import GUEST
from oms_ledger.domain.personal import erases_subject
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log import positions
from oms_ledger.engine.write.submissions import Outcome
from oms_ledger.kernel import Command, Position, Recorded
from oms_ledger.privacy import postgres
from oms_ledger.privacy.key_cache import KeyCache, Lend
from oms_ledger.privacy.subjects import key_subject


class Erasure:
    """Destroys data keys of one ledger. Used by any number of threads."""

    def __init__(self, lend: Lend, keys: KeyCache) -> None:
        self._lend = lend
        self._keys = keys

    def erase(self, command: Command, outcome: Outcome) -> None:
        """Destroy the keys named by the receipt that a command has written, be it now or, for a
        replayed command, earlier."""
        if not (erases_subject(command) and outcome.wrote):
            return
        with self._lend(Role.WRITER) as connection:
            receipt = postgres.erasure_receipt(connection, outcome.position)
            self._destroy(connection, receipt)

    def erase_all(
        self, commands: Sequence[Command], results: Sequence[Outcome | BaseException]
    ) -> list[Outcome | BaseException]:
        """`erase` for each outcome among the results of commands. Returns the results; where
        erasing failed, its error in place of the outcome: the command is committed, and sending
        it again with its idempotency key completes it."""
        completed: list[Outcome | BaseException] = []
        for command, result in zip(commands, results, strict=True):
            try:
                if isinstance(result, Outcome):
                    self.erase(command, result)
                completed.append(result)
            except Exception as error:
                completed.append(error)
        return completed

    def sweep_erasures(self, after: Position = 0) -> tuple[int, Position]:
        """Destroy the keys named by every receipt after a position. Returns how many keys were
        still living, and the position up to which receipts were read."""
        count = 0
        with self._lend(Role.WRITER) as connection:
            head = positions.head(connection)
            for page in postgres.erasure_receipts(connection, after, head):
                count += len(self._destroy(connection, page))
        return count, head

    def _destroy(self, connection: Connection, receipts: Sequence[Recorded]) -> list[str]:
        erased = [
            (r.event, r.meta.recorded_at)
            for r in receipts
            if isinstance(r.event, CustomerForgotten)
        ]
        keys = [key for event, _ in erased for key in event.keys]
        subjects = [
            (key_subject(event.customer_id), at)
            for event, at in erased
            if not event.customer_id.startswith(GUEST)
        ]
        ids = postgres.destroy_keys(connection, keys, subjects)
        self._keys.ring.drop(ids)
        return ids
