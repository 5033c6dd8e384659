"""Resuming a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code
from oms_commands.connections._connection_command import ConnectionCommand
from oms_ledger.domain.connections.events import ConnectionResumed
from oms_ledger.domain.connections.rules import existing_connection
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ResumeConnection(ConnectionCommand):
    """Call the vendor again after a pause."""

    name: ClassVar[str] = "ResumeConnection"
    route: ClassVar[Route] = Route("POST", "/v1/connections/{connection}/resume")
    example: ClassVar[Mapping[str, Json]] = {}

    connection: Code

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        connection, _ = existing_connection(given, self.connection)
        return [Change(ConnectionResumed(self.connection))] if connection.paused else ()
