"""Everything that can be seen of the ledger: read models and queries.

A folder with a `table.sql` is a read model: `rows.py` has its rows, `fold.py` turns events into
rows, `table.sql` makes its tables, `queries.py` and `queries.sql` answer queries. Deleting one
loses nothing: it is folded from the log again. A folder without has queries over others' rows.
"""

from __future__ import annotations

from oms_ledger.kernel import Query, ReadModel
from oms_projections import (
    backorders,
    cases,
    counts,
    customers,
    deadlines,
    drafts,
    fulfilment_queue,
    inbound,
    lots,
    messages,
    order_analytics,
    order_status,
    payments,
    reservations,
    returns,
    shipping_analytics,
    stock_history,
    stock_levels,
)
from oms_projections.backorders import queries as of_backorders
from oms_projections.cases import queries as of_cases
from oms_projections.channels import queries as of_channels
from oms_projections.counts import queries as of_counts
from oms_projections.customers import queries as of_customers
from oms_projections.deadlines import queries as of_deadlines
from oms_projections.drafts import queries as of_drafts
from oms_projections.fulfilment_queue import queries as of_fulfilments
from oms_projections.inbound import promise as of_promise
from oms_projections.inbound import queries as of_inbound
from oms_projections.lots import queries as of_lots
from oms_projections.messages import queries as of_messages
from oms_projections.order_analytics import queries as of_figures
from oms_projections.order_status import queries as of_orders
from oms_projections.payments import queries as of_payments
from oms_projections.reservations import queries as of_reservations
from oms_projections.retention_periods import queries as of_retention
from oms_projections.returns import queries as of_returns
from oms_projections.risk import queries as of_risk
from oms_projections.routing import queries as of_routing
from oms_projections.shipping_analytics import queries as of_shipments
from oms_projections.stock_history import queries as of_stock_history
from oms_projections.stock_levels import alerts as of_stock_alerts
from oms_projections.stock_levels import queries as of_stock
from oms_projections.store_credit import queries as of_store_credit

PROJECTIONS: tuple[ReadModel, ...] = (
    order_status.READ_MODEL,
    stock_levels.READ_MODEL,
    shipping_analytics.READ_MODEL,
    cases.READ_MODEL,
    returns.READ_MODEL,
    payments.READ_MODEL,
    deadlines.READ_MODEL,
    order_analytics.READ_MODEL,
    customers.READ_MODEL,
    drafts.READ_MODEL,
    messages.READ_MODEL,
    inbound.READ_MODEL,
    counts.READ_MODEL,
    lots.READ_MODEL,
    stock_history.READ_MODEL,
    reservations.READ_MODEL,
    backorders.READ_MODEL,
    fulfilment_queue.READ_MODEL,
)

QUERIES: tuple[Query, ...] = (
    *of_orders.QUERIES,
    *of_drafts.QUERIES,
    *of_reservations.QUERIES,
    *of_stock.QUERIES,
    *of_stock_alerts.QUERIES,
    *of_inbound.QUERIES,
    *of_promise.QUERIES,
    *of_counts.QUERIES,
    *of_lots.QUERIES,
    *of_stock_history.QUERIES,
    *of_backorders.QUERIES,
    *of_fulfilments.QUERIES,
    *of_shipments.QUERIES,
    *of_cases.QUERIES,
    *of_returns.QUERIES,
    *of_payments.QUERIES,
    *of_messages.QUERIES,
    *of_channels.QUERIES,
    *of_routing.QUERIES,
    *of_risk.QUERIES,
    *of_store_credit.QUERIES,
    *of_customers.QUERIES,
    *of_deadlines.QUERIES,
    *of_figures.QUERIES,
    *of_retention.QUERIES,
)
