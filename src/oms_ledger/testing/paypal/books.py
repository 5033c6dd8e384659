"""What the stand-in for PayPal has of orders, and the rules by which it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from oms_ledger.domain.money import Money

VALID = timedelta(days=29)
"""How long an authorization is valid."""


class StandInRefused(Exception):
    """A request that PayPal would refuse, by its `issue`."""

    def __init__(self, issue: str, status: int = 422) -> None:
        super().__init__(issue)
        self.issue = issue
        self.status = status


@dataclass(slots=True)
class AuthorizationEntry:
    id: str
    amount: Money
    status: str
    created_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.created_at + VALID


@dataclass(slots=True)
class CaptureEntry:
    id: str
    amount: Money
    status: str
    invoice_id: str | None
    custom_id: str
    order_id: str
    authorization_id: str | None
    final: bool


@dataclass(slots=True)
class RefundEntry:
    id: str
    amount: Money
    status: str
    custom_id: str | None
    capture_id: str


@dataclass(slots=True)
class OrderEntry:
    id: str
    intent: str
    amount: Money
    custom_id: str
    status: str
    return_url: str | None
    authorizations: list[AuthorizationEntry] = field(default_factory=list)
    captures: list[CaptureEntry] = field(default_factory=list)
    refunds: list[RefundEntry] = field(default_factory=list)
    parcels: list[tuple[str, str]] = field(default_factory=list)

    @property
    def captured(self) -> int:
        return _sum(each.amount for each in self.captures if each.status != "DECLINED")

    @property
    def refunded(self) -> int:
        return _sum(each.amount for each in self.refunds)

    def refunded_of(self, capture_id: str) -> int:
        return _sum(each.amount for each in self.refunds if each.capture_id == capture_id)


@dataclass(slots=True)
class PayPalBooks:
    """Orders by id. With `lenient` it refuses nothing that is too much, so that what keeps a ledger
    from doing it is the ledger."""

    lenient: bool = False
    orders: dict[str, OrderEntry] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def _id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):014d}"

    def order(self, order_id: str) -> OrderEntry:
        if order_id not in self.orders:
            raise StandInRefused("INVALID_RESOURCE_ID", 404)
        return self.orders[order_id]

    def capture(self, capture_id: str) -> tuple[OrderEntry, CaptureEntry]:
        for order in self.orders.values():
            for each in order.captures:
                if each.id == capture_id:
                    return order, each
        raise StandInRefused("INVALID_RESOURCE_ID", 404)

    def authorization(self, authorization_id: str) -> tuple[OrderEntry, AuthorizationEntry]:
        for order in self.orders.values():
            for each in order.authorizations:
                if each.id == authorization_id:
                    return order, each
        raise StandInRefused("INVALID_RESOURCE_ID", 404)

    def create(
        self, intent: str, amount: Money, custom_id: str, return_url: str | None
    ) -> OrderEntry:
        order = OrderEntry(
            self._id("ORD"), intent, amount, custom_id, "PAYER_ACTION_REQUIRED", return_url
        )
        self.orders[order.id] = order
        return order

    def approve(self, order_id: str) -> OrderEntry:
        """The buyer's consent."""
        order = self.order(order_id)
        if order.status != "PAYER_ACTION_REQUIRED":
            raise StandInRefused("ORDER_ALREADY_APPROVED")
        order.status = "APPROVED"
        return order

    def finish(self, order_id: str, step: str, now: datetime) -> OrderEntry:
        """Authorise or capture an approved order. `DECLINED` where its amount ends in 66."""
        order = self.order(order_id)
        if order.status == "COMPLETED":
            raise StandInRefused(f"ORDER_ALREADY_{step.upper()}D")
        if order.status != "APPROVED":
            raise StandInRefused("ORDER_NOT_APPROVED")
        if order.intent != step.upper():
            raise StandInRefused("ACTION_DOES_NOT_MATCH_INTENT")
        order.status = "COMPLETED"
        good = order.amount.minor % 100 != 66
        if step == "authorize":
            status = "CREATED" if good else "DENIED"
            entry = AuthorizationEntry(self._id("AUT"), order.amount, status, now)
            order.authorizations.append(entry)
        else:
            status = "COMPLETED" if good else "DECLINED"
            order.captures.append(self._captured(order, order.amount, status))
        return order

    def _captured(
        self,
        order: OrderEntry,
        amount: Money,
        status: str = "COMPLETED",
        invoice_id: str | None = None,
        authorization_id: str | None = None,
        final: bool = True,
    ) -> CaptureEntry:
        return CaptureEntry(
            self._id("CAP"),
            amount,
            status,
            invoice_id,
            order.custom_id,
            order.id,
            authorization_id,
            final,
        )

    def capture_authorization(
        self,
        authorization_id: str,
        amount: Money | None,
        invoice_id: str | None,
        final: bool,
        now: datetime,
    ) -> tuple[OrderEntry, CaptureEntry]:
        order, entry = self.authorization(authorization_id)
        if entry.status not in ("CREATED", "PARTIALLY_CAPTURED"):
            raise StandInRefused(f"AUTHORIZATION_ALREADY_{entry.status}")
        if entry.expires_at <= now:
            raise StandInRefused("AUTHORIZATION_EXPIRED")
        left = entry.amount.minor - order.captured
        wanted = amount or Money(left, entry.amount.currency)
        if wanted.minor > left and not self.lenient:
            raise StandInRefused("MAX_CAPTURE_AMOUNT_EXCEEDED")
        capture = self._captured(order, wanted, "COMPLETED", invoice_id, entry.id, final)
        order.captures.append(capture)
        done = final or order.captured >= entry.amount.minor
        entry.status = "CAPTURED" if done else "PARTIALLY_CAPTURED"
        return order, capture

    def reauthorize(
        self, authorization_id: str, now: datetime
    ) -> tuple[OrderEntry, AuthorizationEntry]:
        order, entry = self.authorization(authorization_id)
        if now - entry.created_at <= timedelta(days=3):
            raise StandInRefused("REAUTHORIZATION_TOO_SOON")
        renewed = AuthorizationEntry(self._id("AUT"), entry.amount, "CREATED", now)
        order.authorizations.append(renewed)
        entry.status = "CAPTURED"
        return order, renewed

    def void(self, authorization_id: str) -> tuple[OrderEntry, AuthorizationEntry]:
        order, entry = self.authorization(authorization_id)
        if entry.status == "VOIDED":
            raise StandInRefused("PREVIOUSLY_VOIDED")
        if entry.status == "CAPTURED":
            raise StandInRefused("PREVIOUSLY_CAPTURED")
        entry.status = "VOIDED"
        return order, entry

    def refund(
        self, capture_id: str, amount: Money | None, custom_id: str | None
    ) -> tuple[OrderEntry, RefundEntry]:
        order, capture = self.capture(capture_id)
        left = capture.amount.minor - order.refunded_of(capture_id)
        wanted = amount or Money(left, capture.amount.currency)
        if wanted.minor > left and not self.lenient:
            raise StandInRefused("REFUND_AMOUNT_EXCEEDED")
        entry = RefundEntry(self._id("REF"), wanted, "COMPLETED", custom_id, capture_id)
        order.refunds.append(entry)
        whole = order.refunded_of(capture_id) >= capture.amount.minor
        capture.status = "REFUNDED" if whole else "PARTIALLY_REFUNDED"
        return order, entry

    def totals(self) -> dict[str, dict[str, int]]:
        """What it has of each payment of the ledger, by the payment's id, in minor units."""
        totals: dict[str, dict[str, int]] = {}
        for order in self.orders.values():
            total = totals.setdefault(
                order.custom_id, {"authorised": 0, "captured": 0, "refunded": 0, "released": 0}
            )
            good = [each for each in order.authorizations if each.status != "DENIED"]
            total["authorised"] += good[0].amount.minor if good else 0
            total["captured"] += order.captured
            total["refunded"] += order.refunded
            if good and all(each.status == "VOIDED" for each in good):
                total["released"] += good[0].amount.minor - order.captured
        return totals


def _sum(amounts: Iterable[Money]) -> int:
    return sum(each.minor for each in amounts)
