"""Everything that can be asked of the ledger. One module per command; routes, CLI verbs and
documentation are made from this catalogue."""

from __future__ import annotations

from oms_commands.adjust_stock import AdjustStock
from oms_commands.allocate_backorders import AllocateBackorders
from oms_commands.cancel_order import CancelOrder
from oms_commands.cancel_shipment import CancelShipment
from oms_commands.confirm_order import ConfirmOrder
from oms_commands.count_stock import CountStock
from oms_commands.create_shipment import CreateShipment
from oms_commands.deliver_shipment import DeliverShipment
from oms_commands.dispatch_shipment import DispatchShipment
from oms_commands.forget_customer import ForgetCustomer
from oms_commands.forget_order import ForgetOrder
from oms_commands.hold_customer import HoldCustomer
from oms_commands.hold_order import HoldOrder
from oms_commands.label_shipment import LabelShipment
from oms_commands.place_order import PlaceOrder
from oms_commands.put_location import PutLocation
from oms_commands.put_product import PutProduct
from oms_commands.receive_stock import ReceiveStock
from oms_commands.record_tracking_event import RecordTrackingEvent
from oms_commands.release_customer_hold import ReleaseCustomerHold
from oms_commands.release_hold import ReleaseHold
from oms_commands.return_stock import ReturnStock
from oms_commands.set_retention import SetRetention
from oms_commands.transfer_stock import TransferStock
from oms_ledger.kernel import Command

COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        PlaceOrder,
        ConfirmOrder,
        CancelOrder,
        HoldOrder,
        ReleaseHold,
        AllocateBackorders,
        CreateShipment,
        LabelShipment,
        DispatchShipment,
        RecordTrackingEvent,
        DeliverShipment,
        CancelShipment,
        ReceiveStock,
        ReturnStock,
        AdjustStock,
        CountStock,
        TransferStock,
        PutLocation,
        PutProduct,
        ForgetCustomer,
        ForgetOrder,
        HoldCustomer,
        ReleaseCustomerHold,
        SetRetention,
    )
}
