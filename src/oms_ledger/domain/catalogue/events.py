"""Events of products, locations and channels."""

from __future__ import annotations

from typing import ClassVar

from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.identifiers import channel_key, number_key
from oms_ledger.domain.money import Money
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, OrderId, Sku
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Event, Record


class OrderNumbered(Event, frozen=True):
    """`channel` is in lower case; in older events, as the order had it."""

    type: ClassVar[str] = "channel.order_numbered.v1"
    category: ClassVar[str] = "channel"
    changes_reads: ClassVar[bool] = False  # a channel in lower case is no new spelling
    channel: Harmless
    sequence: int
    order_id: OrderId

    @property
    def key(self) -> str:
        return channel_key(self.channel)


class NumbersPassed(Event, frozen=True):
    """The channel gives no number up to `sequence` any more: an imported order has that one."""

    type: ClassVar[str] = "channel.numbers_passed.v1"
    category: ClassVar[str] = "channel"
    channel: Harmless
    sequence: int

    @property
    def key(self) -> str:
        return self.channel


class OrderNumberClaimed(Event, frozen=True):
    """An imported order keeps its own number. No other order of the ledger can have it, in capitals
    or not."""

    type: ClassVar[str] = "order_number.claimed.v1"
    category: ClassVar[str] = "order_number"
    number: Harmless
    order_id: OrderId

    @property
    def key(self) -> str:
        return number_key(self.number)


class Site(Record, frozen=True):
    """Where a place is. A place of business, so nothing personal."""

    line1: Harmless | None = None
    line2: Harmless | None = None
    city: Harmless | None = None
    region: Harmless | None = None
    postal_code: Harmless | None = None
    country: Harmless | None = None


class LocationDefined(Event, frozen=True):
    """`daily_capacity`: units a day, or None without a limit. `point` is where it is, if that is
    known. Stock of a `closed` location is sold to nobody."""

    type: ClassVar[str] = "location.defined.v1"
    category: ClassVar[str] = "location"
    code: Harmless
    name: Harmless
    kind: Harmless
    site: Site
    priority: int
    daily_capacity: int | None
    point: GeoPoint | None = None
    closed: bool = False

    @property
    def key(self) -> str:
        return self.code


class Dimensions(Record, frozen=True):
    """Outer size in millimetres."""

    length: int
    width: int
    height: int


class Component(Record, frozen=True):
    """What one kit has of a SKU."""

    sku: Sku
    quantity: int


class SafetyStock(Record, frozen=True):
    """`quantity` units that stay unsold at a location."""

    location: Harmless
    quantity: int


class PreorderPromise(Record, frozen=True):
    """What units that were sold as a preorder were promised: to be there at `available_at`."""

    preorder_id: Harmless
    available_at: HarmlessTime


class Preorder(Record, frozen=True):
    """A product is sold before it is there: until `available_at`, and not more than `cap` units
    under the same `preorder_id`, those that have got stock since included."""

    preorder_id: Harmless
    available_at: HarmlessTime
    cap: int

    @property
    def promise(self) -> PreorderPromise:
        return PreorderPromise(self.preorder_id, self.available_at)


class ProductDefined(Event, frozen=True):
    """`backorder_limit` None means no limit; `safety_stock` units stay unsold at every
    location, but for those in `safety_stock_at`, which have a number of their own. An order of
    a `sensitive` product is health data. `product_category` is the group of products that return
    policies go by. With a `unit` all quantities of the SKU, in this event and in all others, are
    steps of it; its decimals never change."""

    type: ClassVar[str] = "product.defined.v2"
    category: ClassVar[str] = "product"
    sku: Sku
    title: str
    stocked: bool
    weight_g: int | None = None
    dimensions_mm: Dimensions | None = None
    unit_cost: Money | None = None
    backorder_limit: int | None = None
    safety_stock: int = 0
    components: tuple[Component, ...] = ()
    sensitive: bool = False
    product_category: str | None = None
    safety_stock_at: tuple[SafetyStock, ...] = ()
    preorder: Preorder | None = None
    unit: UnitOfMeasure | None = None

    @property
    def key(self) -> str:
        return self.sku

    def safety_stock_of(self, location: str) -> int:
        """Units that stay unsold at a location."""
        for each in self.safety_stock_at:
            if each.location == location:
                return each.quantity
        return self.safety_stock
