"""Every command of the ledger, by noun. Each noun's package lists its commands, a module each;
routes, CLI verbs and documentation are made from this catalogue."""

from __future__ import annotations

from oms_commands import (
    cases,
    catalogue,
    connections,
    counts,
    customers,
    drafts,
    fulfilment,
    fulfilments,
    inbound,
    lots,
    messages,
    orders,
    payments,
    reservations,
    returns,
    risk,
    routing,
    stock,
    stock_alerts,
    store_credit,
    transfers,
)
from oms_ledger.kernel import Command

NOUNS = (
    drafts,
    reservations,
    orders,
    risk,
    routing,
    payments,
    store_credit,
    fulfilments,
    fulfilment,
    cases,
    returns,
    messages,
    stock,
    stock_alerts,
    inbound,
    transfers,
    counts,
    lots,
    catalogue,
    connections,
    customers,
)
"""In the order of an order's life."""

COMMANDS: dict[str, type[Command]] = {
    command.name: command for noun in NOUNS for command in noun.COMMANDS
}
"""By name."""
