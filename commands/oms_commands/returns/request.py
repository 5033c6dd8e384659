"""Requesting a return, an exchange or a claim about goods of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._accounts import OrderAccountCommand, ResolvedAccount
from oms_commands._fields import (
    STRICT,
    AccountName,
    Code,
    Id,
    Note,
    OccurredAt,
    RequiredText,
)
from oms_commands.returns._fields import (
    ReplacementLine,
    ReturnedLine,
    replacement_of,
    require_distinct,
)
from oms_ledger.domain.catalogue.state import Location, product_refs, stored_sku
from oms_ledger.domain.guards import existing_order, line_quantity, require_location
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import Person
from oms_ledger.domain.returns.answers import ReturnAnswer
from oms_ledger.domain.returns.approvals import approve
from oms_ledger.domain.returns.events import RequestedLine, ReturnRequested
from oms_ledger.domain.returns.refunds import REFUNDED
from oms_ledger.domain.returns.replacements import replacement_refs
from oms_ledger.domain.returns.rules import GOODS_BACK, require_returnable, return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.returns.views import return_view
from oms_ledger.domain.returns.windows import require_within_policy, window_refs
from oms_ledger.domain.store_credit.accounts import KEY_PREFIX
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route

_RESOLUTIONS = {
    "return": ("refund", "replacement", "store_credit", "none"),
    "exchange": ("exchange",),
    "claim": ("refund", "replacement", "store_credit", "none"),
}


@dataclass(frozen=True, slots=True, config=STRICT)
class RequestReturn(OrderAccountCommand):
    """Request to return or exchange goods of an order, or claim that they are missing or damaged.

    With kind `claim` nothing comes back. `replacement_lines` become an order of their own when the
    return is approved, settled by the difference; without them a replacement is the same goods for
    nothing. With `ship_replacement: on_receipt` it waits for the goods. With resolution
    `store_credit` it is refunded to `account`, or the customer's own. `override` accepts it
    outside the return policy, for a reason; `approve` approves it at once. With
    `refund_automatically` it is refunded as its goods come, or the claim is approved, and closed.
    """

    name: ClassVar[str] = "RequestReturn"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/returns", 201)
    within_channels: ClassVar[bool] = True
    scope: ClassVar[str] = "returns:write"
    answer_type: ClassVar[type] = ReturnAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "kind": "return",
        "lines": [{"line_id": "1", "quantity": 1, "reason": "Too small"}],
        "resolution": "refund",
    }

    order_id: Id
    lines: Annotated[tuple[ReturnedLine, ...], Field(min_length=1, max_length=2000)]
    kind: Literal["return", "exchange", "claim"] = "return"
    resolution: Literal["refund", "exchange", "store_credit", "replacement", "none"] | None = None
    replacement_lines: (
        Annotated[tuple[ReplacementLine, ...], Field(min_length=1, max_length=2000)] | None
    ) = None
    ship_replacement: Literal["now", "on_receipt"] | None = None
    account: AccountName | None = None
    location: Code | None = None
    note: Note | None = None
    override: RequiredText | None = None
    refund_automatically: bool = False
    approve: bool = False
    occurred_at: OccurredAt = None
    resolved: ResolvedAccount = field(default=None, init=False)
    account_is_missing: SkipJsonSchema[bool] = field(default=False, init=False)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> RequestReturn:
        require_distinct([line.line_id for line in self.lines], "lines")
        resolution, replaced = self._resolution, self._resolution in ("exchange", "replacement")
        if resolution not in _RESOLUTIONS[self.kind]:
            fitting = ", ".join(_RESOLUTIONS[self.kind])
            raise ValueError(f"resolution: with kind {self.kind} it is one of: {fitting}")
        if self.kind == "exchange" and self.replacement_lines is None:
            raise ValueError("replacement_lines: write what the buyer gets instead")
        if self.replacement_lines is not None and not replaced:
            raise ValueError(f"replacement_lines: leave them out with resolution {resolution}")
        if self.ship_replacement is not None and not replaced:
            raise ValueError(f"ship_replacement: leave it out with resolution {resolution}")
        if self.ship_replacement == "on_receipt" and self.kind == "claim":
            raise ValueError("ship_replacement: nothing of a claim comes back; write now")
        if self.account is not None and resolution != "store_credit":
            raise ValueError(f"account: leave it out with resolution {resolution}")
        for n, line in enumerate(self.replacement_lines or ()):
            if line.unit_price is None and resolution == "exchange":
                raise ValueError(f"replacement_lines.{n}.unit_price: write what the buyer pays")
        return self

    @property
    def _resolution(self) -> str:
        return self.resolution or ("exchange" if self.kind == "exchange" else "refund")

    @property
    def needs_account(self) -> bool:
        return self._resolution == "store_credit"

    def person(self, ctx: Context) -> Person:
        return Person(None, self.resolved.subject if self.resolved else KEY_PREFIX)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        refs: list[Ref] = [(Order, self.order_id), *window_refs(order)]
        if self._resolution in ("exchange", "replacement"):
            skus = self._replacement_skus(order)
            refs += [ref for sku in skus for ref in product_refs(sku)]
        if self.location is not None:
            refs.append((Location, self.location))
        if self.approve and self._resolution in ("exchange", "replacement"):
            refs += replacement_refs(order, [stored_sku(sku, given) for sku in skus], given)
        return refs

    def _replacement_skus(self, order: Order) -> list[str]:
        if self.replacement_lines is not None:
            return [line.sku for line in self.replacement_lines]
        progress = (order.lines.get(line.line_id) for line in self.lines)
        return [each.line.sku for each in progress if each is not None]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        if self.location is not None:
            require_location(given, self.location)
        lines = _requested_lines(order, self.lines)
        require_returnable(order, lines)
        at = self.occurred_at or ctx.now
        if self.kind in GOODS_BACK and self.override is None:
            require_within_policy(order, lines, at, given)
        requested = self._requested(ctx, order, lines, given)
        changes = dated(return_changes(Return(), [requested]), self.occurred_at, ctx)
        if not self.approve:
            return changes
        return_ = Return()
        return_.apply(requested)
        approval = approve(return_, requested, order, None, ctx, given, self.occurred_at)
        return [*changes, *approval]

    def _requested(
        self, ctx: Context, order: Order, lines: tuple[RequestedLine, ...], given: Given
    ) -> ReturnRequested:
        terms, replacement = order.terms, self._replacement(order, given)
        account = self.required_account(order) if self.needs_account else None
        shipped = "now" if self.kind == "claim" else "on_receipt"
        return ReturnRequested(
            return_id=ctx.command_id,
            kind=self.kind,
            resolution=self._resolution,
            lines=lines,
            order_id=self.order_id,
            order_number=order.first_event.number,
            channel=terms.channel,
            currency=terms.currency,
            customer_id=terms.customer.id if terms.customer else None,
            location=self.location,
            note=self.note,
            replacement=replacement,
            ship_replacement=(self.ship_replacement or shipped) if replacement else None,
            refund_automatically=(self.refund_automatically and self._resolution in REFUNDED),
            override=self.override,
            sensitive=order.sensitive,
            account=account.key if account else None,
            account_number=account.account_number if account else None,
            account_ending=account.ending if account else None,
        )

    def _replacement(self, order: Order, given: Given) -> tuple[OrderLine, ...]:
        terms, lines = order.terms, self.replacement_lines
        if lines is None:
            if self._resolution != "replacement":
                return ()
            skus = {line_id: progress.line.sku for line_id, progress in order.lines.items()}
            lines = tuple(ReplacementLine(skus[line.line_id], line.quantity) for line in self.lines)
        included = any(line.tax_included for line in terms.lines)
        return replacement_of(lines, terms.currency, given, tax_included=included)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return return_view(given.state(Return, ctx.command_id))


def _requested_lines(order: Order, lines: Iterable[ReturnedLine]) -> tuple[RequestedLine, ...]:
    """With the SKU of each line; that of a line the order does not have is empty, which
    `require_returnable` refuses."""
    skus = {line_id: progress.line.sku for line_id, progress in order.lines.items()}
    return tuple(
        RequestedLine(
            line.line_id,
            skus.get(line.line_id, ""),
            line_quantity(line, order, f"lines.{n}"),
            line.reason,
        )
        for n, line in enumerate(lines)
    )
