"""A warehouse that executes random commands about stock."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from oms_commands import COMMANDS
from oms_ledger.domain.errors import OmsError
from oms_ledger.kernel import Command, Json

Execute = Callable[[Command], Mapping[str, Json]]

LOT_STATUSES = ("approved", "approved", "on_hold", "quarantined", "recalled")


class RandomWarehouse:
    """Each `step` executes one random command at the time `now`; refusals are counted by code.
    `deliveries`, `transfers` and `counts` are the ids of those that were created. At most `most`
    units come at once."""

    def __init__(
        self,
        seed: int,
        execute: Execute,
        now: Callable[[], datetime],
        skus: Sequence[str],
        places: Sequence[str],
        most: int = 60,
    ) -> None:
        self.chance = random.Random(seed)
        self.refusals: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.deliveries: list[str] = []
        self.transfers: list[str] = []
        self.counts: list[str] = []
        self._execute, self._now = execute, now
        self._skus, self._places, self._most = skus, places, most

    def step(self) -> None:
        often = (self._receive, self._inbound, self._transfer, self._count, self._state)
        self.chance.choice((*often, *often, self._lot, self._adjust))()

    def attempt(self, command: str, /, **fields: Any) -> Mapping[str, Any]:
        """The answer of a command; an empty one where it is refused."""
        try:
            answer = self._execute(COMMANDS[command](**fields))
        except OmsError as refusal:
            self.refusals[refusal.code] = self.refusals.get(refusal.code, 0) + 1
            return {}
        self.done[command] = self.done.get(command, 0) + 1
        return answer

    def one(self, ids: Sequence[str]) -> str:
        """One of the newest ids."""
        return self.chance.choice(ids[-4:] or ["none"])

    def _stock(self) -> dict[str, Any]:
        return {"sku": self.chance.choice(self._skus), "location": self.chance.choice(self._places)}

    def _units(self, most: int = 8) -> int:
        return self.chance.randint(1, most)

    def a_lot(self) -> str | None:
        return self.chance.choice((None, "L1", "L2", "L3"))

    def _day(self) -> str:
        """A last day of use: some are over, some soon, some far away."""
        days = self.chance.choice((-2, 0, 3, 30, 300))
        return (self._now() + timedelta(days=days)).date().isoformat()

    def _lot_of_receipt(self) -> dict[str, Any]:
        lot = self.a_lot()
        dated = lot is not None and self.chance.random() < 0.3
        return {"lot": lot, **({"expires_on": self._day()} if dated else {})}

    def _receive(self) -> None:
        cost = {"unit_cost": f"{self._units()}.20", "currency": "GBP"}
        self.attempt(
            "ReceiveStock",
            **self._stock(),
            quantity=self._units(self._most),
            **self._lot_of_receipt(),
            **(cost if self.chance.random() < 0.5 else {}),
        )

    def _inbound(self) -> None:
        kind = self.chance.randrange(6)
        inbound_id = self.one(self.deliveries)
        if kind == 0:
            self.attempt("CloseInbound", inbound_id=inbound_id)
        elif kind == 1:
            self.attempt("CancelInbound", inbound_id=inbound_id)
        elif kind in (2, 3):
            lines = [{"sku": sku, "quantity": self._units(20)} for sku in self._skus]
            place = self.chance.choice(self._places)
            due = self._now() + timedelta(days=self._units())
            answer = self.attempt("CreateInbound", location=place, expected_at=due, lines=lines)
            if answer:
                self.deliveries.append(answer["inbound_id"])
        else:
            quantity = self._units(min(20, self._most))
            line = {
                "sku": self.chance.choice(self._skus),
                "quantity": quantity,
                "damaged": self.chance.randint(0, quantity) if self.chance.random() < 0.3 else 0,
                **self._lot_of_receipt(),
            }
            close = self.chance.random() < 0.1
            self.attempt("ReceiveInbound", inbound_id=inbound_id, lines=[line], close=close)

    def _transfer(self) -> None:
        kind = self.chance.randrange(9)
        transfer_id = self.one(self.transfers)
        source, target = self.chance.sample(self._places, 2)
        if kind == 0:
            draft = self.chance.random() < 0.6
            name = "CancelTransfer" if draft else "CloseTransfer"
            if self.attempt(name, transfer_id=transfer_id):
                self.transfers.remove(transfer_id)
        elif kind == 1:
            fields = {"sku": self.chance.choice(self._skus), "quantity": self._units()}
            self.attempt("TransferStock", **fields, from_location=source, to_location=target)
        elif kind in (2, 3):
            lines = [{"sku": sku, "quantity": self._units()} for sku in self._skus]
            answer = self.attempt(
                "CreateTransfer", from_location=source, to_location=target, lines=lines
            )
            if answer:
                self.transfers.append(answer["transfer_id"])
                if self.chance.random() < 0.5:
                    self.attempt("ShipTransfer", transfer_id=answer["transfer_id"])
        elif kind in (4, 5):
            line = {"sku": self.chance.choice(self._skus), "quantity": self._units()}
            more = {"lines": [line]} if self.chance.random() < 0.6 else {}
            self.attempt("ShipTransfer", transfer_id=transfer_id, **more)
        else:
            quantity = self._units()
            line = {
                "sku": self.chance.choice(self._skus),
                "quantity": quantity,
                "damaged": self.chance.randint(0, quantity) if self.chance.random() < 0.3 else 0,
            }
            close = self.chance.random() < 0.2
            self.attempt("ReceiveTransfer", transfer_id=transfer_id, lines=[line], close=close)

    def _count(self) -> None:
        kind = self.chance.randrange(5)
        count_id = self.one(self.counts)
        if kind == 0 or not self.counts:
            answer = self.attempt("CreateCount", location=self.chance.choice(self._places))
            if answer:
                self.counts = [answer["count_id"]]
        elif kind in (1, 2):
            name = "CancelCount" if self.chance.random() < 0.2 else "ApproveCount"
            if self.attempt(name, count_id=count_id):
                self.counts = []
        else:
            line = {"sku": self.chance.choice(self._skus), "counted": self.chance.randint(10, 90)}
            self.attempt("RecordCount", count_id=count_id, lines=[line])

    def _state(self) -> None:
        states = ("available", "damaged", "quarantine")
        before, after = self.chance.sample(states, 2)
        fields = {"from_state": before, "to_state": after, "reason": "checked"}
        self.attempt(
            "ChangeStockState",
            **self._stock(),
            **fields,
            quantity=self._units(15),
            lot=self.a_lot(),
        )

    def _lot(self) -> None:
        sku, lot = self.chance.choice(self._skus), self.chance.choice(("L1", "L2", "L3"))
        if self.chance.random() < 0.4:
            self.attempt("ExpireLot", sku=sku, lot=lot)
            return
        more = {"expires_on": self._day()} if self.chance.random() < 0.3 else {}
        status = self.chance.choice(LOT_STATUSES)
        self.attempt("PutLot", sku=sku, lot=lot, status=status, **more)

    def _adjust(self) -> None:
        state = self.chance.choice(("available", "available", "damaged", "quarantine"))
        change = self.chance.choice((-3, -1, 2)) if state == "available" else -1
        self.attempt(
            "AdjustStock",
            **self._stock(),
            change=change,
            reason="lost",
            state=state,
            lot=self.a_lot(),
        )
