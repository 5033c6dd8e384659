"""What sensitive orders are about, in answers: who may not see it sees stars in its place.

An object in an answer is about a sensitive order when it says so itself (`"sensitive": true`), or
when it names an order, a shipment or a SKU that is sensitive by the log. So a new answer that says
nothing of it is looked through all the same. Within such an object every text is masked but for
the few whose names are known to be harmless: a new field is masked until somebody says it is not.
Numbers stay, and so do statuses, amounts and dates. Objects are `dict`s: nothing else is rendered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import State, stream_id
from oms_ledger.privacy.disclosure import MASKED

T = TypeVar("T")

MARK = "sensitive"

NAMED_BY: dict[str, type[State]] = {"order_id": Order, "shipment_id": Shipment, "sku": Product}
"""Fields whose value names a stream. An order and a shipment have the mark in their first event;
a product has it in its newest."""

LINKS = frozenset({"order_id", "shipment_id", "line_id", "position", "recorded_at", "occurred_at"})
"""What would lead from a SKU, where that is what was asked for, to the order it went to."""

_HARMLESS = (
    "order_id order_number number shipment_id line_id hold_id customer_id id next_cursor",
    "command command_id correlation_id causation_id actor type event kind code backorder",
    "status order payment fulfilment return returned exception",
    "channel carrier service tracking_number tracking_token",
    "currency total unit_price tax discount price",
    "at recorded_at occurred_at placed_at confirmed_at shipped_at delivered_at dispatched_at",
    "created_at updated_at scanned_at last_scan_at first_order_at last_order_at",
    "ship_by deliver_by promised_at promised_ship_at promised_delivery_at",
    "location locations from_location to_location place city town region country",
    "name email phone line1 line2 postal_code recipient first_name",
)

HARMLESS = frozenset(name for line in _HARMLESS for name in line.split())
"""Names of texts that say nothing of what an order is about. Those of the last line are personal,
and sealed: they are shown or masked by another right."""

_ORDERS = (f"{Order.category}-", f"{Shipment.category}-")
_PRODUCTS = f"{Product.category}-"
_STOCK = f"{StockLevel.category}-"
_NAMING = tuple((name, f"{kind.category}-") for name, kind in NAMED_BY.items())


@dataclass(slots=True)
class Named:
    """What an answer names, as streams. `said`: orders and shipments of which it says itself
    whether they are sensitive; `unsaid`: what the log must be asked of. `marked`: something in it
    says that it is sensitive."""

    said: dict[str, bool] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    marked: bool = False

    def sensitive(self, by_the_log: Iterable[str]) -> set[str]:
        """All that are, by its own word or by the log's: an order says it once in an answer, and
        other objects in it name the order without a word."""
        return {*by_the_log, *(stream for stream, mark in self.said.items() if mark)}


def named(body: object, within: Mapping[str, str] | None = None) -> Named:
    """What an answer names. `within` are the fields of the path it was asked for by."""
    found = Named()
    _gather(body, _streams(within or {}), False, found)
    found.unsaid -= found.said.keys()
    return found


def orders_in(sensitive: Iterable[str]) -> list[str]:
    """Those of these streams that are orders and shipments."""
    return sorted(stream for stream in sensitive if stream.startswith(_ORDERS))


def _gather(value: object, within: Sequence[str], told: bool, found: Named) -> None:
    """`told`: it is said already what is to be said of the SKUs in it."""
    if isinstance(value, dict):
        streams = [*within, *_streams(value)]
        mark = value.get(MARK)
        if isinstance(mark, bool):
            found.marked = found.marked or mark
            orders = [stream for stream in streams if stream.startswith(_ORDERS)]
            for stream in orders:
                found.said[stream] = mark or found.said.get(stream, False)
            if orders:
                return
            told = True
        found.unsaid.update(s for s in streams if not told or s.startswith(_ORDERS))
        for each in value.values():
            _gather(each, (), told, found)
    elif isinstance(value, list | tuple):
        for each in value:
            _gather(each, (), told, found)


def _streams(value: Mapping[str, object]) -> list[str]:
    """The streams that an object names in its own fields."""
    found = [begins + key for name, begins in _NAMING if isinstance(key := value.get(name), str)]
    stream = value.get("stream")
    if isinstance(stream, str):
        if stream.startswith(_STOCK):
            found.append(_PRODUCTS + stream.removeprefix(_STOCK).rpartition("@")[0])
        elif stream.startswith((*_ORDERS, _PRODUCTS)):
            found.append(stream)
    return found


@dataclass(frozen=True, slots=True)
class View:
    """How to show answers: `sensitive` are the streams that are; with `mask`, stars for what they
    are about, and the mark with `mark`. `harmless` are the names of texts that stay."""

    sensitive: Collection[str]
    mask: bool
    mark: bool = True
    harmless: Collection[str] = HARMLESS
    links: Collection[str] = ()


def view_by(path: Mapping[str, str], sensitive: Collection[str], *, may: bool, mark: bool) -> View:
    """For what was asked for by a path. One that names a SKU tells it; then what would lead to the
    order is masked."""
    if "sku" in path:
        return View(sensitive, not may, mark, HARMLESS - LINKS, LINKS)
    return View(sensitive, not may, mark)


def by_its_sku(body: object, path: Mapping[str, str], sensitive: Collection[str]) -> bool:
    """Whether an answer is about a sensitive product that the path asks for."""
    if "sku" not in path:
        return False
    mark = body.get(MARK) if isinstance(body, Mapping) else None
    return mark if isinstance(mark, bool) else stream_id(Product, path["sku"]) in sensitive


def streams_of(command: object) -> set[str]:
    """The order and the shipment that a command is about, as far as its fields say."""
    named = {name: getattr(command, name, None) for name in ("order_id", "shipment_id")}
    return set(_streams(named))


def shown(body: T, view: View, within: Mapping[str, str] | None = None) -> T:
    """An answer, with what is about sensitive orders marked and, where it is to be, masked."""
    return cast(T, _shown(body, _streams(within or {}), False, view))


def _shown(value: object, within: Sequence[str], told: bool, view: View) -> object:
    if isinstance(value, dict):
        if _about(value, within, told, view):
            return _sensitive(value, view)
        told = told or isinstance(value.get(MARK), bool)
        return {name: _shown(each, (), told, view) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each, (), told, view) for each in value]
    return value


def _about(value: Mapping[str, object], within: Sequence[str], told: bool, view: View) -> bool:
    """Whether an object is about something sensitive, or an object directly in it is: an event is
    about what its data is about. What stands in lists speaks for itself alone."""
    mark = value.get(MARK)
    if mark is True:
        return True
    streams = [*within, *_streams(value)]
    if mark is False:
        if any(stream.startswith(_ORDERS) for stream in streams):
            return False
        told = True
    if any(s in view.sensitive and (not told or s.startswith(_ORDERS)) for s in streams):
        return True
    return any(_about(v, (), told, view) for v in value.values() if isinstance(v, dict))


def _sensitive(value: Mapping[str, object], view: View) -> dict[str, object]:
    whole = {name: _masked(each, name, view) for name, each in value.items()} if view.mask else {}
    marked = {**(whole or value), MARK: True}
    if not view.mark:
        del marked[MARK]
    return marked


def _masked(value: object, name: str, view: View) -> object:
    if isinstance(value, str):
        return value if _harmless(name, value, view) else MASKED
    if isinstance(value, dict):
        return {inner: _masked(each, inner, view) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each, name, view) for each in value]
    return None if name in view.links else value


def _harmless(name: str, text: str, view: View) -> bool:
    if name == "stream":
        return text.startswith(_ORDERS)
    return name in view.harmless


def masked_faults(errors: Iterable[Mapping[str, T]]) -> list[dict[str, T | str]]:
    """What a refusal says of each line at fault, without the SKU."""
    return [{**each, "sku": MASKED} if "sku" in each else {**each} for each in errors]


def limited(params: T, *, may: bool = True, least: int = 1) -> T:
    """The parameters of a query, with no more asked than the asker may: sensitive products and
    what is in sensitive orders are not looked for without the right, and counts of sensitive
    orders below `least` are hidden from everybody."""
    changed: dict[str, object] = {}
    if not may and getattr(params, "with_sensitive", False):
        changed["with_sensitive"] = False
    if getattr(params, "smallest_count", least) < least:
        changed["smallest_count"] = least
    return replace(params, **changed) if changed else params  # type: ignore[type-var]  # parameters are dataclasses
