"""Selling no more of a product before it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Sku
from oms_commands.catalogue._preorder_command import PreorderCommand
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.guards import existing_product
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class EndPreorder(PreorderCommand):
    """Sell no more units of a product as a preorder.

    Orders that wait for some keep their place and their promise.
    """

    name: ClassVar[str] = "EndPreorder"
    route: ClassVar[Route] = Route("DELETE", "/v1/products/{sku}/preorder")
    example: ClassVar[Mapping[str, Json]] = {}

    sku: Sku

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        product = existing_product(stored_sku(self.sku, given), given)
        return [] if product.preorder is None else [Change(replace(product, preorder=None))]
