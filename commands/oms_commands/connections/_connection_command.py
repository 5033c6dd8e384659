"""What commands about one connection have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.connections.answers import ConnectionAnswer
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.connections.views import connection_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class ConnectionCommand(Command):
    """Reads one connection, and answers with it."""

    __slots__ = ()
    scope: ClassVar[str] = "connections:write"
    answer_type: ClassVar[type] = ConnectionAnswer
    connection: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(VendorConnection, self.connection)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return connection_view(given.state(VendorConnection, self.connection))
