"""The shop's 60 days as commands, stage by stage: what everybody can ask of the ledger, nothing
else. What has happened so far (which order, allocated where) comes in as answers to earlier
stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, cast

from oms_commands.adjust_stock import AdjustStock
from oms_commands.cancel_order import CancelledLine, CancelOrder
from oms_commands.confirm_order import ConfirmOrder
from oms_commands.create_shipment import CreateShipment
from oms_commands.deliver_shipment import DeliverShipment
from oms_commands.dispatch_shipment import DispatchShipment
from oms_commands.hold_order import HoldOrder
from oms_commands.label_shipment import LabelShipment
from oms_commands.place_order import (
    AddressFields,
    CustomerFields,
    LineFields,
    PlaceOrder,
    ShippingFields,
)
from oms_commands.put_location import PutLocation
from oms_commands.put_product import PutProduct
from oms_commands.receive_stock import ReceiveStock
from oms_commands.record_tracking import RecordTracking

from oms_ledger.demo.shop import GOODS, PLACES, Good, Place, Story
from oms_ledger.kernel import Command, Json

View = Mapping[str, Json]
"""An order as commands about it answer."""

CURRENCY = "GBP"
NEVER_PACKED = ("cancelled", "held", "unconfirmed")


class Asked(NamedTuple):
    """A command, and the key under which it happens once."""

    key: str
    command: Command


class Parcel(NamedTuple):
    """A shipment that was made for a story; `ordinal` counts those of one order."""

    story: Story
    ordinal: int
    shipment_id: str
