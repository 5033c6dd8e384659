"""Policies: the commands that follow from events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oms_ledger.kernel.commands import Command
from oms_ledger.kernel.events import Recorded
from oms_ledger.kernel.log import Log


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows from what: commands that the ledger submits by itself after an event.

    `name` identifies its cursor in the log, and is never changed. `event_types` are the stored
    names of the events that it reads. `react` returns the commands that follow from one of them,
    from the event and from the log up to it (inclusive); later events are not there. It is pure,
    and returns the same commands in the same order however often it is called.
    """

    name: str
    event_types: frozenset[str]
    react: Callable[[Recorded, Log], Sequence[Command]]
