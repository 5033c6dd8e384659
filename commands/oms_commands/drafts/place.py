"""Placing a draft: it becomes an order, as if that had been sent whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id
from oms_commands.drafts._fields import complete_order, order_of, placing
from oms_ledger.domain.drafts.content import DraftContent
from oms_ledger.domain.drafts.events import DraftPlaced
from oms_ledger.domain.drafts.state import Draft, existing_draft
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.events import OrderPlaced, OrderReceived
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.personal import with_fields
from oms_ledger.kernel import Change, Command, Context, Event, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceDraft(Command):
    """Place the order that a draft has prepared, or refuse and write nothing.

    Everything that placing an order checks is checked now, and stock is allocated now. A draft that
    was placed already answers its order.
    """

    name: ClassVar[str] = "PlaceDraft"
    route: ClassVar[Route] = Route("POST", "/v1/drafts/{draft_id}/place", 201)
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    creates_once: ClassVar[bool] = True
    defers: ClassVar[bool] = True
    compares_emails: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    draft_id: Id
    email_blinds: SkipJsonSchema[Mapping[str, str] | None] = field(default=None, init=False)

    def with_draft_blinds(self, blinds: Mapping[str, str]) -> PlaceDraft:
        return with_fields(self, email_blinds=dict(blinds))

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        draft = given.state(Draft, self.draft_id)
        refs: list[Ref] = [(Draft, self.draft_id)]
        if draft.order_id is not None:
            return [*refs, (Order, draft.order_id)]
        order, inner = complete_order(draft), placing(ctx, self.draft_id)
        if order is None:
            return refs
        return [*refs, *order.reads(inner, given), (Order, order.order_key(inner, given))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        draft, content = existing_draft(given, self.draft_id)
        if draft.order_id is not None:
            return []
        inner = placing(ctx, self.draft_id)
        order = order_of(content, sensitive=draft.sensitive, postal_area=draft.postal_area)
        order = order.with_blinds(self._blinds(content))
        changes, order_id = order.decide(inner, given), order.order_key(inner, given)
        new = any(_is_sensitive(each.event) for each in changes)
        sensitive = new or given.state(Order, order_id).sensitive
        return [*changes, Change(DraftPlaced(self.draft_id, order_id, sensitive))]

    def _blinds(self, content: DraftContent) -> list[str]:
        """The blinds of the customer's e-mail addresses. `Refused` where the draft has got another
        address since they were blinded."""
        if self.email_blinds is None:
            return []
        if any(email not in self.email_blinds for email in content.stored_emails):
            raise Refused(
                "The draft got another e-mail address while it was placed. Place it again.",
                code="draft_changed",
            )
        blinds = (self.email_blinds[email] for email in content.stored_emails)
        return [blind for blind in blinds if blind]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        order_id = given.state(Draft, self.draft_id).order_id
        assert order_id is not None
        return order_view(given.state(Order, order_id))


def _is_sensitive(event: Event) -> bool:
    return isinstance(event, OrderPlaced | OrderReceived) and event.sensitive
