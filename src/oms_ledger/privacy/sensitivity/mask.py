"""Masks the content of sensitive orders in answers, for readers without the right to see it.

An object in an answer is about a sensitive order if it declares so (`"sensitive": true`), or if it
names an order, shipment, draft or SKU that is sensitive according to the log; the type of a field
says that it names one. In such an object every text is masked except those that their type declares
harmless or personal (`domain/text_kinds.py`). Numbers, statuses, amounts and dates are kept. Texts
that no type declares are masked wherever they are. Objects are `dict`s: nothing else is rendered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from oms_ledger.domain.text_kinds import TextKind
from oms_ledger.kernel import Query, State, stream_id
from oms_ledger.privacy.disclosure import MASKED
from oms_ledger.privacy.sensitivity.plans import UNDECLARED, FieldPlan, ObjectPlan

T = TypeVar("T")

MARK = "sensitive"

NAMED_BY: dict[str, type[State]] = {
    "order_id": Order,
    "fulfilment_id": Fulfilment,
    "shipment_id": Shipment,
    "case_id": ShipmentCase,
    "return_id": Return,
    "payment_id": Payment,
    "message_id": Message,
    "draft_id": Draft,
    "reservation_id": Reservation,
    "sku": Product,
}
"""Fields of paths and commands whose value names a stream, and its type. Orders, shipments,
cases, returns, payments, messages and reservations carry the mark in their first event, products
and drafts in their newest."""

_ORDERS = tuple(f"{kind.category}-" for kind in NAMED_BY.values() if kind is not Product)
_PRODUCTS = f"{Product.category}-"
_OF_SKUS = tuple(f"{kind.category}-" for kind in (StockLevel, Lot, Serial))
"""Streams whose keys are a SKU, an `@` and another name."""
_NESTED = frozenset({dict, list, tuple})


@dataclass(slots=True)
class Mentions:
    """Streams that an answer mentions. `declared` maps the orders, shipments and drafts that carry
    their own mark to it; `undeclared` are the streams to look up in the log. `marked` is True if
    any object in the answer declares itself sensitive, `untyped` if it has texts that no type
    declares."""

    declared: dict[str, bool] = field(default_factory=dict)
    undeclared: set[str] = field(default_factory=set)
    marked: bool = False
    untyped: bool = False

    def sensitive(self, by_log: Iterable[str]) -> set[str]:
        """All sensitive streams: those declared so, and those of `by_log`. An order declares its
        mark once in an answer, while other objects mention the order without it."""
        return {*by_log, *(stream for stream, mark in self.declared.items() if mark)}


def mentions_in(body: object, plan: FieldPlan, path: Mapping[str, str] | None = None) -> Mentions:
    """The streams that an answer mentions. `path` are the fields of the requested path."""
    mentions = Mentions()
    _gather(body, plan, named_by(path or {}), False, mentions)
    mentions.undeclared -= mentions.declared.keys()
    return mentions


def is_declared_insensitive(body: object, plan: FieldPlan) -> bool:
    """Whether an answer is an order, shipment or draft that declares itself not sensitive. It
    declares so for all that is in it: `mentions_in` would find nothing sensitive."""
    return (
        isinstance(body, dict)
        and body.get(MARK) is False
        and any(stream.startswith(_ORDERS) for stream in _streams(body, plan.objects))
    )


def order_streams(streams: Iterable[str]) -> list[str]:
    """The streams of orders, and of what else carries a mark as they do, among these, sorted."""
    return sorted(stream for stream in streams if stream.startswith(_ORDERS))


def _gather(
    value: object, plan: FieldPlan, outer: Sequence[str], declared: bool, mentions: Mentions
) -> None:
    """Collect what `value` mentions. `outer` are streams named by the path. `declared`: an
    enclosing object already carries a mark, so SKUs inside need no lookup."""
    if isinstance(value, dict):
        streams = [*outer, *_streams(value, plan.objects)]
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
        fields = plan.objects.fields if plan.objects is not None else {}
        is_mapping = plan.objects is not None and plan.objects.values is not None
        for name, each in value.items():
            if type(each) in _NESTED:
                _gather(each, _plan_of(name, value, plan), (), declared, mentions)
            elif name not in fields and isinstance(each, str) and not is_mapping:
                mentions.untyped = True
    elif isinstance(value, list | tuple):
        for each in value:
            _gather(each, plan, (), declared, mentions)
    elif plan is UNDECLARED and isinstance(value, str):
        mentions.untyped = True


def _plan_of(name: str, value: Mapping[str, object], plan: FieldPlan) -> FieldPlan:
    return UNDECLARED if plan.objects is None else plan.objects.of_field(name, value)


def _streams(value: Mapping[str, object], plan: ObjectPlan | None) -> list[str]:
    """The streams that an object names in its own fields."""
    if plan is None:
        return []
    streams = [
        prefix + key for name, prefix in plan.naming if isinstance(key := value.get(name), str)
    ]
    if plan.stream_field is not None:
        stream = value.get(plan.stream_field)
        if isinstance(stream, str):
            streams += _content_of(stream)
    return streams


def _content_of(stream: str) -> list[str]:
    """The stream that decides whether an event of this stream is sensitive; none of many."""
    if stream.startswith(_OF_SKUS):
        return [_PRODUCTS + stream.partition("-")[2].rpartition("@")[0]]
    return [stream] if stream.startswith((*_ORDERS, _PRODUCTS)) else []


def named_by(fields: Mapping[str, object]) -> list[str]:
    """The streams that the fields of a path or of a command name."""
    return [
        stream_id(kind, key)
        for name, kind in NAMED_BY.items()
        if isinstance(key := fields.get(name), str)
    ]


@dataclass(frozen=True, slots=True)
class SensitivityView:
    """How to render answers for one reader. `sensitive` are the sensitive streams. `mask`: replace
    texts about them, and untyped ones, by `***`. `mark`: add `"sensitive": true` to objects about
    them. `unlinked`: mask what leads from a SKU to orders too; numbers that do become null."""

    sensitive: Collection[str]
    mask: bool
    mark: bool = True
    unlinked: bool = False


def view_of(
    path: Mapping[str, str], sensitive: Collection[str], *, may: bool, mark: bool
) -> SensitivityView:
    """The view of a reader who has the right to sensitive content (`may`) or not. A path that
    names a SKU discloses that SKU, so links to the orders that contain it are masked too."""
    return SensitivityView(sensitive, not may, mark, unlinked="sku" in path)


def is_of_sensitive_product(
    body: object, path: Mapping[str, str], sensitive: Collection[str]
) -> bool:
    """Whether the path names a SKU whose product is sensitive."""
    if "sku" not in path:
        return False
    mark = body.get(MARK) if isinstance(body, Mapping) else None
    return mark if isinstance(mark, bool) else stream_id(Product, path["sku"]) in sensitive


def streams_of(command: object) -> set[str]:
    """The streams of the order, shipment, return, payment and draft that a command names in its
    fields."""
    return set(named_by({n: getattr(command, n, None) for n in NAMED_BY if n != "sku"}))


def rendered(
    body: T, plan: FieldPlan, view: SensitivityView, path: Mapping[str, str] | None = None
) -> T:
    """The answer with objects about sensitive streams marked and masked as the view demands."""
    return cast(T, _rendered(body, plan, named_by(path or {}), False, view))


def _rendered(
    value: object, plan: FieldPlan, outer: Sequence[str], declared: bool, view: SensitivityView
) -> object:
    if isinstance(value, dict):
        if _is_sensitive(value, plan, outer, declared, view):
            return _sensitive(value, plan, view)
        declared = declared or isinstance(value.get(MARK), bool)
        return {
            name: _rendered(each, _plan_of(name, value, plan), (), declared, view)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_rendered(each, plan, (), declared, view) for each in value]
    if plan is UNDECLARED and view.mask and isinstance(value, str):
        return MASKED
    return value


def _is_sensitive(
    value: Mapping[str, object],
    plan: FieldPlan,
    outer: Sequence[str],
    declared: bool,
    view: SensitivityView,
) -> bool:
    """Whether an object, or an object directly in one of its fields, is about a sensitive stream:
    an event is about what its `data` is about. Items of lists are judged one by one."""
    mark = value.get(MARK)
    if mark is True:
        return True
    streams = [*outer, *_streams(value, plan.objects)]
    if mark is False:
        if any(stream.startswith(_ORDERS) for stream in streams):
            return False
        declared = True
    if any(s in view.sensitive and (not declared or s.startswith(_ORDERS)) for s in streams):
        return True
    return any(
        _is_sensitive(each, _plan_of(name, value, plan), (), declared, view)
        for name, each in value.items()
        if isinstance(each, dict)
    )


def _sensitive(
    value: Mapping[str, object], plan: FieldPlan, view: SensitivityView
) -> dict[str, object]:
    shown = _masked(value, plan, view) if view.mask else value
    marked = {**cast(Mapping[str, object], shown), MARK: True}
    if not view.mark:
        del marked[MARK]
    return marked


def _masked(value: object, plan: FieldPlan, view: SensitivityView) -> object:
    if isinstance(value, str):
        return value if _is_harmless(value, plan, view) else MASKED
    if isinstance(value, dict):
        return {
            name: _masked(each, _plan_of(name, value, plan), view) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(each, plan, view) for each in value]
    return None if plan.link and view.unlinked else value


def _is_harmless(text: str, plan: FieldPlan, view: SensitivityView) -> bool:
    if plan.kind is TextKind.STREAM:
        return text.startswith(_ORDERS)
    return plan.harmless and not (plan.link and view.unlinked)


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
    return replace(params, **changed) if changed else params  # type: ignore[type-var]  # parameters are dataclasses
