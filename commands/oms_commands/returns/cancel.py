"""Cancelling a return of which nothing came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, RequiredText
from oms_commands.returns._return_command import ReturnCommand, return_refs
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.rules import refs_if_begun
from oms_ledger.domain.orders.rules.cancellation import cancellation_refs
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnCancelled
from oms_ledger.domain.returns.replacements import cancel_replacement
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
class CancelReturn(ReturnCommand):
    """Cancel a return of which nothing came back and nothing was refunded.

    The order that replaces its goods is cancelled too, unless some of it has shipped: then it is
    to be paid.
    """

    name: ClassVar[str] = "CancelReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/cancel")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "The buyer keeps it."}

    return_id: Id
    reason: RequiredText | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = return_refs(self.return_id, given)
        replacement = given.state(Return, self.return_id).replacement
        if replacement is None:
            return refs
        order = given.state(Order, replacement)
        work = refs_if_begun(replacement, given)
        return [*refs, (Order, replacement), *cancellation_refs(order, given), *work]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, _ = existing_return(given, self.return_id)
        require_stage(return_, "cancelled", "requested", "approved")
        if has_goods(return_) or return_.granted:
            raise illegal_transition(
                "The return",
                return_.status if has_goods(return_) else "refunded",
                "cancelled",
                "Close it instead.",
            )
        freed = cancel_replacement(return_, given)
        cancelled = ReturnCancelled(self.return_id, self.reason, bool(freed))
        return dated([*return_changes(return_, [cancelled]), *freed], self.occurred_at, ctx)
