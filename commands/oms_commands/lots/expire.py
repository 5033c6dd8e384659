"""Expiring a lot whose last day is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, LotName, Sku
from oms_commands.lots._lot_command import LotCommand, defined_lot
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.lots import APPROVED, is_expired
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ExpireLot(LotCommand):
    """Expire a lot whose last day is over, in UTC. The workers do so by themselves.

    A lot that is not approved is blocked already, and one whose last day is not over stays as it
    is.
    """

    name: ClassVar[str] = "ExpireLot"
    route: ClassVar[Route] = Route("POST", "/v1/lots/{sku}/{lot}/expire")
    example: ClassVar[Mapping[str, Json]] = {}

    sku: Sku
    lot: LotName

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        lot = given.state(Lot, lot_key(sku, self.lot))
        if not lot.version:
            raise NotFound(f"There is no lot {self.lot} of {sku}. GET /v1/lots lists them.")
        if lot.status != APPROVED or not is_expired(lot.expires_on, day_of(ctx.now)):
            return ()
        return defined_lot(LotDefined(sku, self.lot, "expired", lot.expires_on), given)
