"""Customers with unique names, so that finding one in clear anywhere means a leak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order


@dataclass(frozen=True, slots=True)
class Planted:
    """One customer. `mark` is part of each of their personal values, and of nothing else."""

    mark: str
    id: str | None = None

    @property
    def email(self) -> str:
        return f"{self.mark}@example.com"

    @property
    def customer(self) -> dict[str, str]:
        customer = {"name": f"{self.mark} {self.mark}last", "email": self.email}
        customer["phone"] = f"+44 {self.mark}"
        return customer if self.id is None else {**customer, "id": self.id}

    @property
    def address(self) -> dict[str, str]:
        fields = ("name", "line1", "line2", "postal_code")
        return {**{f: f"{self.mark} {f}" for f in fields}, "city": "Leeds", "country": "GB"}

    def order(self, **more: Any) -> dict[str, Any]:
        mine = {"customer": self.customer, "shipping_address": self.address}
        return {**order(1, "A"), **mine, **more}

    def buys(self, api: Api, **more: Any) -> dict[str, Any]:
        """Place and confirm an order, and create its shipment."""
        placed = api.post("/v1/orders", self.order(**more))
        assert placed.status_code in (200, 201), placed.text
        made: dict[str, Any] = placed.json()
        path = f"/v1/orders/{made['order_id']}"
        api.post(f"{path}/confirm")
        parcel = api.post(f"{path}/shipments", {"location": "LON"})
        assert parcel.status_code == 201, parcel.text
        return {**made, **parcel.json()}


ADA = Planted("Zqadalovelace", "c-ada")
BOB = Planted("Zqbobbuilder", "c-bob")
GUEST = Planted("Zqguestsomebody")
EVERYBODY = (ADA, BOB, GUEST)
