"""Every command of the ledger, by noun. One module per command; routes, CLI verbs and
documentation are made from this catalogue."""

from __future__ import annotations

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.customers.forget import ForgetCustomer
from oms_commands.customers.forget_order import ForgetOrder
from oms_commands.customers.hold import HoldCustomer
from oms_commands.customers.release_hold import ReleaseCustomerHold
from oms_commands.customers.set_retention import SetRetention
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.count import CountStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_commands.stock.transfer import TransferStock
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
