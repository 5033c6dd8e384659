"""Commands about customers: tags, notes, erasure, legal holds, periods of retention."""

from __future__ import annotations

from oms_commands.customers.correct import CorrectCustomer
from oms_commands.customers.forget import ForgetCustomer
from oms_commands.customers.forget_order import ForgetOrder
from oms_commands.customers.hold import HoldCustomer
from oms_commands.customers.lift_restriction import LiftCustomerRestriction
from oms_commands.customers.note import NoteCustomer
from oms_commands.customers.release_hold import ReleaseCustomerHold
from oms_commands.customers.restrict import RestrictCustomer
from oms_commands.customers.set_retention import SetRetention
from oms_commands.customers.tag import TagCustomer
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    ForgetCustomer,
    ForgetOrder,
    HoldCustomer,
    ReleaseCustomerHold,
    RestrictCustomer,
    LiftCustomerRestriction,
    SetRetention,
    TagCustomer,
    NoteCustomer,
    CorrectCustomer,
)
