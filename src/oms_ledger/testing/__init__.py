"""Test tools for programs on the ledger: commands and read models without a database.

`given` past events, `when` a command is decided, `then` events follow, or it is refused with a
code, or one of its fields is invalid:

>>> from oms_commands.stock.adjust import AdjustStock
>>> from oms_ledger.domain.catalogue.events import LocationDefined, Site
>>> from oms_ledger.domain.catalogue.events import ProductDefined
>>> from oms_ledger.domain.stock.events import StockAdjusted, StockReceived
>>> shelf = given(
...     LocationDefined("LON", "London", "warehouse", Site(), 1, None),
...     ProductDefined("A", "Heart", True),
...     StockReceived("A", "LON", 5),
... )
>>> broken = AdjustStock(sku="A", location="LON", change=-2, reason="broken")
>>> shelf.when(broken).then(StockAdjusted("A", "LON", -2, "broken"))
>>> lost = shelf.when(AdjustStock, sku="A", location="LON", change=-6, reason="lost")
>>> lost.then_refused("insufficient_stock").errors[0]["available"]
5
>>> nothing = shelf.when(AdjustStock, sku="A", location="LON", set_to=-1, reason="lost")
>>> nothing.then_invalid("set_to")
'Write 0 or more.'

The same events, folded into a read model:

>>> from oms_projections.stock_levels import READ_MODEL
>>> from oms_projections.stock_levels.rows import StockRow
>>> seen = shelf.folded_into(READ_MODEL)
>>> [(row.sku, row.location, row.on_hand) for row in seen.of(StockRow)]
[('A', 'LON', 5)]

A policy: the commands that follow from the last of the events:

>>> from oms_ledger.kernel import Policy
>>> gift = Policy(
...     "when_stock_received_add_one",
...     frozenset({StockReceived.type}),
...     lambda recorded, log: [AdjustStock("A", "LON", reason="gift", change=1)],
... )
>>> [(command.name, command.change) for command in shelf.reaction_of(gift)]
[('AdjustStock', 1)]

A ledger with the real writer, on a log in memory:

>>> from oms_commands.catalogue.put_location import PutLocation
>>> from oms_commands.stock.receive import ReceiveStock
>>> with MemoryLedger() as ledger:
...     _ = ledger.execute(PutLocation(code="LON", name="London"))
...     received = ledger.execute(ReceiveStock(sku="A", location="LON", quantity=5))
...     history = ledger.history()
>>> received.position, received.answer["on_hand"]
(3, 5)
>>> [recorded.event.type for recorded in history]
['location.defined.v1', 'product.defined.v2', 'stock.received.v1']
"""

from __future__ import annotations

from oms_ledger.testing.changes import replace
from oms_ledger.testing.decision import CONTEXT, Decision, Past, given
from oms_ledger.testing.fold import Folded, columns_of, folded
from oms_ledger.testing.history import START, recorded
from oms_ledger.testing.log import LogUntil, Records
from oms_ledger.testing.memory import MemoryLedger

__all__ = [
    "CONTEXT",
    "START",
    "Decision",
    "Folded",
    "LogUntil",
    "MemoryLedger",
    "Past",
    "Records",
    "columns_of",
    "folded",
    "given",
    "recorded",
    "replace",
]
