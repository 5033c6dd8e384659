"""Commands about fulfilment orders, at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oms_commands.fulfilments._fields import PickedLineFields
from oms_commands.fulfilments.accept import AcceptFulfilment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_commands.fulfilments.reject import RejectFulfilment
from oms_ledger.domain.identifiers import fulfilment_id_of
from oms_ledger.kernel import Command

PLACES = ("LON", "MAN")


def a_fulfilment(chance: random.Random, orders: Sequence[str]) -> str:
    """The id of a fulfilment order of one of the newest orders."""
    return fulfilment_id_of(chance.choice(orders[-20:] or ["none"]), chance.choice(PLACES))


def work_command(chance: random.Random, orders: Sequence[str]) -> Command:
    work = a_fulfilment(chance, orders)
    commands: tuple[Command, ...] = (
        AcceptFulfilment(fulfilment_id=work),
        PickFulfilment(fulfilment_id=work),
        PickFulfilment(work, (PickedLineFields("1", 1),)),
        RejectFulfilment(fulfilment_id=work, reason="closed"),
        PackFulfilment(fulfilment_id=work),
    )
    return chance.choice(commands)
