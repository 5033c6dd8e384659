"""Effects: what the outside is to do after events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oms_ledger.kernel.events import Recorded
from oms_ledger.kernel.log import Log


@dataclass(frozen=True, slots=True)
class Effect:
    """What a vendor is called for after an event, by a job.

    `name` identifies its cursor in the log and its jobs, and is never changed. `event_types` are
    the stored names of the events that it reads. `connection` returns the name of the connection
    that is called for one of them, or None where nobody is to be called; it is pure.
    """

    name: str
    event_types: frozenset[str]
    connection: Callable[[Recorded, Log], str | None]
