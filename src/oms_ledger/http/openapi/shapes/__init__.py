"""The shapes of answers, for the documentation. Tests hold every answer against them.

Answers may get more fields; these keep their meaning.
"""

from __future__ import annotations

from typing import Any

from oms_ledger.http.openapi.shapes.customers import (
    AllDue,
    CustomerExport,
    CustomerSummary,
    Forgotten,
    HeldCustomer,
    Period,
    ReleasedCustomer,
    Retention,
)
from oms_ledger.http.openapi.shapes.ledger import Events
from oms_ledger.http.openapi.shapes.orders import HeldOrder, Order, OrderDetail, Orders, Timeline
from oms_ledger.http.openapi.shapes.shipments import (
    Parcel,
    Shipment,
    ShipmentDetail,
    Shipments,
    ShippingPerformance,
)
from oms_ledger.http.openapi.shapes.stock import (
    Location,
    LocationDefined,
    Locations,
    Moved,
    Movements,
    Product,
    ProductDefined,
    Products,
    Stock,
    StockLevels,
    StockOfSku,
)

OF_COMMANDS: dict[str, Any] = {
    "PlaceOrder": Order,
    "ConfirmOrder": Order,
    "CancelOrder": Order,
    "HoldOrder": HeldOrder,
    "ReleaseHold": Order,
    "AllocateBackorders": Order,
    "CreateShipment": Shipment,
    "LabelShipment": Shipment,
    "DispatchShipment": Shipment,
    "RecordTrackingEvent": Shipment,
    "DeliverShipment": Shipment,
    "CancelShipment": Shipment,
    "ReceiveStock": Stock,
    "ReturnStock": Stock,
    "AdjustStock": Stock,
    "CountStock": Stock,
    "TransferStock": Moved,
    "PutLocation": LocationDefined,
    "PutProduct": ProductDefined,
    "ForgetCustomer": Forgotten,
    "ForgetOrder": Forgotten,
    "HoldCustomer": HeldCustomer,
    "ReleaseCustomerHold": ReleasedCustomer,
    "SetRetention": Period,
}
"""What each command answers, `position` aside."""

OF_QUERIES: dict[str, Any] = {
    "get_order": OrderDetail,
    "list_orders": Orders,
    "order_timeline": Timeline,
    "order_events": Events,
    "list_stock": StockLevels,
    "get_stock": StockOfSku,
    "stock_movements": Movements,
    "list_products": Products,
    "get_product": Product,
    "list_locations": Locations,
    "get_location": Location,
    "get_shipment": ShipmentDetail,
    "list_shipments": Shipments,
    "track": Parcel,
    "shipping_performance": ShippingPerformance,
    "get_customer": CustomerSummary,
    "customer_orders": Orders,
    "export_customer": CustomerExport,
    "get_retention": Retention,
    "retention_due": AllDue,
}
