"""A step of an import: one command, and what counts in the report once it is applied or refused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from oms_ledger.importers.online_retail import FileRow
from oms_ledger.kernel import Command, Ref

STEPS = uuid.UUID("5f0f8a52-6e0b-5b52-9a80-4f3c2b1d7e61")
"""Namespace (RFC 9562) of the command ids of imports. It never changes."""

RowResults: TypeAlias = Sequence[tuple[FileRow, str]]
"""Rows of the file, each with its result: a `Use` or a name in `APPLIED_MEANINGS`."""


def step_id(key: str) -> str:
    """The id of the command with this key. It is the same in every run, and known in advance: a
    shipment can be created, dispatched and delivered in one batch."""
    return str(uuid.uuid5(STEPS, key))


@dataclass(frozen=True, slots=True)
class Step:
    """One command. `rows` count as applied when it is accepted, and as refused otherwise; `facts`
    are added to the facts of the report. `fallback` is submitted if the command is refused.

    `idempotency` is the fingerprint of the command under its key: the command is applied once, and
    another fingerprint under the same key is refused. None: the command has no key. With
    `only_if_new` the command is applied only if that stream has no events.
    """

    key: str
    command: Command
    rows: RowResults = ()
    facts: Mapping[str, int] = field(default_factory=dict)
    idempotency: bytes | None = None
    only_if_new: Ref | None = None
    fallback: Step | None = None

    @property
    def command_id(self) -> str:
        return step_id(self.key)

    def with_key(self, key: str) -> Step:
        """The same step under another key."""
        return replace(self, key=key)
