"""Pausing a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Reason
from oms_commands.connections._connection_command import ConnectionCommand
from oms_ledger.domain.connections.events import ConnectionPaused
from oms_ledger.domain.connections.rules import existing_connection
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PauseConnection(ConnectionCommand):
    """Stop calling the vendor until the connection is resumed.

    Jobs wait meanwhile, and what the vendor sends is kept until then.
    """

    name: ClassVar[str] = "PauseConnection"
    route: ClassVar[Route] = Route("POST", "/v1/connections/{connection}/pause")
    example: ClassVar[Mapping[str, Json]] = {"reason": "the vendor maintains its API"}

    connection: Code
    reason: Reason | None = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        connection, _ = existing_connection(given, self.connection)
        return () if connection.paused else [Change(ConnectionPaused(self.connection, self.reason))]
