"""Defining a hold rule, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Name,
    Reason,
    Sku,
    positive_minor_units,
)
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.money import Money
from oms_ledger.domain.risk.answers import HoldRuleAnswer
from oms_ledger.domain.risk.events import HoldRuleDefined
from oms_ledger.domain.risk.rules import RESERVED_RULES
from oms_ledger.domain.risk.state import ORDERS_COUNTED, HoldRule
from oms_ledger.domain.risk.views import hold_rule_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route

_NEEDED = {
    "value": ("minimum", "currency"),
    "velocity": ("orders", "hours"),
    "address_mismatch": (),
    "sku_list": ("skus",),
}
"""Fields that a rule of each type must have."""

_OF_ONE_TYPE = {
    "minimum": "value",
    "currency": "value",
    "orders": "velocity",
    "hours": "velocity",
    "fields": "address_mismatch",
    "skus": "sku_list",
}
_RULES_MAX = 200
"""Rules of a ledger: each is compared with each new order."""


@dataclass(frozen=True, slots=True, config=STRICT)
class PutHoldRule(Command):
    """Define a rule by which new orders are held, its name and inputs on record.

    `type` is `value` (a total of `minimum` or more in `currency`), `velocity` (the buyer's
    `orders`th order within `hours`, or a later one), `address_mismatch` (shipping and billing
    address differ in one of `fields`, or else in the country) or `sku_list` (any of `skus`). It
    applies to `channels`, or to all where these are left out, and to orders placed from now on. A
    rule holds an order as it is placed, before anybody can ship it; velocity shortly after. With
    `enabled` false it holds nothing.
    """

    name: ClassVar[str] = "PutHoldRule"
    route: ClassVar[Route] = Route("PUT", "/v1/hold-rules/{rule_name}")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = HoldRuleAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "type": "value",
        "minimum": "500.00",
        "currency": "GBP",
        "reason": "high value",
    }

    rule_name: Name
    type: Literal["value", "velocity", "address_mismatch", "sku_list"]
    reason: Reason = "review"
    enabled: bool = True
    channels: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    minimum: Amount | None = None
    currency: Currency | None = None
    orders: Annotated[int, Field(ge=2, le=ORDERS_COUNTED, strict=True)] | None = None
    hours: Annotated[int, Field(ge=1, le=8_760, strict=True)] | None = None
    fields: (
        Annotated[
            tuple[Literal["country", "region", "city"], ...], Field(min_length=1, max_length=3)
        ]
        | None
    ) = None
    skus: Annotated[tuple[Sku, ...], Field(min_length=1, max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> PutHoldRule:
        for name in _NEEDED[self.type]:
            if getattr(self, name) is None:
                raise ValueError(f"{name}: a rule of type {self.type} needs it")
        for name, kind in _OF_ONE_TYPE.items():
            if getattr(self, name) is not None and kind != self.type:
                raise ValueError(f"{name}: leave it out of a rule of type {self.type}")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(HoldRule, self.rule_name)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.rule_name in RESERVED_RULES:
            raise invalid_field("rule_name", "The ledger itself holds by this name. Use another.")
        event = HoldRuleDefined(
            self.rule_name,
            self.type,
            self.reason,
            self.enabled,
            tuple(dict.fromkeys(map(channel_key, self.channels))),
            self._minimum(),
            self.orders,
            self.hours,
            ("country",) if self.type == "address_mismatch" and not self.fields else self._fields(),
            tuple(dict.fromkeys(self.skus or ())),
        )
        rule = given.state(HoldRule, self.rule_name)
        if event == rule.defined:
            return ()
        if not rule.version and len(given.all(HoldRule)) >= _RULES_MAX:
            raise Refused(
                f"There are {_RULES_MAX} hold rules already, which is the most there can be."
                " Define one of them anew.",
                code="too_many_rules",
            )
        return [Change(event)]

    def _fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.fields or ()))

    def _minimum(self) -> Money | None:
        if self.minimum is None or self.currency is None:
            return None
        return Money(positive_minor_units(self.minimum, self.currency, "minimum"), self.currency)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return hold_rule_view(given.state(HoldRule, self.rule_name))
