"""Commands about reservations."""

from __future__ import annotations

from oms_commands.reservations.create import CreateReservation
from oms_commands.reservations.expire import ExpireReservation
from oms_commands.reservations.extend import ExtendReservation
from oms_commands.reservations.release import ReleaseReservation
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    CreateReservation,
    ExtendReservation,
    ReleaseReservation,
    ExpireReservation,
)
