"""Events of a draft's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.drafts.content import DraftContent
from oms_ledger.domain.text_kinds import DraftId, Harmless, OrderId
from oms_ledger.kernel import Event


class DraftStreamEvent(Event, frozen=True):
    """An event of a draft's stream."""

    category: ClassVar[str] = "draft"
    draft_id: DraftId

    @property
    def key(self) -> str:
        return self.draft_id


class DraftSaved(DraftStreamEvent, frozen=True):
    """The draft has this content from now on. `sensitive`: the order would be health data.
    `postal_area` is that of the shipping address, as in `OrderPlaced`."""

    type: ClassVar[str] = "draft.saved.v1"
    draft_id: DraftId
    content: DraftContent
    sensitive: bool = False
    postal_area: Harmless | None = None


class DraftPlaced(DraftStreamEvent, frozen=True):
    """The draft has become the order `order_id`; `sensitive` as that."""

    type: ClassVar[str] = "draft.placed.v1"
    draft_id: DraftId
    order_id: OrderId
    sensitive: bool = False


class DraftDeleted(DraftStreamEvent, frozen=True):
    """The draft was given up."""

    type: ClassVar[str] = "draft.deleted.v1"
    draft_id: DraftId


DraftEvent: TypeAlias = DraftSaved | DraftPlaced | DraftDeleted
DRAFT_EVENTS: tuple[type[DraftEvent], ...] = get_args(DraftEvent)
