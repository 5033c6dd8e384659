"""The shapes of answers, for the documentation. Tests hold every answer against them.

Answers may get more fields; these keep their meaning. Classes end in `Shape`, which the names of
their schemas in the OpenAPI document do not: see `schema_name`.
"""

from __future__ import annotations

from typing import Any

from oms_ledger.http.openapi.shapes.customers import (
    AllDueShape,
    CustomerExportShape,
    CustomerSummaryShape,
    ForgottenShape,
    HeldCustomerShape,
    PeriodShape,
    ReleasedCustomerShape,
    RetentionShape,
)
from oms_ledger.http.openapi.shapes.ledger import EventsShape
from oms_ledger.http.openapi.shapes.orders import (
    HeldOrderShape,
    OrderDetailShape,
    OrderShape,
    OrdersShape,
    TimelineShape,
)
from oms_ledger.http.openapi.shapes.shipments import (
    ParcelShape,
    ShipmentDetailShape,
    ShipmentShape,
    ShipmentsShape,
    ShippingPerformanceShape,
)
from oms_ledger.http.openapi.shapes.stock import (
    LocationDefinedShape,
    LocationShape,
    LocationsShape,
    MovedShape,
    MovementsShape,
    ProductDefinedShape,
    ProductShape,
    ProductsShape,
    StockLevelsShape,
    StockOfSkuShape,
    StockShape,
)

SUFFIX = "Shape"


def schema_name(shape: str) -> str:
    """The name of a shape's schema in the OpenAPI document, given that of its class."""
    return shape.removesuffix(SUFFIX)


OF_COMMANDS: dict[str, Any] = {
    "PlaceOrder": OrderShape,
    "ConfirmOrder": OrderShape,
    "CancelOrder": OrderShape,
    "HoldOrder": HeldOrderShape,
    "ReleaseHold": OrderShape,
    "AllocateBackorders": OrderShape,
    "CreateShipment": ShipmentShape,
    "LabelShipment": ShipmentShape,
    "DispatchShipment": ShipmentShape,
    "RecordTrackingEvent": ShipmentShape,
    "DeliverShipment": ShipmentShape,
    "CancelShipment": ShipmentShape,
    "ReceiveStock": StockShape,
    "ReturnStock": StockShape,
    "AdjustStock": StockShape,
    "CountStock": StockShape,
    "TransferStock": MovedShape,
    "PutLocation": LocationDefinedShape,
    "PutProduct": ProductDefinedShape,
    "ForgetCustomer": ForgottenShape,
    "ForgetOrder": ForgottenShape,
    "HoldCustomer": HeldCustomerShape,
    "ReleaseCustomerHold": ReleasedCustomerShape,
    "SetRetention": PeriodShape,
}
"""What each command answers, `position` aside."""

OF_QUERIES: dict[str, Any] = {
    "get_order": OrderDetailShape,
    "list_orders": OrdersShape,
    "order_timeline": TimelineShape,
    "order_events": EventsShape,
    "list_stock": StockLevelsShape,
    "get_stock": StockOfSkuShape,
    "stock_movements": MovementsShape,
    "list_products": ProductsShape,
    "get_product": ProductShape,
    "list_locations": LocationsShape,
    "get_location": LocationShape,
    "get_shipment": ShipmentDetailShape,
    "list_shipments": ShipmentsShape,
    "track": ParcelShape,
    "shipping_performance": ShippingPerformanceShape,
    "get_customer": CustomerSummaryShape,
    "customer_orders": OrdersShape,
    "export_customer": CustomerExportShape,
    "get_retention": RetentionShape,
    "retention_due": AllDueShape,
}
