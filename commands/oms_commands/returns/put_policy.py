"""Defining a return policy, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Name
from oms_ledger.domain.returns.answers import ReturnPolicyAnswer
from oms_ledger.domain.returns.events import ReturnPolicyDefined
from oms_ledger.domain.returns.state import ReturnPolicy
from oms_ledger.domain.returns.views import return_policy_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutReturnPolicy(Command):
    """Define for how many days from their delivery goods may be returned.

    It applies to orders of `channels` and products of `categories`, or to all where these are left
    out. Of several that apply, the one that names more of them does; of equals the longest.
    Without a policy there is no limit.
    """

    name: ClassVar[str] = "PutReturnPolicy"
    route: ClassVar[Route] = Route("PUT", "/v1/return-policies/{policy_name}")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = ReturnPolicyAnswer
    example: ClassVar[Mapping[str, Json]] = {"days_from_delivery": 30, "channels": ["web"]}

    policy_name: Name
    days_from_delivery: Annotated[int, Field(ge=0, le=36_500, strict=True)]
    channels: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    categories: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(ReturnPolicy, self.policy_name)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = ReturnPolicyDefined(
            self.policy_name,
            self.days_from_delivery,
            tuple(dict.fromkeys(self.channels)),
            tuple(dict.fromkeys(self.categories)),
        )
        if event == given.state(ReturnPolicy, self.policy_name).defined:
            return ()
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return return_policy_view(given.state(ReturnPolicy, self.policy_name))
