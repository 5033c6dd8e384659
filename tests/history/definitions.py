"""Commands about settings, places and products, at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.catalogue.put_safety_stock import PutSafetyStock
from oms_commands.customers.set_retention import SetRetention
from oms_commands.stock_alerts.put import PutStockAlert
from oms_ledger.kernel import Command


def retention_command(chance: random.Random) -> Command:
    country = chance.choice((None, "GB", "DE"))
    return SetRetention("customers", chance.choice((None, "6y", "10y")), country)


def definition(chance: random.Random, places: Sequence[str], skus: Sequence[str]) -> Command:
    if chance.random() < 0.2:
        code = chance.choice((*places, "YRK"))
        return PutLocation(code, f"Place {chance.randint(1, 4)}", priority=chance.randint(1, 4))
    sensitive = chance.choice((None, True, False))
    sku, units = chance.choice(skus), chance.randint(1, 4)
    if sensitive is None and units > 2:  # some stock is low by these, and some is not
        return PutStockAlert(sku, 20 if units == 3 else 2000, places[0] if units == 3 else None)
    if sensitive is False and units > 2:
        return PutSafetyStock(sku, chance.choice(places), None if units == 3 else 9)
    return PutProduct(sku=sku, title="Heart", safety_stock=units, sensitive=sensitive)
