"""Approving, holding and recalling a lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Day, LotName, OccurredAt, Sku, Text
from oms_commands.lots._lot_command import LotCommand, defined_lot
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.lots import APPROVED, LotStatus, is_expired
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutLot(LotCommand):
    """Give a lot a status: approved, on_hold, quarantined or recalled; or correct its last day.

    Units of a lot that is not approved are on hand, and neither sold nor picked. Orders that have
    units of that stock keep them until others are allocated: the answer counts these as `short`.
    `expires_on` is the last day on which the lot can be used; left out, it stays.
    """

    name: ClassVar[str] = "PutLot"
    route: ClassVar[Route] = Route("PUT", "/v1/lots/{sku}/{lot}")
    example: ClassVar[Mapping[str, Json]] = {"status": "recalled", "reason": "Recall 26-114"}

    sku: Sku
    lot: LotName
    status: LotStatus
    expires_on: Day | None = None
    reason: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        refuse_unknown_skus([(self.lot, sku)], given, then="try again")
        before = given.state(Lot, lot_key(sku, self.lot))
        expires_on = self.expires_on or before.expires_on
        if self.status == APPROVED and is_expired(expires_on, day_of(ctx.now)):
            raise Refused(
                f"Lot {self.lot} of {sku} expired on {expires_on}; it cannot be approved. If that"
                " day is wrong, send the right one as `expires_on`.",
                code="lot_expired",
                errors=[{"sku": sku, "lot": self.lot, "expires_on": expires_on}],
            )
        after = (self.status, expires_on, self.reason)
        if before.version and (before.status, before.expires_on, before.reason) == after:
            return ()
        defined = LotDefined(sku, self.lot, *after)
        return dated(defined_lot(defined, given), self.occurred_at, ctx)
