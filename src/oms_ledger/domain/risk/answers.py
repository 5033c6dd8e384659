"""Answers about hold rules and the blocked list, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless


class HoldRuleAnswer(TypedDict):
    """Which fields count depends on the `type` of the rule; the others are null or empty."""

    name: Harmless
    type: Harmless
    reason: str
    enabled: bool
    channels: list[str]
    minimum: str | None
    currency: Harmless | None
    orders: int | None
    hours: int | None
    fields: list[str]
    skus: list[str]
    version: int


class HoldRulesAnswer(TypedDict):
    items: list[HoldRuleAnswer]


class BlockedBuyerAnswer(TypedDict):
    """`buyer` is `customer:<id>`, or `email:` with the blind of the address. `reason` is null where
    the buyer is not blocked any more."""

    buyer: str
    blocked: bool
    reason: str | None


class BlockedBuyersAnswer(TypedDict):
    items: list[BlockedBuyerAnswer]
