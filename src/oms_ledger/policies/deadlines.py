"""What is done when a deadline is due, by the name of its kind.

Which events set and end it is in `oms_projections/deadlines/kinds.py`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from oms_commands.cases.open_flagged import OpenFlaggedCase
from oms_commands.fulfilments.mark_overdue import MarkFulfilmentOverdue
from oms_commands.fulfilments.release_schedule import ReleaseFulfilmentSchedule
from oms_commands.lots.expire import ExpireLot
from oms_commands.orders.expire import ExpireOrder
from oms_commands.orders.release_schedule import ReleaseScheduledOrder
from oms_commands.reservations.expire import ExpireReservation
from oms_ledger.kernel import Command

DEADLINES: Mapping[str, Callable[[str, datetime], Command]] = {
    "scheduled_order": lambda order_id, due_at: ReleaseScheduledOrder(order_id),
    "unpaid_order": lambda order_id, due_at: ExpireOrder(order_id),
    "expiring_lot": lambda key, due_at: ExpireLot(*key.rsplit("@", 1)),
    "scheduled_fulfilment": lambda fulfilment_id, due_at: ReleaseFulfilmentSchedule(
        fulfilment_id, if_due=True
    ),
    "overdue_fulfilment": lambda fulfilment_id, due_at: MarkFulfilmentOverdue(fulfilment_id),
    "flagged_shipment": lambda shipment_id, due_at: OpenFlaggedCase(shipment_id),
    "reservation": lambda reservation_id, due_at: ExpireReservation(reservation_id),
}
"""Makes the command from the key of the deadline and its time. The command does nothing where it no
longer applies."""
