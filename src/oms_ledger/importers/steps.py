"""One command of an import, and what is booked when the ledger has taken or refused it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from oms_ledger.importers.online_retail import FileRow
from oms_ledger.kernel import Command, Ref

STEPS = uuid.UUID("5f0f8a52-6e0b-5b52-9a80-4f3c2b1d7e61")
"""Namespace of the ids of an import's commands. Never to be changed."""

Became: TypeAlias = Sequence[tuple[FileRow, str]]
"""Rows of the file, each with what becomes of it."""


def step_id(key: str) -> str:
    """The command's id: known beforehand, so that a shipment can be made, sent off and
    delivered in one batch, and the same in every run."""
    return str(uuid.uuid5(STEPS, key))


@dataclass(frozen=True, slots=True)
class Step:
    """One command. `rows` are dealt with when it is accepted; `facts` counts what else is worth
    telling. `instead` is asked when the ledger refuses it.

    With `once` it happens once under its key, and `once` is what the key stands for: a command
    that is asked for something else under the same key is refused. With `unless` it happens
    only where that stream has no events yet.
    """

    key: str
    command: Command
    rows: Became = ()
    facts: Mapping[str, int] = field(default_factory=dict)
    once: bytes | None = None
    unless: Ref | None = None
    instead: Step | None = None

    @property
    def command_id(self) -> str:
        return step_id(self.key)

    def under(self, key: str) -> Step:
        """The same step under another key."""
        return replace(self, key=key)
