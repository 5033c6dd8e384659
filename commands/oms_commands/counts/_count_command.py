"""What commands about one count have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.counts.answers import CountAnswer
from oms_ledger.domain.counts.state import Count
from oms_ledger.domain.counts.views import count_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class CountCommand(Command):
    """Reads one count; answers with it."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = CountAnswer
    count_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Count, self.count_id)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return count_view(self.count_id, given.state(Count, self.count_id))
