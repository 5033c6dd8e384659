"""Invariants of every log, whatever happened to its writers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Recorded


def assert_dense(log: Iterable[Recorded]) -> None:
    """Positions 1, 2, 3 ... in the ledger and versions 1, 2, 3 ... in each stream."""
    versions: dict[str, int] = defaultdict(int)
    for expected, recorded in enumerate(log, start=1):
        assert recorded.position == expected, "a position is missing or doubled"
        versions[recorded.stream] += 1
        assert recorded.version == versions[recorded.stream], f"a hole in {recorded.stream}"


def assert_never_oversold(log: Iterable[Recorded]) -> None:
    """At no position is more stock allocated than on hand."""
    stock: dict[str, StockLevel] = defaultdict(StockLevel)
    for recorded in log:
        if recorded.stream.startswith("stock-"):
            level = stock[recorded.stream]
            level.apply(recorded.event)
            assert level.free >= 0, f"{recorded.stream} is oversold at {recorded.position}"
