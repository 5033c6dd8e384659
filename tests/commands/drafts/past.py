"""Drafts that commands are tried on."""

from __future__ import annotations

from oms_ledger.domain.drafts.content import DraftContent, DraftLine, DraftShipping
from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Personal

CONTENT = DraftContent(
    "web",
    "GBP",
    (DraftLine("A", 6, "2.55", "0.10"),),
    customer=Customer("c1", Personal("sealed:v1:k1:abc")),
    shipping=DraftShipping("standard", "4.95"),
)
"""What an order needs, and more."""

SAVED = DraftSaved("d1", CONTENT)
