"""Which orders hold rules and the blocked list hold, and the holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.domain.risk.events import HoldRuleDefined
from oms_ledger.domain.risk.state import BlockedBuyer, Buyer, HoldRule
from oms_ledger.domain.texts import composed
from oms_ledger.kernel import Given

HOLDS = uuid.UUID("3a1d5c7e-94b2-5f08-8d6a-71c0e2f4b953")
"""Namespace of the ids of holds that rules set. Never to be changed."""

BLOCKED = "blocked"
RISK = "risk"
RESERVED_RULES = (BLOCKED, RISK)
"""Names in holds that no hold rule may have: of the blocked list, and of risk decisions."""


def rule_hold_id(order_id: str, rule: str) -> str:
    """The id of the hold of an order by a rule: a rule holds an order once."""
    return str(uuid.uuid5(HOLDS, f"{order_id}\x1f{rule}"))


def held_by_rule(
    order_id: str, rule: str, reason: str, inputs: Iterable[tuple[str, str]]
) -> OrderHeld:
    return OrderHeld(
        order_id,
        rule_hold_id(order_id, rule),
        reason,
        rule=rule,
        inputs=tuple(RuleInput(name, value) for name, value in inputs),
    )


def holds_at_placement(
    order_id: str, terms: OrderTerms, email_blinds: Sequence[str], given: Given
) -> list[OrderHeld]:
    """The holds that follow from the order itself and the blocked list, by the names of the rules.
    `email_blinds` are the blinds of its customer's e-mail addresses."""
    holds = [
        held_by_rule(order_id, rule.name, rule.reason, inputs)
        for rule in applying_rules(terms.channel, given)
        if (inputs := _matched(rule, terms))
    ]
    return [*blocked_list_holds(order_id, terms, email_blinds, given), *holds]


def applying_rules(channel: str, given: Given) -> list[HoldRuleDefined]:
    """The rules in force for a channel, by name."""
    rules = [rule.defined for rule in given.all(HoldRule) if rule.defined is not None]
    key = channel_key(channel)
    return sorted(
        (rule for rule in rules if rule.enabled and (not rule.channels or key in rule.channels)),
        key=lambda rule: rule.name,
    )


def blocked_list_holds(
    order_id: str, terms: OrderTerms, email_blinds: Sequence[str], given: Given
) -> Iterator[OrderHeld]:
    """The hold of an order whose customer, or one of whose e-mail addresses, is on the blocked
    list; none otherwise."""
    buyers = [f"email:{blind}" for blind in email_blinds]
    if terms.customer is not None and terms.customer.id is not None:
        buyers.insert(0, f"customer:{composed(terms.customer.id)}")
    for buyer in buyers:
        entry = given.state(BlockedBuyer, buyer).blocked
        if entry is not None:
            yield held_by_rule(order_id, BLOCKED, entry.reason, [("buyer", buyer)])
            return


def _matched(rule: HoldRuleDefined, terms: OrderTerms) -> list[tuple[str, str]]:
    """The inputs by which a rule holds an order; none where it does not."""
    match rule.kind:
        case "value":
            return _value(rule, terms)
        case "address_mismatch":
            return _address_mismatch(rule, terms)
        case "sku_list":
            return _sku_list(rule, terms)
        case _:
            return []


def _value(rule: HoldRuleDefined, terms: OrderTerms) -> list[tuple[str, str]]:
    minimum = rule.minimum
    if minimum is None or minimum.currency != terms.currency or terms.total < minimum.minor:
        return []
    currency = terms.currency
    return [
        ("total", to_text(terms.total, currency)),
        ("minimum", to_text(minimum.minor, currency)),
        ("currency", currency),
    ]


def _sku_list(rule: HoldRuleDefined, terms: OrderTerms) -> list[tuple[str, str]]:
    """Its time grows with the lines and the listed SKUs, not with their product."""
    skus = {line.sku: composed(line.sku) for line in terms.lines}
    listed = set(skus.values()).intersection(rule.skus)
    return [("sku", sku) for sku, plain in skus.items() if plain in listed]


def _address_mismatch(rule: HoldRuleDefined, terms: OrderTerms) -> list[tuple[str, str]]:
    """A field that one of the addresses does not have does not differ."""
    shipping, billing = terms.shipping_address, terms.billing_address
    if shipping is None or billing is None:
        return []
    inputs: list[tuple[str, str]] = []
    for name in rule.fields:
        one, other = getattr(shipping, name), getattr(billing, name)
        if one and other and one.casefold() != other.casefold():
            inputs += [(f"shipping_{name}", one), (f"billing_{name}", other)]
    return inputs


def buyer_of(terms: OrderTerms) -> str | None:
    """The key of an order's buyer: by customer id, or by the data key of their sealed values; None
    where neither is known."""
    customer = terms.customer
    if customer is None:
        return None
    if customer.id is not None:
        return f"customer:{customer.id}"
    keys = (key_of(value) for _, value in personal_values(customer))
    key = next((key for key in keys if key is not None), None)
    return None if key is None else f"key:{key}"


def velocity_inputs(
    rule: HoldRuleDefined, buyer: Buyer, placed_at: datetime
) -> list[tuple[str, str]]:
    """The inputs by which a velocity rule holds an order placed then, which the buyer does not
    count yet; none where it does not."""
    if rule.kind != "velocity" or rule.orders is None or rule.hours is None:
        return []
    since = placed_at - timedelta(hours=rule.hours)
    count = 1 + sum(since < each <= placed_at for each in buyer.orders.values())
    if count < rule.orders:
        return []
    limits = [("limit", str(rule.orders)), ("hours", str(rule.hours))]
    return [("orders", str(count)), *limits]
