"""Importing an order of the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Time
from oms_commands.orders._past_fields import (
    PastPaymentFields,
    PastShipmentFields,
    past_payment_of,
    past_shipment_of,
)
from oms_commands.orders._placement_command import PlacementCommand
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.past import PastOrder
from oms_ledger.domain.orders.rules.importation import import_order
from oms_ledger.domain.orders.rules.numbers import number_refs
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.routing.source import is_routed, routing_refs
from oms_ledger.domain.stock.rules import backorder_refs
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ImportOrder(PlacementCommand):
    """Import an order of the past with its own number, dates, shipments and payments.

    Fields are those of placing an order, and its fate. The same channel and external id again is
    the same order, and changes nothing. With `stock: skip`, the default, no stock is touched;
    `update` takes it as an order does, and is refused where it is short; `force` backorders what is
    short and open, and adjusts the stock by what is short and has shipped. Units in shipments come
    from where these left, open ones by the routing rules of the channel. Nothing follows from an
    import: no message, no hold, no capture or refund. Many at once: a list under `orders`, beside
    it one `stock` for those that have none.
    """

    name: ClassVar[str] = "ImportOrder"
    route: ClassVar[Route] = Route(
        "POST", "/v1/orders:import", 201, many="orders", shared=("stock",)
    )
    scope: ClassVar[str] = "admin"
    example: ClassVar[Mapping[str, Json]] = {
        "channel": "web",
        "external_id": "2019-1001",
        "number": "SO-1001",
        "currency": "GBP",
        "placed_at": "2019-12-01T08:26:00Z",
        "confirmed_at": "2019-12-01T09:00:00Z",
        "customer": {"id": "17850", "name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55", "tax": "0.00"}],
        "shipments": [
            {
                "location": "LON",
                "tracking_number": "JD0001",
                "dispatched_at": "2019-12-02T15:00:00Z",
                "delivered_at": "2019-12-04T10:12:00Z",
            }
        ],
        "payments": [{"provider": "bank", "reference": "17", "amount": "15.30"}],
        "stock": "skip",
    }

    stock: Literal["skip", "update", "force"] = "skip"
    number: Id | None = None
    confirm: bool = False
    confirmed_at: Time | None = None
    cancelled_at: Time | None = None
    cancel_reason: Literal["customer", "inventory", "fraud", "declined", "staff", "other"] = "other"
    shipments: Annotated[tuple[PastShipmentFields, ...], Field(max_length=100)] = ()
    payments: Annotated[tuple[PastPaymentFields, ...], Field(max_length=100)] = ()

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [*PlacementCommand.reads(self, ctx, given)]
        if self.number is not None:
            refs += number_refs(self.number)
        locations = {shipment.location for shipment in self.shipments}
        skus = list(self.skus_taken(given))
        refs += [(Location, code) for code in locations]
        if self.stock != "skip":
            refs += [(StockLevel, stock_key(sku, code)) for sku in skus for code in locations]
            refs += routing_refs(self.channel, self.country, skus, given)
        if self.stock == "force":
            refs += backorder_refs(skus, self.channel, given)
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        terms = self.terms(given)
        return import_order(
            self.order_key(ctx, given),
            terms,
            self._past(terms),
            ctx,
            given,
            sensitive=self.sensitive,
            postal_area=self.postal_area if is_routed(self.channel, given) else None,
        )

    def _past(self, terms: OrderTerms) -> PastOrder:
        return PastOrder(
            self.stock,
            self.number,
            self.confirm,
            self.confirmed_at,
            self.cancelled_at,
            self.cancel_reason,
            tuple(past_shipment_of(n, each, terms) for n, each in enumerate(self.shipments)),
            tuple(past_payment_of(n, each, self.currency) for n, each in enumerate(self.payments)),
        )
