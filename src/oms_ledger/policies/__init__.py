"""What follows from what. One module is one policy, and its name is the sentence that it keeps:
`when_<something happened>_<command>`. The list below is their table of contents."""

from __future__ import annotations

from oms_ledger.kernel import Policy
from oms_ledger.policies import (
    when_claim_approved_refund_it,
    when_order_cancelled_release_its_payments,
    when_order_confirmed_capture_what_is_due,
    when_order_edited_write_message,
    when_order_held_write_message,
    when_order_placed_screen_it,
    when_order_placed_write_message,
    when_order_received_place_it,
    when_payment_authorised_capture_what_is_due,
    when_payment_authorised_too_late_void_it,
    when_payment_refunded_write_message,
    when_return_received_refund_it,
    when_return_settled_close_it,
    when_shipment_delivered_close_its_delay,
    when_units_delivered_write_message,
    when_units_shipped_capture_what_is_due,
    when_units_shipped_write_message,
)
from oms_ledger.policies._imports import without_imports

REACTIONS: tuple[Policy, ...] = (
    when_order_placed_screen_it.POLICY,
    when_order_received_place_it.POLICY,
    when_order_cancelled_release_its_payments.POLICY,
    when_payment_authorised_too_late_void_it.POLICY,
    when_payment_authorised_capture_what_is_due.POLICY,
    when_order_confirmed_capture_what_is_due.POLICY,
    when_units_shipped_capture_what_is_due.POLICY,
    when_return_received_refund_it.POLICY,
    when_claim_approved_refund_it.POLICY,
    when_return_settled_close_it.POLICY,
    when_shipment_delivered_close_its_delay.POLICY,
    when_order_placed_write_message.POLICY,
    when_order_edited_write_message.POLICY,
    when_order_held_write_message.POLICY,
    when_units_shipped_write_message.POLICY,
    when_units_delivered_write_message.POLICY,
    when_payment_refunded_write_message.POLICY,
)

POLICIES: tuple[Policy, ...] = tuple(map(without_imports, REACTIONS))
"""Those that run: none of them reacts to what an import of past orders has written."""
