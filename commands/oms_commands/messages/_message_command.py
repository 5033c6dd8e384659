"""What commands about one message have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.messages.answers import MessageAnswer
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.messages.views import message_view
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class MessageCommand(Command):
    """Reads one message and its order; answers with the message."""

    __slots__ = ()
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = MessageAnswer
    message_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        requested = given.state(Message, self.message_id).requested
        refs: list[Ref] = [(Message, self.message_id)]
        return refs if requested is None else [*refs, (Order, requested.order_id)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return message_view(given.state(Message, self.message_id))
