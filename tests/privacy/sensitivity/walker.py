"""Masks the content of sensitive orders in answers, for readers without the right to see it.

An object in an answer is about a sensitive order if it declares so (`"sensitive": true`), or if it
names an order, shipment or SKU that is sensitive according to the log. So an answer of a new type
that declares nothing is still checked. In such an object every text is masked except fields named
in `HARMLESS`: a new field is masked until it is listed there. Numbers, statuses, amounts and dates
are kept. Objects are `dict`s: nothing else is rendered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.lots.state import Lot, Serial
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Query, State, stream_id
from oms_ledger.privacy.disclosure import MASKED
from oms_ledger.testing import replace

T = TypeVar("T")

MARK = "sensitive"

NAMED_BY: dict[str, type[State]] = {
    "order_id": Order,
    "fulfilment_id": Fulfilment,
    "into": Fulfilment,
    "merged": Fulfilment,
    "new_fulfilment_id": Fulfilment,
    "shipment_id": Shipment,
    "case_id": ShipmentCase,
    "return_id": Return,
    "payment_id": Payment,
    "message_id": Message,
    "draft_id": Draft,
    "reservation_id": Reservation,
    "sku": Product,
}
"""Fields whose value names a stream, and its type. Orders, shipments, cases, returns, payments,
messages and reservations carry the mark in their first event, products and drafts in their
newest."""

LINKS = frozenset(
    {
        "order_id",
        "fulfilment_id",
        "into",
        "merged",
        "new_fulfilment_id",
        "shipment_id",
        "case_id",
        "return_id",
        "payment_id",
        "message_id",
        "reservation_id",
        "part_id",
        "line_id",
        "line",
        "order_ref",
        "buyer_id",
        "left_at",
        "came_back_at",
        "position",
        "recorded_at",
        "occurred_at",
    }
)
"""Fields that would lead from a sensitive SKU in the path to the orders that contain it."""

_HARMLESS = (
    "order_id order_number number shipment_id line_id hold_id edit_id customer_id id next_cursor",
    "return_id payment_id refund_id replacement_order_id replacement_for kind resolution condition",
    "imported fate stock",
    "case_id scan opened_at opened_by closed_by",
    "available_at preorder_id preorder_available_at crossed_at",
    "disposition ship_replacement requested_at received_at closed_at granted refunded exchanged",
    "provider capture amount authorised pending captured refunding refundable charged_back",
    "due credit expires_at draft_id intake line message_id template part_id locale",
    "connection vendor base_url vendor_code",
    "not_before",
    "reservation_id waiting_since fulfilment_id into merged new_fulfilment_id",
    "inbound_id transfer_id count_id source expected_at expires_on",
    "from_state to_state lot_status status_before order_ref buyer_id left_at came_back_at",
    "day received_on sold_on first_day last_day",
    "command command_id correlation_id causation_id actor type event kind code backorder",
    "status order payment fulfilment return returned exception",
    "channel carrier service tracking_number tracking_token",
    "currency total unit_price tax discount price difference amount_due",
    "at recorded_at occurred_at placed_at confirmed_at shipped_at delivered_at dispatched_at",
    "created_at updated_at scanned_at last_scan_at first_order_at last_order_at",
    "ship_by deliver_by fulfil_at promised_at promised_ship_at promised_delivery_at",
    "postal_area day decided_by excluded faults rules parcel per_km prefix origin",
    "location locations from_location to_location place city town region country",
    "account_ending",
    "name email phone line1 line2 postal_code recipient first_name account_number",
)

HARMLESS = frozenset(name for line in _HARMLESS for name in line.split())
"""Names of text fields that reveal nothing about the content of an order. The fields of the last
line are personal and sealed: another right decides about them."""

_ORDERS = tuple(f"{kind.category}-" for kind in NAMED_BY.values() if kind is not Product)
_PRODUCTS = f"{Product.category}-"
_OF_SKUS = tuple(f"{kind.category}-" for kind in (StockLevel, Lot, Serial))
_NAMING = tuple((name, f"{kind.category}-") for name, kind in NAMED_BY.items())


@dataclass(slots=True)
class Mentions:
    """Streams that an answer mentions. `declared` maps the orders and shipments that carry their
    own mark to it; `undeclared` are the streams to look up in the log. `marked` is True if any
    object in the answer declares itself sensitive."""

    declared: dict[str, bool] = field(default_factory=dict)
    undeclared: set[str] = field(default_factory=set)
    marked: bool = False

    def sensitive(self, by_log: Iterable[str]) -> set[str]:
        """All sensitive streams: those declared so, and those of `by_log`. An order declares its
        mark once in an answer, while other objects mention the order without it."""
        return {*by_log, *(stream for stream, mark in self.declared.items() if mark)}


def mentions_in(body: object, path: Mapping[str, str] | None = None) -> Mentions:
    """The streams that an answer mentions. `path` are the fields of the requested path."""
    mentions = Mentions()
    _gather(body, _streams(path or {}), False, mentions)
    mentions.undeclared -= mentions.declared.keys()
    return mentions


def is_declared_insensitive(body: object) -> bool:
    """Whether an answer is an order or a shipment that declares itself not sensitive. It declares
    so for all that is in it: `mentions_in` would find nothing sensitive."""
    return (
        isinstance(body, dict)
        and body.get(MARK) is False
        and (isinstance(body.get("order_id"), str) or isinstance(body.get("shipment_id"), str))
    )


def order_streams(streams: Iterable[str]) -> list[str]:
    """The streams of orders and shipments among these, sorted."""
    return sorted(stream for stream in streams if stream.startswith(_ORDERS))


def _gather(value: object, outer: Sequence[str], declared: bool, mentions: Mentions) -> None:
    """Collect what `value` mentions. `outer` are streams named by the path. `declared`: an
    enclosing object already carries a mark, so SKUs inside need no lookup."""
    if isinstance(value, dict):
        streams = [*outer, *_streams(value)]
        mark = value.get(MARK)
        if isinstance(mark, bool):
            mentions.marked = mentions.marked or mark
            orders = [stream for stream in streams if stream.startswith(_ORDERS)]
            for stream in orders:
                mentions.declared[stream] = mark or mentions.declared.get(stream, False)
            if orders:
                return
            declared = True
        mentions.undeclared.update(s for s in streams if not declared or s.startswith(_ORDERS))
        for each in value.values():
            _gather(each, (), declared, mentions)
    elif isinstance(value, list | tuple):
        for each in value:
            _gather(each, (), declared, mentions)


def _streams(value: Mapping[str, object]) -> list[str]:
    """The streams that an object names in its own fields."""
    streams = [prefix + key for name, prefix in _NAMING if isinstance(key := value.get(name), str)]
    stream = value.get("stream")
    if isinstance(stream, str):
        if stream.startswith(_OF_SKUS):
            streams.append(_PRODUCTS + stream.partition("-")[2].rpartition("@")[0])
        elif stream.startswith((*_ORDERS, _PRODUCTS)):
            streams.append(stream)
    return streams


@dataclass(frozen=True, slots=True)
class SensitivityView:
    """How to render answers for one reader. `sensitive` are the sensitive streams. `mask`: replace
    texts about them by `***`. `mark`: add `"sensitive": true` to objects about them. Text fields
    named in `harmless` are kept; other values of fields named in `links` become null."""

    sensitive: Collection[str]
    mask: bool
    mark: bool = True
    harmless: Collection[str] = HARMLESS
    links: Collection[str] = ()


def view_of(
    path: Mapping[str, str], sensitive: Collection[str], *, may: bool, mark: bool
) -> SensitivityView:
    """The view of a reader who has the right to sensitive content (`may`) or not. A path that
    names a SKU discloses that SKU, so links to the orders that contain it are masked too."""
    if "sku" in path:
        return SensitivityView(sensitive, not may, mark, HARMLESS - LINKS, LINKS)
    return SensitivityView(sensitive, not may, mark)


def is_of_sensitive_product(
    body: object, path: Mapping[str, str], sensitive: Collection[str]
) -> bool:
    """Whether the path names a SKU whose product is sensitive."""
    if "sku" not in path:
        return False
    mark = body.get(MARK) if isinstance(body, Mapping) else None
    return mark if isinstance(mark, bool) else stream_id(Product, path["sku"]) in sensitive


def streams_of(command: object) -> set[str]:
    """The streams of the order, shipment, return and payment that a command names in its fields."""
    keys = {name: getattr(command, name, None) for name in NAMED_BY if name != "sku"}
    return set(_streams(keys))


def rendered(body: T, view: SensitivityView, path: Mapping[str, str] | None = None) -> T:
    """The answer with objects about sensitive streams marked and masked as the view demands."""
    return cast(T, _rendered(body, _streams(path or {}), False, view))


def _rendered(value: object, outer: Sequence[str], declared: bool, view: SensitivityView) -> object:
    if isinstance(value, dict):
        if _is_sensitive(value, outer, declared, view):
            return _sensitive(value, view)
        declared = declared or isinstance(value.get(MARK), bool)
        return {name: _rendered(each, (), declared, view) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(each, (), declared, view) for each in value]
    return value


def _is_sensitive(
    value: Mapping[str, object], outer: Sequence[str], declared: bool, view: SensitivityView
) -> bool:
    """Whether an object, or an object directly in one of its fields, is about a sensitive stream:
    an event is about what its `data` is about. Items of lists are judged one by one."""
    mark = value.get(MARK)
    if mark is True:
        return True
    streams = [*outer, *_streams(value)]
    if mark is False:
        if any(stream.startswith(_ORDERS) for stream in streams):
            return False
        declared = True
    if any(s in view.sensitive and (not declared or s.startswith(_ORDERS)) for s in streams):
        return True
    return any(_is_sensitive(v, (), declared, view) for v in value.values() if isinstance(v, dict))


def _sensitive(value: Mapping[str, object], view: SensitivityView) -> dict[str, object]:
    masked = {name: _masked(each, name, view) for name, each in value.items()} if view.mask else {}
    marked = {**(masked or value), MARK: True}
    if not view.mark:
        del marked[MARK]
    return marked


def _masked(value: object, name: str, view: SensitivityView) -> object:
    if isinstance(value, str):
        return value if _is_harmless(name, value, view) else MASKED
    if isinstance(value, dict):
        return {inner: _masked(each, inner, view) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each, name, view) for each in value]
    return None if name in view.links else value


def _is_harmless(name: str, text: str, view: SensitivityView) -> bool:
    if name == "stream":
        return text.startswith(_ORDERS)
    return name in view.harmless


def without_skus(errors: Iterable[Mapping[str, T]]) -> list[dict[str, T | str]]:
    """The `errors` of a refusal with the SKU of each line masked."""
    return [{**each, "sku": MASKED} if "sku" in each else {**each} for each in errors]


def restricted(query: Query, params: T, *, may: bool = True, least: int = 1) -> T:
    """The parameters of a query, limited to what the reader may see: without the right to sensitive
    content (`may`) sensitive records are excluded, and for every reader the smallest count shown is
    at least `least`."""
    changed: dict[str, object] = {}
    if query.sensitive_filter and not may and getattr(params, query.sensitive_filter):
        changed[query.sensitive_filter] = False
    if query.minimum_count and getattr(params, query.minimum_count) < least:
        changed[query.minimum_count] = least
    return replace(params, **changed) if changed else params
