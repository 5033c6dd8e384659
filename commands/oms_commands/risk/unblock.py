"""Taking a buyer from the blocked list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT
from oms_commands.risk._buyers import BuyerCommand, BuyerName
from oms_ledger.domain.risk.events import BuyerUnblocked
from oms_ledger.domain.risk.state import BlockedBuyer
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class UnblockBuyer(BuyerCommand):
    """Take a customer, or an e-mail address, from the blocked list.

    Orders that were held meanwhile stay so until their holds are released.
    """

    name: ClassVar[str] = "UnblockBuyer"
    route: ClassVar[Route] = Route("DELETE", "/v1/blocked/{buyer}")
    example: ClassVar[Mapping[str, Json]] = {}

    buyer: BuyerName
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if given.state(BlockedBuyer, self.key).blocked is None:
            return ()
        return [Change(BuyerUnblocked(self.key))]
