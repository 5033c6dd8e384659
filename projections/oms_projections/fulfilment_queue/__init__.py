"""Fulfilment orders on which work has begun: one row per fulfilment order.

The others follow from orders alone (`order_status`), so that an order which is shipped at once has
no row here. The queue of a location shows both.
"""

from __future__ import annotations

from oms_projections.fulfilment_queue.fold import READ_MODEL

__all__ = ["READ_MODEL"]
