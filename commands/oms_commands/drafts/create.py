"""Creating a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT
from oms_commands.drafts._fields import EXAMPLE, DraftFields
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class CreateDraft(DraftFields):
    """Create a draft: an order that is being prepared, and holds no stock.

    Every field may be left out. What an order needs is checked when the draft is placed.
    """

    name: ClassVar[str] = "CreateDraft"
    route: ClassVar[Route] = Route("POST", "/v1/drafts", 201)
    example: ClassVar[Mapping[str, Json]] = EXAMPLE

    def saved_id(self, ctx: Context) -> str:
        return ctx.command_id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return [Change(self.saved(ctx, given))]
