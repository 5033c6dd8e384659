"""The state of a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.drafts.content import DraftContent
from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced, DraftSaved
from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class Draft(State):
    """`content` is None before the draft was saved, and once it was deleted. `order_id` is the
    order that it has become."""

    category: ClassVar[str] = "draft"
    version: int = 0
    content: DraftContent | None = None
    sensitive: bool = False
    order_id: str | None = None
    deleted: bool = False
    postal_area: str | None = None

    @property
    def channel(self) -> str | None:
        """That of its order. A draft without one belongs to the channel with the empty name: keys
        that are bound to channels neither make nor see it."""
        if self.content is None:
            return None
        return "" if self.content.channel is None else channel_key(self.content.channel)

    @property
    def status(self) -> str:
        """open, placed or deleted."""
        if self.deleted:
            return "deleted"
        return "open" if self.order_id is None else "placed"

    def apply(self, event: Event) -> None:
        match event:
            case DraftSaved():
                self.content, self.sensitive = event.content, event.sensitive
                self.postal_area = event.postal_area
            case DraftPlaced():
                self.order_id = event.order_id
                self.sensitive = self.sensitive or event.sensitive
            case DraftDeleted():
                self.content, self.deleted = None, True
            case _:
                raise TypeError(f"{event.type} does not belong to a draft")


def existing_draft(given: Given, draft_id: str) -> tuple[Draft, DraftContent]:
    """The draft and its content. `NotFound` where there is none, or it was deleted."""
    draft = given.state(Draft, draft_id)
    if draft.content is None:
        raise NotFound(f"There is no draft {draft_id}. GET /v1/drafts lists them.")
    return draft, draft.content


def open_draft(given: Given, draft_id: str, wanted: str) -> tuple[Draft, DraftContent]:
    """As `existing_draft`; `Refused` with `illegal_transition` where it has become an order."""
    draft, content = existing_draft(given, draft_id)
    if draft.order_id is not None:
        raise illegal_transition(
            "The draft", "placed", wanted, f"It is the order {draft.order_id} now: change that."
        )
    return draft, content
