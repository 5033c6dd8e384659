"""Commands about cases of shipments, at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oms_commands.cases.close import CloseCase
from oms_commands.cases.note import NoteCase
from oms_commands.cases.open import OpenCase
from oms_commands.cases.open_flagged import OpenFlaggedCase
from oms_commands.cases.reopen import ReopenCase
from oms_ledger.domain.identifiers import case_id_of
from oms_ledger.kernel import Command


def a_case(chance: random.Random, shipments: Sequence[str]) -> str:
    """The id of a case of one of the newest shipments."""
    return case_id_of(chance.choice(shipments[-20:] or ["none"]), chance.choice((1, 1, 2)))


def case_command(chance: random.Random, shipments: Sequence[str]) -> Command:
    shipment_id, case_id = chance.choice(shipments[-20:] or ["none"]), a_case(chance, shipments)
    commands: tuple[Command, ...] = (
        OpenCase(shipment_id=shipment_id, kind=chance.choice(("lost", "damaged"))),
        OpenFlaggedCase(shipment_id=shipment_id),
        NoteCase(case_id=case_id, text="looked for"),
        CloseCase(case_id=case_id, resolution=chance.choice(("reship", "none"))),
        ReopenCase(case_id=case_id),
    )
    return chance.choice(commands)
