"""What commands about an entry of the blocked list have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from oms_commands._fields import Id
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.personal import with_fields
from oms_ledger.domain.risk.answers import BlockedBuyerAnswer
from oms_ledger.domain.risk.state import BlockedBuyer
from oms_ledger.domain.risk.views import blocked_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref

C = TypeVar("C", bound="BuyerCommand")

_KEY = re.compile(r"email:[0-9a-f]{64}|customer:.+", re.DOTALL)
"""How lists name entries."""

BuyerName = Annotated[
    Id,
    Field(
        description="The id of a customer, an e-mail address, which is not stored, or the `buyer`"
        " of an entry as lists show it."
    ),
]


class BuyerCommand(Command):
    """Reads one entry of the blocked list and answers with it. `buyer` is the id of a customer or
    an e-mail address; before the command is decided, an address is replaced by its blind."""

    __slots__ = ()
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = BlockedBuyerAnswer
    buyer: str
    email_blinds: tuple[str, ...]

    @property
    def emails_to_blind(self) -> tuple[str, ...]:
        return (self.buyer,) if "@" in self.buyer and not _KEY.fullmatch(self.buyer) else ()

    def with_blinds(self: C, blinds: Sequence[str]) -> C:
        return with_fields(self, buyer="", email_blinds=tuple(blinds))

    @property
    def key(self) -> str:
        """The key of the entry: `buyer` itself where it is one already, as lists show it. `Refused`
        where an e-mail address was not blinded, since no key of
        the ledger is there to do so."""
        if _KEY.fullmatch(self.buyer):
            return self.buyer
        if self.email_blinds:
            return f"email:{self.email_blinds[0]}"
        if "@" in self.buyer:
            raise Refused(
                "This ledger seals no personal values, and takes no e-mail addresses. Write the"
                " customer's id.",
                code="no_keys",
            )
        return f"customer:{self.buyer}"

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(BlockedBuyer, self.key)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return blocked_view(self.key, given.state(BlockedBuyer, self.key))
