"""Commands about returns, exchanges and claims, in the order of a return's life."""

from __future__ import annotations

from oms_commands.returns.approve import ApproveReturn
from oms_commands.returns.cancel import CancelReturn
from oms_commands.returns.close import CloseReturn
from oms_commands.returns.decline import DeclineReturn
from oms_commands.returns.put_policy import PutReturnPolicy
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.reopen import ReopenReturn
from oms_commands.returns.request import RequestReturn
from oms_commands.returns.request_blind import RequestBlindReturn
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    RequestReturn,
    RequestBlindReturn,
    ApproveReturn,
    DeclineReturn,
    ReceiveReturn,
    RefundReturn,
    CloseReturn,
    CancelReturn,
    ReopenReturn,
    PutReturnPolicy,
)
