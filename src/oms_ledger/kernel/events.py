"""Events, and how the log holds them."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import ClassVar, TypeAlias

from oms_ledger.kernel.records import Record

Position: TypeAlias = int
"""Place of an event in its ledger: 1, 2, 3 ... without gaps, in order of commit."""


class Event(Record, frozen=True):
    """Something that happened.

    `type` is the stored name, written down and never derived: moving a class must not
    rewrite history. It ends in the version of its shape, as in `order.placed.v1`. `category` and
    `key` name the stream it belongs to, `<category>-<key>`; a family of events shares them.
    `changes_reads` is False where no command reads other streams because of it (`Command.reads`),
    so that those of one batch need not look again.
    """

    type: ClassVar[str]
    category: ClassVar[str]
    changes_reads: ClassVar[bool] = True

    @property
    @abstractmethod
    def key(self) -> str:
        """The key of the event's stream, from its own fields."""

    @property
    def stream(self) -> str:
        return f"{self.category}-{self.key}"


class Meta(Record, frozen=True):
    """Who, when and why of one event.

    `recorded_at` is the ledger's clock (UTC, microseconds, never running backwards);
    `occurred_at` is set only where the fact has an earlier date of its own (a carrier's scan,
    an imported order). `command` is the name of the command, `command_id` its id;
    `correlation_id` is shared by all that one outside request led to, `causation_id` is the
    id of the command or event that made this command necessary.
    """

    recorded_at: datetime
    actor: str
    command: str
    command_id: str
    correlation_id: str
    causation_id: str
    occurred_at: datetime | None = None

    @property
    def happened_at(self) -> datetime:
        return self.occurred_at or self.recorded_at


class Recorded(Record, frozen=True):
    """An event as the ledger holds it. `version` counts from 1 within its stream."""

    position: Position
    stream: str
    version: int
    event: Event
    meta: Meta
