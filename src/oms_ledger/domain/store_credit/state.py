"""The state of an account of store credit. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, assert_never

from oms_ledger.domain.personal import Personal
from oms_ledger.domain.store_credit.events import (
    STORE_CREDIT_EVENTS,
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class StoreCredit(State):
    """`currency` is that of the first amount; None while there was none. `number` is the name of
    the account, sealed, and `ending` its last characters; None in an old account,
    whose key is its name."""

    category: ClassVar[str] = "store_credit"
    version: int = 0
    currency: str | None = None
    issued: int = 0
    spent: int = 0
    returned: int = 0
    number: Personal | None = None
    ending: str | None = None

    @property
    def balance(self) -> int:
        return self.issued - self.spent + self.returned

    def apply(self, event: Event) -> None:
        if not isinstance(event, STORE_CREDIT_EVENTS):
            raise TypeError(f"{event.type} does not belong to store credit")
        self.currency = self.currency or event.amount.currency
        match event:
            case StoreCreditIssued():
                self.issued += event.amount.minor
                self.number = self.number or event.account_number
                self.ending = self.ending or event.account_ending
            case StoreCreditSpent():
                self.spent += event.amount.minor
            case StoreCreditReturned():
                self.returned += event.amount.minor
            case _:
                assert_never(event)
