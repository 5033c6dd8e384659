"""Commands about fulfilment orders."""

from __future__ import annotations

from oms_commands.fulfilments.accept import AcceptFulfilment
from oms_commands.fulfilments.hold import HoldFulfilment
from oms_commands.fulfilments.mark_overdue import MarkFulfilmentOverdue
from oms_commands.fulfilments.merge import MergeFulfilments
from oms_commands.fulfilments.move import MoveFulfilment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_commands.fulfilments.ready_for_pickup import ReadyFulfilmentForPickup
from oms_commands.fulfilments.record_pickup import RecordFulfilmentPickup
from oms_commands.fulfilments.reject import RejectFulfilment
from oms_commands.fulfilments.release import ReleaseFulfilment
from oms_commands.fulfilments.release_schedule import ReleaseFulfilmentSchedule
from oms_commands.fulfilments.schedule import ScheduleFulfilment
from oms_commands.fulfilments.split import SplitFulfilment
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    AcceptFulfilment,
    RejectFulfilment,
    MoveFulfilment,
    SplitFulfilment,
    MergeFulfilments,
    HoldFulfilment,
    ReleaseFulfilment,
    ScheduleFulfilment,
    ReleaseFulfilmentSchedule,
    PickFulfilment,
    PackFulfilment,
    ReadyFulfilmentForPickup,
    RecordFulfilmentPickup,
    MarkFulfilmentOverdue,
)
