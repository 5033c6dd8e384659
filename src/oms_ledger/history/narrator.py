"""Describes events one at a time: in words, with the cause, and with the fields that they changed
in the state of their stream."""

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
from oms_ledger.history.changes import FieldDifference, differences, flat
from oms_ledger.kernel import Json, Log, Recorded, State

CACHED_STATES = 5000
"""The most states that are cached. Others are folded again when they are needed, so that memory
does not grow with the history."""

LINE_COUNTERS = (
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
class HistoryEntry:
    """A recorded event, its `description` in sentences, and its `effects`: the fields of the
    stream's state that it changed."""

    recorded: Recorded
    description: list[str]
    effects: list[FieldDifference]

    def json(self) -> dict[str, Json]:
        """The event as in the feed, with its description as `words`, and its effects."""
        effects: list[Json] = [each._asdict() for each in self.effects]
        return {**feed_item(self.recorded), "words": self.description, "effects": effects}

    def text(self) -> str:
        """The entry as a paragraph, which depends on the log alone."""
        r, meta = self.recorded, self.recorded.meta
        lines = [
            *self.description,
            *_occurred(r),
            f"because of {_cause(r)}",
            *(change_text(*e) for e in self.effects),
        ]
        head = f"{r.position}  {rfc3339(meta.recorded_at)}  {meta.actor}  {meta.command}"
        return "\n    ".join((f"{head}  {r.stream} version {r.version}", *lines))


def _occurred(r: Recorded) -> Iterator[str]:
    if r.meta.occurred_at is not None:
        yield f"happened at {rfc3339(r.meta.occurred_at)}"


def _cause(r: Recorded) -> str:
    """The command, with causation and correlation ids where they are not its own."""
    meta = r.meta
    text = f"command {meta.command_id}"
    if meta.causation_id != meta.command_id:
        text += f", which followed from {meta.causation_id}"
    if meta.correlation_id not in (meta.command_id, meta.causation_id):
        text += f", part of {meta.correlation_id}"
    return text


def change_text(field: str, before: Json, after: Json) -> str:
    return f"{field}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Json) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)


class Narrator:
    """Describes events of a log in the given order. A state that is not cached, or not at the
    version before the event, is folded from the log."""

    def __init__(self, log: Log, cached_states: int = CACHED_STATES) -> None:
        self._log = log
        self._cached_states = cached_states
        self._cache: OrderedDict[str, tuple[State, dict[str, Json]]] = OrderedDict()

    def entries(self, history: Iterable[Recorded]) -> Iterator[HistoryEntry]:
        """An entry for each event, made as it is read."""
        for r in history:
            state, before = self._before(r)
            state.apply(r.event)
            state.version = r.version
            after = facts(state)
            self._add_to_cache(r.stream, state, after)
            yield HistoryEntry(r, describe(r.event, _skus(state)), differences(before, after))

    def _before(self, r: Recorded) -> tuple[State, dict[str, Json]]:
        """The state of the event's stream before the event, and its facts."""
        cached = self._cache.pop(r.stream, None)
        if cached is not None and cached[0].version == r.version - 1:
            return cached
        category, _, key = r.stream.partition("-")
        kind = STATES[category]
        state = kind() if r.version == 1 else self._log.fold(kind, key, r.position - 1)
        return state, facts(state)

    def _add_to_cache(self, stream: str, state: State, after: dict[str, Json]) -> None:
        self._cache[stream] = state, after
        if len(self._cache) > self._cached_states:
            self._cache.popitem(last=False)


def facts(state: State) -> dict[str, Json]:
    """The fields of a state that its events change, by dotted path."""
    if isinstance(state, Order):
        return _order_facts(state)
    document = _document(state)
    if isinstance(state, Shipment):
        document = {name: document[name] for name in ("status", "exception", "tracking_number")}
    elif isinstance(state, CustomerRecord):
        document = {"forgotten": state.forgotten, "holds": list(state.holds)}
    elif "defined" in document:
        document = _document(document["defined"])
    return {name: value for name, value in flat(document).items() if name != "version"}


def _document(value: object) -> Mapping[str, Json]:
    document = plain(value)
    return document if isinstance(document, Mapping) else {}


def _order_facts(order: Order) -> dict[str, Json]:
    """Statuses, holds, shipments, and the counters of each line."""
    if order.placed is None:
        return {}
    view = order_view(order)
    fields = flat({"status": view["status"], "holds": view["holds"], "shipments": order.shipments})
    for line_id, progress in order.lines.items():
        for name in LINE_COUNTERS:
            count = progress.line.quantity if name == "ordered" else getattr(progress, name)
            fields[f"lines.{line_id}.{name}"] = plain(count)
    return fields


def _skus(state: State) -> dict[str, str]:
    if not isinstance(state, Order):
        return {}
    return {line_id: progress.line.sku for line_id, progress in state.lines.items()}
