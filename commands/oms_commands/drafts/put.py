"""Saving a draft anew, whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.drafts._fields import EXAMPLE, DraftFields
from oms_ledger.domain.drafts.state import open_draft
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class PutDraft(DraftFields):
    """Replace the content of a draft by this, whole.

    A draft that has become an order cannot be changed any more, and one that has a channel stays
    with that.
    """

    name: ClassVar[str] = "PutDraft"
    route: ClassVar[Route] = Route("PUT", "/v1/drafts/{draft_id}")
    example: ClassVar[Mapping[str, Json]] = {**EXAMPLE, "shipping": {"service": "standard"}}

    draft_id: Id

    def saved_id(self, ctx: Context) -> str:
        return self.draft_id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        draft, content = open_draft(given, self.draft_id, "changed")
        if content.channel is not None:
            wanted = None if self.channel is None else channel_key(self.channel)
            if wanted != draft.channel:
                raise illegal_transition(
                    "The draft",
                    f"of channel {content.channel}",
                    f"moved to {self.channel or 'none'}",
                    f"Write channel {content.channel}, or create another draft.",
                )
        saved = self.saved(ctx, given)
        same = (saved.content, saved.sensitive) == (content, draft.sensitive)
        return [] if same else [Change(saved)]
