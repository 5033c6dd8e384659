"""What the golden files mean: every kind of event with every field set."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.catalogue.events import (
    Component,
    Dimensions,
    LocationDefined,
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
    Preorder,
    PreorderPromise,
    ProductDefined,
    SafetyStock,
    Site,
)
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionOption,
    ConnectionPaused,
    ConnectionResumed,
    VendorCode,
)
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.domain.fulfilment.events import (
    LineLot,
    Package,
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentLabelled,
    ShipmentLine,
    ShipmentScanned,
)
from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    CreditGranted,
    FulfilmentReleased,
    HoldReleased,
    OrderArchived,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderHeld,
    OrderNoted,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    OrderRiskAssessed,
    OrderTagged,
    OrderUnarchived,
    PaymentProgressed,
    ReturnProgressed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import (
    Allocation,
    Backorder,
    LineEdit,
    LineQuantity,
    OrderLine,
    RejectedLine,
)
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.orders.terms import (
    Address,
    Customer,
    Imported,
    OrderTerms,
    Presentment,
    ShippingCharge,
)
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.risk.events import (
    BuyerBlocked,
    BuyerOrderCounted,
    BuyerUnblocked,
    HoldRuleDefined,
)
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    PreorderRescheduled,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockHeld,
    StockHoldReleased,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Event, Meta
from oms_ledger.testing import replace
from tests.golden.cases import CASE_LITERALS
from tests.golden.customers import CUSTOMER_LITERALS
from tests.golden.drafts import DRAFT_LITERALS
from tests.golden.fulfilments import FULFILMENT_LITERALS
from tests.golden.messages import MESSAGE_LITERALS
from tests.golden.payments import PAYMENT_LITERALS
from tests.golden.reservations import RESERVATION_LITERALS
from tests.golden.returns import RETURN_LITERALS
from tests.golden.routing import ROUTING_LITERALS
from tests.golden.store_credit import STORE_CREDIT_LITERALS
from tests.golden.warehouse import WAREHOUSE_LITERALS


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 1, day, hour, 30, 0, 123456, tzinfo=UTC)


META = Meta(at(2), "key-1", "SomeCommand", "command-1", "correlation-1", "causation-1", at(1))

_LINES = (LineQuantity("1", 2),)
ALLOCATIONS = (Allocation("1", "85123A", "LON", 2),)
FIRST_BACKORDERS = (Backorder("1", "85123A", "LON", 1),)
_PREORDER = PreorderPromise("p1", datetime(2026, 2, 1, 9, tzinfo=UTC))
_BACKORDERS = (Backorder("1", "85123A", "LON", 1, _PREORDER),)
_KIT = (Component("85123C", 2),)
_UNIT = UnitOfMeasure("kg", 3)

FIRST_TERMS = OrderTerms(
    channel="web",
    currency="GBP",
    lines=(OrderLine("1", "85123A", 3, 255, 10, 5, "Heart", True),),
    placed_at=at(1),
    external_id="1001",
    customer=Customer("17850", Personal("Ada"), Personal("ada@example.org"), Personal("+44 1")),
    shipping_address=Address(
        Personal("Ada L."),
        Personal("1 High St"),
        Personal("Flat 2"),
        "Leeds",
        "Yorkshire",
        Personal("LS1 1AA"),
        "GB",
    ),
    shipping=ShippingCharge("standard", 495),
    backorder="allow",
    promised_ship_at=at(3),
    promised_delivery_at=at(6),
)

_BILLING = Address(
    Personal("Ada B."),
    Personal("2 Bank St"),
    Personal("Floor 3"),
    "York",
    "Yorkshire",
    Personal("YO1 1AA"),
    "GB",
)

_TERMS = replace(
    FIRST_TERMS,
    lines=(OrderLine("1", "85123A", 3, 255, 10, 5, "Heart", True, "0.2", True, 15, _KIT, _UNIT),),
    shipping=ShippingCharge("standard", 495, 82, True),
    presentment=Presentment("EUR", "1.1534"),
    billing_address=_BILLING,
    fulfil_at=at(4),
    pay_by=at(5),
)

WITHOUT_UNITS = replace(_TERMS, lines=tuple(replace(line, unit=None) for line in _TERMS.lines))
WITHOUT_KITS = replace(
    _TERMS, lines=tuple(replace(line, components=()) for line in WITHOUT_UNITS.lines)
)

ADDED_LINE = OrderLine("2", "85123B", 1, 255, 10, 5, "Bell", True, "0.2", True, 15, _KIT, _UNIT)
CHANGE = LineEdit(
    OrderLine("1", "85123A", 4, 255, 10, 5, "Heart", True, "0.2", True, 15, _KIT, _UNIT),
    quantity_before=3,
    repriced=True,
)

LITERALS: dict[str, Event] = {
    event.type: event
    for event in (
        OrderPlaced(
            "o1",
            "WEB-000001",
            _TERMS,
            at(1),
            at(3),
            at(6),
            ALLOCATIONS,
            _BACKORDERS,
            True,
            "r1",
            "LS1",
            _LINES,
            Imported("skip", "0123456789abcdef0123456789abcdef"),
        ),
        OrderReceived("o1", "WEB-000001", _TERMS, at(1), at(3), at(6), True, True, "LS1"),
        OrderRejected(
            "o1",
            "insufficient_stock",
            "Not enough stock.",
            (LineQuantity("1", 3),),
            (RejectedLine("1", "85123A", 3, 2),),
        ),
        OrderConfirmed("o1"),
        FulfilmentReleased("o1", "o1@LON"),
        OrderCancelled(
            "o1", "customer", "changed her mind", _LINES, ALLOCATIONS, _BACKORDERS, _LINES
        ),
        OrderEdited(
            "o1",
            "edit-1",
            "GBP",
            2025,
            2535,
            510,
            (ADDED_LINE,),
            (CHANGE,),
            FIRST_TERMS.customer,
            FIRST_TERMS.shipping_address,
            _BILLING,
            ShippingCharge("express", 995, 166, True),
            at(3),
            at(6),
            ALLOCATIONS,
            _BACKORDERS,
            ALLOCATIONS,
            _BACKORDERS,
            "by telephone",
            notify_customer=True,
            postal_area="LS1",
            untracked_released=_LINES,
            rescheduled=_BACKORDERS,
        ),
        BackordersAllocated("o1", ALLOCATIONS, _BACKORDERS, ALLOCATIONS, _BACKORDERS),
        OrderHeld(
            "o1", "h1", "fraud", "look twice", ("1",), "expensive", (RuleInput("total", "20.25"),)
        ),
        HoldReleased("o1", "h1"),
        OrderRiskAssessed("o1", "87.5", "review", "signals", ("Card and country differ",)),
        UnitsPacked("o1", "s1", "LON", _LINES, True),
        UnitsUnpacked("o1", "s1", "LON", _LINES, True),
        UnitsShipped("o1", "s1", _LINES),
        UnitsDelivered("o1", "s1", _LINES),
        UnitsDateCorrected("o1", "s1", "delivered_at", at(5)),
        UnitsReturned("o1", "R1", _LINES),
        OrderResumed("o1", "she wants it", _LINES, ALLOCATIONS, _BACKORDERS),
        OrderTagged("o1", ("vip",), ("new",)),
        OrderNoted("o1", "Pack it as a gift."),
        OrderArchived("o1"),
        OrderUnarchived("o1"),
        PaymentProgressed("o1", "p1", "manual", "captured", "GBP", 1, 2, 3, 4, 5, 6),
        CreditGranted("o1", "damaged", "GBP", _LINES, 510, 495, -100, 85, "r1"),
        ReturnProgressed("o1", "r1", "approved", _LINES),
        *PAYMENT_LITERALS,
        *DRAFT_LITERALS,
        *FULFILMENT_LITERALS,
        *WAREHOUSE_LITERALS,
        *CASE_LITERALS,
        *RETURN_LITERALS,
        *MESSAGE_LITERALS,
        *ROUTING_LITERALS,
        StockReceived("85123A", "LON", 10, "PO 7", 125, "GBP"),
        StockAdjusted("85123A", "LON", -2, "broken", "shelf 4"),
        StockReturned("85123A", "LON", 1, "R1", "17850", "o1"),
        StockAllocated("85123A", "LON", 2, "o1", "1"),
        StockReleased("85123A", "LON", 2, "o1", "1"),
        StockBackordered("85123A", "LON", 1, "o1", "1", _PREORDER),
        BackorderReleased("85123A", "LON", 1, "o1", "1", _PREORDER),
        PreorderRescheduled("85123A", "LON", 1, "o1", "1", _PREORDER),
        StockHeld("85123A", "LON", 2, "r1"),
        StockHoldReleased("85123A", "LON", 2, "r1"),
        *RESERVATION_LITERALS,
        StockShipped("85123A", "LON", 2, "o1", "1", "s1"),
        ShippedDateCorrected("85123A", "LON", 2, "o1", "1", "s1", at(4)),
        StockMovedOut("85123A", "LON", 2, "MAN", "van 1"),
        StockMovedIn("85123A", "MAN", 2, "LON", "van 1"),
        ShipmentCreated(
            "s1",
            "o1",
            "WEB-000001",
            "web",
            "LON",
            "manual",
            "standard",
            (ShipmentLine("1", "85123A", 2, _UNIT),),
            (Package(900, 300, 200, 100, (LineQuantity("1", 2),)),),
            "token-1",
            at(1),
            at(3),
            at(6),
            Personal("Ada L."),
            "Leeds",
            "GB",
            True,
            "picked up",
            ("hold:h1", "unpaid"),
            True,
            "o1@LON",
            (LineLot("1", "L-1", 2),),
        ),
        ShipmentLabelled("s1", "T1"),
        ShipmentDispatched("s1", "o1", "T1", True, at(4), "picked up", ("hold:h1", "unpaid")),
        ShipmentScanned("s1", "in_transit", at(4), "Hub", "X1: in transit"),
        ShipmentDelivered("s1", "o1", at(5), True),
        ShipmentDateCorrected("s1", "o1", "dispatched_at", at(4)),
        ShipmentCancelled("s1", "o1"),
        LocationDefined(
            "LON",
            "London",
            "warehouse",
            Site("1 Dock Rd", "Gate 2", "London", "London", "E1 1AA", "GB"),
            1,
            200,
            GeoPoint(51_500_000, -30_000),
            True,
        ),
        ProductDefined(
            "85123A",
            "Heart",
            True,
            120,
            Dimensions(10, 20, 30),
            Money(125, "GBP"),
            5,
            2,
            (Component("85123B", 2),),
            True,
            "fresh",
            (SafetyStock("LON", 3),),
            Preorder("p1", datetime(2026, 2, 1, 9, tzinfo=UTC), 9),
            _UNIT,
        ),
        OrderNumbered("web", 1, "o1"),
        NumbersPassed("so", 123),
        OrderNumberClaimed("SO-000123", "o1"),
        HoldRuleDefined(
            "expensive",
            "value",
            "high value",
            True,
            ("web",),
            Money(50_000, "GBP"),
            3,
            24,
            ("country",),
            ("85123A",),
        ),
        *STORE_CREDIT_LITERALS,
        BuyerBlocked("customer:17850", "charge-backs"),
        BuyerUnblocked("customer:17850"),
        BuyerOrderCounted("customer:17850", "o1", at(1)),
        ChannelDefined("web", "Web shop", ("LON",), "dispatch", True, True, "en-GB"),
        ConnectionDefined(
            "stripe-uk",
            "stripe",
            "https://api.stripe.com",
            "web",
            (VendorCode("LON", "loc_1"),),
            (VendorCode("standard", "std"),),
            (ConnectionOption("action_page", "https://shop.example/pay"),),
        ),
        ConnectionPaused("stripe-uk", "maintenance"),
        ConnectionResumed("stripe-uk"),
        *CUSTOMER_LITERALS,
        RetentionSet("customers", "DE", "10y", "HGB 257"),
    )
}
