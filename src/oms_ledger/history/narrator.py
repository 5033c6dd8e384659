"""One event at a time: in words, with its cause, and with what it did to its stream's state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.domain.describe import describe
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.json_values import feed_item, plain, rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.registry import STATES
from oms_ledger.history.changes import Difference, differences, flat
from oms_ledger.kernel import Json, Log, Recorded, State

REMEMBERED = 5000
"""States kept while a history is told. The others are folded again when they are needed, so that
a history of any length takes the same memory."""

COUNTERS = (
    "ordered",
    "allocated",
    "packed",
    "backordered",
    "shipped",
    "delivered",
    "cancelled",
    "returned",
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and what is to be said of it."""

    recorded: Recorded
    words: list[str]
    effects: list[Difference]

    def json(self) -> dict[str, Json]:
        """As the feed shows it, with words and effects."""
        effects: list[Json] = [each._asdict() for each in self.effects]
        return {**feed_item(self.recorded), "words": self.words, "effects": effects}

    def text(self) -> str:
        """A paragraph; the same for the same event, wherever it is printed."""
        r, meta = self.recorded, self.recorded.meta
        lines = [
            *self.words,
            *_happened(r),
            f"because of {_cause(r)}",
            *(said(*e) for e in self.effects),
        ]
        head = f"{r.position}  {rfc3339(meta.recorded_at)}  {meta.actor}  {meta.command}"
        return "\n    ".join((f"{head}  {r.stream} version {r.version}", *lines))


def _happened(r: Recorded) -> Iterator[str]:
    if r.meta.occurred_at is not None:
        yield f"happened at {rfc3339(r.meta.occurred_at)}"


def _cause(r: Recorded) -> str:
    """The command; and what led to it, where that was not simply its being asked for."""
    meta = r.meta
    said = f"command {meta.command_id}"
    if meta.causation_id != meta.command_id:
        said += f", which followed from {meta.causation_id}"
    if meta.correlation_id not in (meta.command_id, meta.causation_id):
        said += f", part of {meta.correlation_id}"
    return said


def said(field: str, before: Json, after: Json) -> str:
    return f"{field}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Json) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)


class Teller:
    """Tells events of a log in the order they are given. Whatever state is not at hand, because
    it was forgotten or events were left out, is folded from the log."""

    def __init__(self, log: Log, remembered: int = REMEMBERED) -> None:
        self._log = log
        self._remembered = remembered
        self._known: OrderedDict[str, tuple[State, dict[str, Json]]] = OrderedDict()

    def tell(self, history: Iterable[Recorded]) -> Iterator[Told]:
        for r in history:
            state, before = self._before(r)
            state.apply(r.event)
            state.version = r.version
            after = facts(state)
            self._remember(r.stream, state, after)
            yield Told(r, describe(r.event, _skus(state)), differences(before, after))

    def _before(self, r: Recorded) -> tuple[State, dict[str, Json]]:
        """The stream's state without this event, and what there was to see of it."""
        known = self._known.pop(r.stream, None)
        if known is not None and known[0].version == r.version - 1:
            return known
        category, _, key = r.stream.partition("-")
        kind = STATES[category]
        state = kind() if r.version == 1 else self._log.fold(kind, key, r.position - 1)
        return state, facts(state)

    def _remember(self, stream: str, state: State, after: dict[str, Json]) -> None:
        self._known[stream] = state, after
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)


def facts(state: State) -> dict[str, Json]:
    """What events of its kind change of a state, by dotted name."""
    if isinstance(state, Order):
        return _stand(state)
    seen = _document(state)
    if isinstance(state, Shipment):
        seen = {name: seen[name] for name in ("status", "exception", "tracking_number")}
    elif isinstance(state, CustomerRecord):
        seen = {"forgotten": state.forgotten, "holds": list(state.holds)}
    elif "defined" in seen:
        seen = _document(seen["defined"])
    return {name: value for name, value in flat(seen).items() if name != "version"}


def _document(value: object) -> Mapping[str, Json]:
    document = plain(value)
    return document if isinstance(document, Mapping) else {}


def _stand(order: Order) -> dict[str, Json]:
    """Statuses, holds, shipments, and how far each line has come."""
    if order.placed is None:
        return {}
    seen = order_view(order)
    found = flat({"status": seen["status"], "holds": seen["holds"], "shipments": order.shipments})
    for line_id, progress in order.lines.items():
        for name in COUNTERS:
            count = progress.line.quantity if name == "ordered" else getattr(progress, name)
            found[f"lines.{line_id}.{name}"] = plain(count)
    return found


def _skus(state: State) -> dict[str, str]:
    if not isinstance(state, Order):
        return {}
    return {line_id: progress.line.sku for line_id, progress in state.lines.items()}
