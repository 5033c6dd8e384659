"""Closing a return that is done with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.returns._return_command import ReturnCommand, return_refs
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnClosed
from oms_ledger.domain.returns.receipts import release_replacement
from oms_ledger.domain.returns.rules import (
    existing_return,
    has_goods,
    require_stage,
    return_changes,
)
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CloseReturn(ReturnCommand):
    """Close a return: nothing more is expected, and nothing more is owed.

    A replacement that still waits for goods is released. A return of which nothing came is
    cancelled instead.
    """

    name: ClassVar[str] = "CloseReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/close")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    return_id: Id
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        replacement = given.state(Return, self.return_id).replacement
        orders: list[Ref] = [(Order, replacement)] if replacement is not None else []
        return [*return_refs(self.return_id, given), *orders]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, _ = existing_return(given, self.return_id)
        if return_.stage == "closed":
            return ()
        require_stage(return_, "closed", "approved")
        if not has_goods(return_) and not return_.is_claim:
            raise illegal_transition(
                "The return", return_.status, "closed", "Nothing of it came back: cancel it."
            )
        changes = return_changes(return_, [ReturnClosed(self.return_id, self.note)])
        return dated([*changes, *release_replacement(return_, given)], self.occurred_at, ctx)
