"""Commands about channels, locations and products."""

from __future__ import annotations

from oms_commands.catalogue.end_preorder import EndPreorder
from oms_commands.catalogue.put_channel import PutChannel
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_preorder import PutPreorder
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.catalogue.put_safety_stock import PutSafetyStock
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PutLocation,
    PutProduct,
    PutSafetyStock,
    PutPreorder,
    EndPreorder,
    PutChannel,
)
