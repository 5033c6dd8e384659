"""Tagging a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT
from oms_commands._tags import Tags, require_changes, tag_changes
from oms_commands.customers._customer_command import CustomerCommand
from oms_commands.customers._subjects import refuse_if_restricted
from oms_ledger.domain.customers.events import CustomerTagged
from oms_ledger.domain.customers.state import CustomerRecord
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class TagCustomer(CustomerCommand):
    """Add tags to a customer, or remove some. The list of customers filters by them.

    A tag has no comma. Adding one that is there, or removing one that is not, changes nothing. To a
    customer whose processing is restricted none is added. Tags stay when the customer is forgotten:
    write nothing personal into them.
    """

    name: ClassVar[str] = "TagCustomer"
    route: ClassVar[Route] = Route("POST", "/v1/customers/{customer_id}/tags")
    example: ClassVar[Mapping[str, Json]] = {"add": ["vip"]}

    add: Tags = ()
    remove: Tags = ()

    @model_validator(mode="after")
    def _no_tag_in_both(self) -> TagCustomer:
        require_changes(self.add, self.remove)
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        tags = self.existing(given).tags
        if self.add:
            refs = [(CustomerRecord, self.record_name)]
            refuse_if_restricted(refs, given, "no tag is added")
        added, removed = tag_changes(tags, self.add, self.remove, "A customer")
        if not (added or removed):
            return ()
        return [Change(CustomerTagged(self.record_name, added, removed))]
