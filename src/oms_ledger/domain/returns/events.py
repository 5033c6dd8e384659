"""Events of a return's stream, and of a return policy's."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, ReturnId, Sku
from oms_ledger.kernel import Event, Record


class ReturnStreamEvent(Event, frozen=True):
    """An event of a return's stream."""

    category: ClassVar[str] = "return"
    return_id: ReturnId

    @property
    def key(self) -> str:
        return self.return_id


class RequestedLine(Record, frozen=True):
    """Units of a line that the buyer wants to return, or complains about. `line_id` is that of the
    order's line; of a blind return it is a number of its own."""

    line_id: LinkText
    sku: Sku
    quantity: int
    reason: str | None = None


class ReceivedLine(Record, frozen=True):
    """Units that came back. `condition` is resellable, damaged or wrong_item; `disposition` is
    restock, quarantine or write_off."""

    line_id: LinkText
    sku: Sku
    quantity: int
    condition: Harmless
    location: Harmless
    disposition: Harmless


class ReturnRequested(ReturnStreamEvent, frozen=True):
    """`kind` is return, exchange or claim (nothing comes back); `resolution` is refund, exchange,
    store_credit, replacement or none. A blind return has no `order_id`. `location` is where the
    goods are to go. `replacement` are the lines of the order that replaces the goods;
    `ship_replacement` is now or on_receipt. `override` is the reason for which staff accepted it
    outside the return policy. `account` is the key of the store credit's account which it is
    refunded to, `account_number` the account's name and `account_ending` its last characters."""

    type: ClassVar[str] = "return.requested.v1"
    return_id: ReturnId
    kind: Harmless
    resolution: Harmless
    lines: tuple[RequestedLine, ...]
    order_id: OrderId | None = None
    order_number: Harmless | None = None
    channel: Harmless | None = None
    currency: Harmless | None = None
    customer_id: Harmless | None = None
    location: Harmless | None = None
    note: str | None = None
    replacement: tuple[OrderLine, ...] = ()
    ship_replacement: Harmless | None = None
    refund_automatically: bool = False
    override: str | None = None
    sensitive: bool = False
    account: str | None = None
    account_number: Personal | None = None
    account_ending: Harmless | None = None


class ReturnApproved(ReturnStreamEvent, frozen=True):
    """The buyer may send the goods; a claim is accepted."""

    type: ClassVar[str] = "return.approved.v1"
    return_id: ReturnId
    note: str | None = None


class ReturnDeclined(ReturnStreamEvent, frozen=True):
    type: ClassVar[str] = "return.declined.v1"
    return_id: ReturnId
    reason: str


class ReplacementOrdered(ReturnStreamEvent, frozen=True):
    """The order `replacement_order_id` has the goods that the buyer gets instead."""

    type: ClassVar[str] = "return.replacement_ordered.v1"
    return_id: ReturnId
    replacement_order_id: Harmless


class ReturnReceived(ReturnStreamEvent, frozen=True):
    """Goods came back, more or fewer than requested. `complete`: nothing more is expected."""

    type: ClassVar[str] = "return.received.v1"
    return_id: ReturnId
    lines: tuple[ReceivedLine, ...]
    complete: bool = False


class ReturnRefunded(ReturnStreamEvent, frozen=True):
    """What was granted for the return, in minor units: the price of `lines` (`goods`), `shipping`,
    and `adjustment`, which is -`fee` and `advance`. An `advance` above 0 is a part of the price of
    units that are not in `lines` yet; below 0 it is deducted where these are. Of the sum `refunded`
    went back to the buyer, and `exchanged` paid the replacement; the rest lowers what is due."""

    type: ClassVar[str] = "return.refunded.v1"
    return_id: ReturnId
    refund_id: Harmless
    currency: Harmless
    lines: tuple[LineQuantity, ...] = ()
    goods: int = 0
    shipping: int = 0
    fee: int = 0
    advance: int = 0
    refunded: int = 0
    exchanged: int = 0

    @property
    def amount(self) -> int:
        return self.goods + self.shipping + self.adjustment

    @property
    def adjustment(self) -> int:
        return self.advance - self.fee


class ReturnClosed(ReturnStreamEvent, frozen=True):
    """Nothing more is received or refunded."""

    type: ClassVar[str] = "return.closed.v1"
    return_id: ReturnId
    note: str | None = None


class ReturnCancelled(ReturnStreamEvent, frozen=True):
    """The goods stay with the buyer. With `replacement_cancelled` the replacement was cancelled
    too."""

    type: ClassVar[str] = "return.cancelled.v1"
    return_id: ReturnId
    reason: str | None = None
    replacement_cancelled: bool = False


class ReturnReopened(ReturnStreamEvent, frozen=True):
    """A closed return goes on where it was; a declined or cancelled one is requested again."""

    type: ClassVar[str] = "return.reopened.v1"
    return_id: ReturnId
    reason: str | None = None


ReturnEvent: TypeAlias = (
    ReturnRequested
    | ReturnApproved
    | ReturnDeclined
    | ReplacementOrdered
    | ReturnReceived
    | ReturnRefunded
    | ReturnClosed
    | ReturnCancelled
    | ReturnReopened
)
RETURN_EVENTS: tuple[type[ReturnEvent], ...] = get_args(ReturnEvent)


class ReturnPolicyDefined(Event, frozen=True):
    """Goods may be returned for so many days from their delivery: of orders of `channels` and
    products of `categories`, or of all where these are empty."""

    type: ClassVar[str] = "return_policy.defined.v1"
    category: ClassVar[str] = "return_policy"
    name: Harmless
    days_from_delivery: int
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.name
