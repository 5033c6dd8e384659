"""Random lives of orders paid by store credit and by hand: account, payments and order agree after
every command, and no account is ever below 0."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from oms_commands import COMMANDS
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import RefundRequested
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.store_credit.events import StoreCreditIssued
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.engine.log import codec
from oms_ledger.kernel import State
from oms_ledger.testing import MemoryLedger
from tests.commands.returns.test_lives import stored

ACCOUNTS = ("c1", "gift-7")
LINE = {"sku": "A", "quantity": 6, "unit_price": "3.33", "tax": "1.01", "discount": "0.05"}


class Till:
    """Two orders of a customer, two accounts, and what is done with them."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.refusals: Counter[str] = Counter()
        self.returns: list[str] = []
        self.do("PutLocation", code="LON", name="London")
        self.do("ReceiveStock", sku="A", location="LON", quantity=20)
        self.orders = [self._delivered(shipped) for shipped in (3, 6)]
        self.do("IssueStoreCredit", account="gift-7", amount="30.00", currency="GBP", reason="sold")
        self.do(
            "RequestPayment",
            order_id=self.orders[1],
            provider="store_credit",
            account="gift-7",
            amount="23.44",
            capture="automatic",
        )

    def _delivered(self, units: int) -> str:
        placed = self.do(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            customer={"id": "c1"},
            lines=[LINE],
            shipping={"service": "standard", "price": "2.50"},
            confirm=True,
        )
        lines = [{"line_id": "1", "quantity": units}]
        order_id: str = placed["order_id"]
        parcel = self.do("CreateShipment", order_id=order_id, location="LON", lines=lines)
        self.do("DispatchShipment", shipment_id=parcel["shipment_id"])
        self.do("DeliverShipment", shipment_id=parcel["shipment_id"])
        return order_id

    def do(self, command: str, **fields: Any) -> Any:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def attempt(self, command: str, **fields: Any) -> Any:
        try:
            return self.do(command, **fields)
        except (Refused, NotFound, Invalid) as refusal:
            self.refusals[refusal.code] += 1
            return {}

    def play(self, move: int) -> None:
        """The number says which move, and what it chooses."""
        chance = random.Random(move)
        order_id, account = chance.choice(self.orders), chance.choice(ACCOUNTS)
        amount = f"{chance.randrange(1, 1500) / 100:.2f}"
        payments = list(self.ledger.state(Order, order_id).settlement.payments) or ["none"]
        payment = {"order_id": order_id, "payment_id": chance.choice(payments)}
        match chance.randrange(10):
            case 0 | 1:
                self.attempt("IssueStoreCredit", account=account, amount=amount, currency="GBP",
                             reason="goodwill")  # fmt: skip
            case 2 | 3 | 4:
                provider = chance.choice(("store_credit", "store_credit", "manual"))
                named = {"account": account} if provider == "store_credit" else {}
                capture = chance.choice(("manual", "automatic"))
                self.attempt("RequestPayment", order_id=order_id, provider=provider,
                             amount=amount, capture=capture, **named)  # fmt: skip
            case 5:
                self.attempt("CapturePayment", **payment, final=chance.random() < 0.5)
            case 6:
                self.attempt("VoidPayment", **payment)
            case 7:
                self.attempt("RefundPayment", **payment, amount=amount, reason="late")
            case 8:
                lines = [{"line_id": "1", "quantity": 1}]
                self.attempt("CancelOrder", order_id=order_id, reason="customer", lines=lines)
                self.attempt("RefundCredit", order_id=order_id, reason="cancelled")
            case _:
                self._return(order_id, account)

    def _return(self, order_id: str, account: str) -> None:
        line = {"line_id": "1", "quantity": 1}
        requested = self.attempt(
            "RequestReturn",
            order_id=order_id,
            resolution="store_credit",
            account=account,
            lines=[{**line, "reason": "x"}],
            approve=True,
        )
        if requested:
            came = [{**line, "condition": "damaged", "location": "LON"}]
            self.do("ReceiveReturn", return_id=requested["return_id"], lines=came)
            self.attempt("RefundReturn", return_id=requested["return_id"])


def check(ledger: MemoryLedger) -> None:
    """Every account's balance is the sum of its movements, and these are those of the payments."""
    history = ledger.history()
    states: dict[str, State] = {}
    to_accounts: Counter[str] = Counter()
    elsewhere: dict[tuple[str, str], int] = {}
    for r in history:
        state = states.setdefault(r.stream, STATES[r.stream.partition("-")[0]]())
        state.apply(r.event)
        if isinstance(state, StoreCredit):
            assert state.balance >= 0, r
        if isinstance(r.event, StoreCreditIssued) and r.event.order_id:
            to_accounts[r.event.account] += r.event.amount.minor
        if isinstance(r.event, RefundRequested) and r.event.destination:
            account = r.event.destination.removeprefix("store_credit:")
            to_accounts[account] -= r.event.amount.minor
            elsewhere[(r.event.payment_id, r.event.refund_id)] = r.event.amount.minor
    assert not any(to_accounts.values()), "what refunds give is what accounts get"
    for account in ACCOUNTS:
        credit = ledger.state(StoreCredit, account)
        held = 0
        for payment in (each for each in states.values() if isinstance(each, Payment)):
            if payment.first_event.account == account:
                totals = payment.totals
                given_away = sum(n for (each, _), n in elsewhere.items()
                                 if each == payment.first_event.payment_id)  # fmt: skip
                held += totals.authorised - totals.released - totals.refunded + given_away
        assert credit.spent - credit.returned == held
    for order in (each for each in states.values() if isinstance(each, Order)):
        balance = order.balance
        assert 0 <= balance.refunded + balance.refunding <= balance.captured


@given(moves=st.lists(st.integers(0, 2**32), min_size=5, max_size=40))
def test_accounts_payments_and_orders_agree(moves: list[int]) -> None:
    with MemoryLedger() as ledger:
        till = Till(ledger)
        for move in moves:
            till.play(move)
        check(ledger)
        history = ledger.history()
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    assert checker.finish() == []
