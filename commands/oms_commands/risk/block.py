"""Putting a buyer on the blocked list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Reason
from oms_commands.risk._buyers import BuyerCommand, BuyerName
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.risk.events import BuyerBlocked
from oms_ledger.domain.risk.state import BlockedBuyer
from oms_ledger.kernel import Change, Context, Given, Json, Route

_ENTRIES_MAX = 50_000
"""Buyers who are blocked at the same time; every writer keeps the list in memory."""


@dataclass(frozen=True, slots=True, config=STRICT)
class BlockBuyer(BuyerCommand):
    """Put a customer, or an e-mail address, on the blocked list: their new orders are held.

    An order is compared as it is placed, before anybody can ship it. Of an e-mail address a keyed
    hash is kept, and not the address. Orders that are there already stay as they are.
    """

    name: ClassVar[str] = "BlockBuyer"
    route: ClassVar[Route] = Route("PUT", "/v1/blocked/{buyer}")
    example: ClassVar[Mapping[str, Json]] = {"reason": "charge-backs"}

    buyer: BuyerName
    reason: Reason
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = BuyerBlocked(self.key, self.reason)
        before = given.state(BlockedBuyer, self.key).blocked
        if event == before:
            return ()
        entries = given.all(BlockedBuyer)
        if before is None and len(entries) >= _ENTRIES_MAX <= _blocked(entries):
            raise Refused(
                f"The blocked list has {_ENTRIES_MAX} entries, which is the most it can have."
                " Unblock those that are not needed any more with DELETE /v1/blocked/{buyer}.",
                code="blocked_list_full",
            )
        return [Change(event)]


def _blocked(entries: Collection[BlockedBuyer]) -> int:
    """How many of these are blocked now."""
    return sum(entry.blocked is not None for entry in entries)
