"""Requesting a message to the customer of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id, Locale
from oms_commands.customers._subjects import refuse_if_restricted
from oms_ledger.domain.channels.state import settings_of
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import customer_id_of, existing_order
from oms_ledger.domain.identifiers import message_id_of
from oms_ledger.domain.messages.answers import MessageRequestAnswer
from oms_ledger.domain.messages.events import MessageRequested, Template
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Person, with_fields
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RequestMessage(Command):
    """Request a message to the customer of an order, which a sender then delivers.

    The ledger does so by itself where the `messages` of the order's channel are on. A message holds
    no address and no text: the sender takes both from the order. None is written to a customer
    whose processing is restricted. `part_id` is the id of the edit, hold, shipment or refund that
    it is about; `locale` is that of the channel where it is left out.
    """

    name: ClassVar[str] = "RequestMessage"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/messages", 201)
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = MessageRequestAnswer
    within_channels: ClassVar[bool] = True
    lacks_person: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"template": "placed", "locale": "en-GB"}

    order_id: Id
    template: Template
    part_id: Id | None = None
    locale: Locale | None = None
    if_possible: Annotated[
        bool, Field(description="Write none where the order has no e-mail address any more.")
    ] = False
    forgotten: SkipJsonSchema[bool] = field(default=False, init=False)
    record: SkipJsonSchema[str | None] = field(default=None, init=False)

    def with_person(self, person: Person) -> RequestMessage:
        """The same, with whether the person of the order was forgotten, and their record."""
        return with_fields(self, forgotten=person.forgotten, record=person.record)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        refs: list[Ref] = [(Order, self.order_id), (Message, self._message_id(ctx))]
        record = self._record(order)
        return refs if record is None else [*refs, (CustomerRecord, record)]

    def _message_id(self, ctx: Context) -> str:
        return message_id_of(self.order_id, ctx.command_id)

    def _record(self, order: Order) -> str | None:
        """The record of the order's customer; None where there is none."""
        return self.record or customer_id_of(order)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        customer = order.terms.customer
        if customer is None or customer.email is None or self.forgotten:
            if self.if_possible:
                return ()
            raise Refused(
                "The order has no e-mail address, or its customer was forgotten. Set the address"
                " with POST /v1/orders/{order_id}/edit.",
                code="no_email_address",
            )
        record = self._record(order)
        if record is not None:
            if self.if_possible and given.state(CustomerRecord, record).restricted is not None:
                return ()
            refuse_if_restricted([(CustomerRecord, record)], given, "no message is written to them")
        settings = settings_of(order.terms.channel, given)
        event = MessageRequested(
            self._message_id(ctx),
            self.order_id,
            self.template,
            order.terms.channel,
            self.part_id,
            self.locale or (settings.locale if settings is not None else None),
            order.sensitive,
        )
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        requested = given.state(Message, self._message_id(ctx)).requested
        return {
            "order_id": self.order_id,
            "template": self.template,
            "message_id": None if requested is None else requested.message_id,
        }
