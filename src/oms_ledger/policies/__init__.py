"""What follows from what. One module is one policy, and its name is the sentence that it keeps:
`when_<something happened>_<command>`. The list below is their table of contents."""

from __future__ import annotations

from oms_ledger.kernel import Policy
from oms_ledger.policies import (
    when_claim_approved_refund_it,
    when_order_cancelled_release_its_payments,
    when_order_received_place_it,
    when_return_received_refund_it,
    when_return_settled_close_it,
)

POLICIES: tuple[Policy, ...] = (
    when_order_received_place_it.POLICY,
    when_order_cancelled_release_its_payments.POLICY,
    when_return_received_refund_it.POLICY,
    when_claim_approved_refund_it.POLICY,
    when_return_settled_close_it.POLICY,
)
