"""Commands about cases of shipments, at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from oms_commands.cases.close import CloseCase
from oms_commands.cases.note import NoteCase
from oms_commands.cases.open import OpenCase
from oms_commands.cases.open_flagged import OpenFlaggedCase
from oms_commands.cases.reopen import ReopenCase
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_ledger.domain.cases.rules import CASE_KIND_OF_SCAN
from oms_ledger.domain.identifiers import case_id_of
from oms_ledger.kernel import Command, Json


class RandomCases:
    """Makes random commands about cases by a `chance` of its own, so that the other moves of a shop
    are the same without it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._ids: list[str] = []

    def one(self) -> str:
        """The id of one of the newest cases."""
        return self.chance.choice(self._ids[-20:] or ["none"])

    def command(self, shipments: Sequence[str]) -> Command:
        shipment_id, case_id = self.chance.choice(shipments[-20:] or ["none"]), self.one()
        commands: tuple[Command, ...] = (
            OpenCase(shipment_id=shipment_id, kind=self.chance.choice(("lost", "damaged"))),
            OpenFlaggedCase(shipment_id=shipment_id),
            NoteCase(case_id=case_id, text="looked for"),
            CloseCase(case_id=case_id, resolution=self.chance.choice(("reship", "none"))),
            ReopenCase(case_id=case_id),
        )
        return self.chance.choice(commands)

    def take(self, command: Command, answer: Mapping[str, Json]) -> None:
        """Keep the id of the case that a command has opened."""
        if isinstance(command, OpenCase):
            self._ids.append(str(answer["case_id"]))
        elif isinstance(command, RecordTrackingEvent) and command.code in CASE_KIND_OF_SCAN:
            self._ids.append(case_id_of(command.shipment_id, 1))
