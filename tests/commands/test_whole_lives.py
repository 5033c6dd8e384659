"""Whole lives of orders at random: orders, stock, payments, shipments, returns, what follows and
what is due. After every command units and money are conserved."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.orders import state as order_state
from oms_ledger.domain.orders.events import CreditGranted, PaymentProgressed
from oms_ledger.domain.orders.rules import resumption
from oms_ledger.domain.orders.settlement import Settlement, apply_to_settlement
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.payments import state as payment_state
from oms_ledger.domain.payments.events import (
    ChargeBackReversed,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentRefunded,
)
from oms_ledger.domain.payments.state import DisputeEvent, Payment, PaymentTotals
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Recorded
from oms_ledger.testing import LogUntil, MemoryLedger
from tests.commands.checks import folded_anew
from tests.commands.life import Life
from tests.tiers import others_long

LIVES = st.lists(st.integers(0, 10**9), min_size=30, max_size=90)


def check_money(life: Life) -> None:
    """The payments' totals are what their events add up to, the orders' what their payments say,
    and nothing is refunded above what was captured."""
    moved: dict[str, Counter[str]] = {}
    for recorded in life.history():
        event = recorded.event
        if isinstance(
            event, PaymentCaptured | PaymentRefunded | PaymentChargedBack | ChargeBackReversed
        ):
            moved.setdefault(event.payment_id, Counter())[type(event).__name__] += (
                event.amount.minor
            )
    payments = life.books.of(Payment)
    for payment_id, payment in payments.items():
        sums, totals = moved.get(payment_id, Counter()), payment.totals
        assert totals.captured == sums["PaymentCaptured"]
        assert totals.refunded == sums["PaymentRefunded"]
        assert totals.charged_back == sums["PaymentChargedBack"] - sums["ChargeBackReversed"]
        assert 0 <= totals.refunded + sum(payment.refunding.values()) <= totals.captured
        assert 0 <= totals.released <= totals.authorised
    for order_id, order in life.books.of(Order).items():
        own = {k: p for k, p in payments.items() if p.first_event.order_id == order_id}
        assert own.keys() == order.settlement.payments.keys()
        balance = order.balance
        assert balance.captured == sum(p.totals.captured for p in own.values())
        assert balance.refunded == sum(p.totals.refunded for p in own.values())
        assert balance.charged_back == sum(p.totals.charged_back for p in own.values())
        assert 0 <= balance.owed <= order.terms.total
        paid = balance.captured - balance.refunded - balance.charged_back
        assert balance.due == max(0, balance.owed - paid)
        assert balance.due == 0 or balance.credit == 0


def check_units(life: Life) -> None:
    """Of each goods line: ordered = open + shipped + cancelled."""
    life.books.check()
    for order in life.books.of(Order).values():
        for each in order.lines.values():
            assert min(each.open, each.shipped, each.cancelled) >= 0
            assert each.line.quantity == each.open + each.shipped + each.cancelled
            assert each.returned <= each.shipped


def check_end(life: Life) -> None:
    """The past is what it was, and verification finds no difference."""
    assert folded_anew(life.history()) == life.books.states
    for position, answer in life.answers:
        order = LogUntil(life.records, position).fold(Order, str(answer["order_id"]))
        view = order_view(order)
        assert {name: answer[name] for name in view} == view
    checker = LogChecker(codec.decode, len(life.history()))
    checker.page(stored(life.history()))
    assert checker.finish() == []


def stored(history: Sequence[Recorded]) -> list[StoredEvent]:
    return [
        StoredEvent(
            r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
        )
        for r in history
    ]


def live(moves: Sequence[int]) -> Life:
    with MemoryLedger() as ledger:
        life = Life(ledger)
        for move in moves:
            before = life.books.position
            life.play(move)
            if life.books.position > before:
                check_units(life)
                check_money(life)
        check_end(life)
        return life


@pytest.mark.slow
@given(LIVES)
@settings(max_examples=settings().max_examples * 4)
def test_units_and_money_are_conserved_in_any_life(moves: list[int]) -> None:
    live(moves)


@pytest.mark.long
@given(LIVES)
@settings(max_examples=5000)
def test_so_they_are_in_thousands_of_lives(moves: list[int]) -> None:
    live(moves)


# The lives are lively: whoever breaks a rule is caught.

Sabotage = Callable[[pytest.MonkeyPatch], None]


def a_refund_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PaymentTotals, "kept", property(lambda totals: totals.captured))


def a_reversed_charge_back_counts(patch: pytest.MonkeyPatch) -> None:
    def only_charge_backs(totals: PaymentTotals, event: DisputeEvent) -> None:
        if isinstance(event, PaymentChargedBack):
            totals.charged_back += event.amount.minor

    patch.setattr(payment_state, "_apply_dispute", only_charge_backs)


def an_order_has_one_payment_only(patch: pytest.MonkeyPatch) -> None:
    apply = apply_to_settlement

    def deaf(settlement: Settlement, event: PaymentProgressed | CreditGranted) -> None:
        first = next(iter(settlement.payments), None)
        if isinstance(event, CreditGranted) or first in (None, event.payment_id):
            apply(settlement, event)

    patch.setattr(order_state, "apply_to_settlement", deaf)


def a_resumed_order_takes_no_stock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resumption, "stock_taken", lambda *arguments: [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "sabotage",
    others_long(
        [
            a_refund_is_forgotten,
            a_reversed_charge_back_counts,
            an_order_has_one_payment_only,
            a_resumed_order_takes_no_stock,
        ],
        a_resumed_order_takes_no_stock,
    ),
)
def test_a_broken_rule_is_detected(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):
        live_often(900)


def live_often(lives: int) -> None:
    chance = random.Random(7)
    for _ in range(lives):
        live([chance.randrange(10**9) for _ in range(80)])
