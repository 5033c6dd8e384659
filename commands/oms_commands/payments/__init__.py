"""Commands about payments, in the order of a payment's life."""

from __future__ import annotations

from oms_commands.payments.capture import CapturePayment
from oms_commands.payments.capture_due import CaptureDuePayments
from oms_commands.payments.record import RecordPayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.refund_credit import RefundCredit
from oms_commands.payments.report import ReportPayment
from oms_commands.payments.request import RequestPayment
from oms_commands.payments.resolve_discrepancy import ResolvePaymentDiscrepancy
from oms_commands.payments.void import VoidPayment
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    RequestPayment,
    RecordPayment,
    CapturePayment,
    CaptureDuePayments,
    VoidPayment,
    RefundPayment,
    RefundCredit,
    ReportPayment,
    ResolvePaymentDiscrepancy,
)
