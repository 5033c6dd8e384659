"""The revenue of imported orders, summed over the log."""

from __future__ import annotations

from collections.abc import Container

from oms_ledger.app import Oms
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.engine.db import pool
from oms_ledger.engine.project.pages import read_page, stored_names
from oms_ledger.importers.plan import CHANNEL
from oms_ledger.kernel import Recorded

PAGE = 50_000
"""Positions read by one query; only placed orders are decoded."""


def ledger_revenue(oms: Oms, invoices: Container[str]) -> tuple[int, int]:
    """Revenue in pence of goods and of services: quantity x unit price over all lines of the orders
    of these invoices."""
    goods = services = 0
    topics = stored_names([OrderPlaced.type])
    with pool.connect(oms.url, oms.settings.schema) as connection:
        after = 0
        while (page := read_page(connection, after, after + PAGE, topics)) is not None:
            after = page.last
            for entry in page.entries:
                if isinstance(entry, Recorded) and isinstance(entry.event, OrderPlaced):
                    order_goods, order_services = _amounts(entry.event, invoices)
                    goods += order_goods
                    services += order_services
    return goods, services


def _amounts(order: OrderPlaced, invoices: Container[str]) -> tuple[int, int]:
    terms = order.terms
    if terms.channel != CHANNEL or terms.external_id not in invoices:
        return 0, 0
    amounts = [(line.stocked, line.goods) for line in terms.lines]
    return (
        sum(amount for stocked, amount in amounts if stocked),
        sum(amount for stocked, amount in amounts if not stocked),
    )
