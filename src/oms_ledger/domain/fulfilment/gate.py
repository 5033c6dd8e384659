"""What keeps a shipment of an order from leaving, and the record of what was overridden."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from oms_ledger.domain.channels.state import settings_of
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.holds import Hold
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Given, Json


@dataclass(frozen=True, slots=True)
class Override:
    """A person lets a shipment go although something blocks it. `blocks` are what was overridden:
    `hold:<hold id>`, `unpaid`, or a block of a fulfilment order. Without blocks there is no
    `reason`."""

    reason: str | None = None
    blocks: tuple[str, ...] = ()


NOTHING_OVERRIDDEN = Override()


@dataclass(frozen=True, slots=True)
class Block:
    """`name` is its name in the record, `text` what it is called in a sentence, `error` what a
    refusal says of it, `remedy` what ends it."""

    name: str
    text: str
    error: Mapping[str, Json]
    remedy: str


def require_unblocked(
    order: Order,
    line_ids: Collection[str],
    force: str | None,
    given: Given,
    of_work: Iterable[Block] = (),
) -> Override:
    """What was overridden, with the reason in `force`. Without one `Refused` with `ship_blocked`,
    naming each block of a shipment of these lines. `of_work` are blocks of the fulfilment order
    that it is of."""
    blocks = [*holds_of(order, line_ids), *_unpaid(order, given), *of_work]
    if not blocks:
        return Override()
    if force is None:
        texts = [each.text for each in blocks]
        raise Refused(
            f"The shipment is blocked: the order is {' and '.join(filter(None, texts))}."
            f" {remedies(blocks)}; or send `force: true` with a `reason`.",
            code="ship_blocked",
            errors=[each.error for each in blocks],
        )
    return Override(force, tuple(each.name for each in blocks))


def remedies(blocks: Iterable[Block]) -> str:
    """What ends the blocks, as a sentence without its full stop."""
    text = "; ".join(dict.fromkeys(each.remedy for each in blocks))
    return text[0].upper() + text[1:]


def holds_of(order: Order, line_ids: Collection[str]) -> list[Block]:
    """Holds of the order, and of these lines. The reasons (free text) of a sensitive order are
    left out."""
    holds = [hold for hold in order.holds.values() if hold.applies_to(line_ids)]
    if not holds:
        return []
    reasons = ", ".join(sorted({hold.reason for hold in holds}))
    text = "on hold" if order.sensitive else f"on hold ({reasons})"
    first, *others = holds
    remedy = "release its holds"
    return [
        Block(f"hold:{first.hold_id}", text, _hold_error(first, order), remedy),
        *(Block(f"hold:{each.hold_id}", "", _hold_error(each, order), remedy) for each in others),
    ]


def _hold_error(hold: Hold, order: Order) -> dict[str, Json]:
    reason = None if order.sensitive else hold.reason
    return {"block": "hold", "hold_id": hold.hold_id, "reason": reason, "lines": list(hold.lines)}


def _unpaid(order: Order, given: Given) -> list[Block]:
    """Where the channel ships nothing unpaid: what is due and neither paid nor authorised."""
    settings = settings_of(order.terms.channel, given)
    missing, currency = order.balance.uncovered, order.terms.currency
    if settings is None or settings.ship_unpaid is not False or not missing:
        return []
    amount = to_text(missing, currency)
    error: dict[str, Json] = {"block": "unpaid", "due": amount, "currency": currency}
    return [Block("unpaid", f"unpaid ({amount} {currency})", error, "take what is due")]
