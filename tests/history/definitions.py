"""Commands about settings, places and products, at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.customers.set_retention import SetRetention
from oms_ledger.kernel import Command


def retention_command(chance: random.Random) -> Command:
    country = chance.choice((None, "GB", "DE"))
    return SetRetention("customers", chance.choice((None, "6y", "10y")), country)


def definition(chance: random.Random, places: Sequence[str], skus: Sequence[str]) -> Command:
    if chance.random() < 0.2:
        code = chance.choice((*places, "YRK"))
        return PutLocation(code, f"Place {chance.randint(1, 4)}", priority=chance.randint(1, 4))
    sensitive = chance.choice((None, True, False))
    return PutProduct(
        sku=chance.choice(skus),
        title="Heart",
        safety_stock=chance.randint(1, 4),
        sensitive=sensitive,
    )
