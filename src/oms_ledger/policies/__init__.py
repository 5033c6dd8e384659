"""What follows from what. One module is one policy, and its name is the sentence that it keeps:
`when_<something happened>_<command>`. The list below is their table of contents."""

from __future__ import annotations

from oms_ledger.kernel import Policy
from oms_ledger.policies import when_order_cancelled_release_its_payments

POLICIES: tuple[Policy, ...] = (when_order_cancelled_release_its_payments.POLICY,)
