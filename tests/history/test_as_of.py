"""An answer as of a moment equals the live answer at that moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import AsOfNotSupported, Invalid, NotFound
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Command, Json, Position, Query, all_events, stream_id
from oms_ledger.testing import MemoryLedger
from oms_ledger.testing.log import LogUntil, Records
from oms_projections import QUERIES
from tests.history.memory import ReadModels
from tests.history.questions import (
    CAPABLE,
    NOTHING,
    LiveAnswer,
    answered,
    more,
    question,
    questions,
)
from tests.history.shop import RandomShop

QUESTIONS_PER_MOMENT = 10


class ObservedShop:
    """A random shop in memory. After about half of all events, also those in the middle of a
    command, questions are answered live."""

    def __init__(self, seed: int, moments: int) -> None:
        self._moments = moments
        self.records = Records()
        self.models = ReadModels(self.records)
        self.answers: list[LiveAnswer] = []
        self.moments: set[Position] = set()
        self._ledger = MemoryLedger()
        self._shop = RandomShop(seed, self._execute, lambda: self._ledger.now)

    def _execute(self, command: Command) -> Mapping[str, Json]:
        self._ledger.now += timedelta(minutes=7)
        return self._ledger.execute(command).answer

    def run(self) -> None:
        with self._ledger:
            while len(self.moments) < self._moments:
                self._shop.step()
                for r in self._ledger.history(len(self.records.all)):
                    self.records.add(r)
                    self.models.take(r)
                    if self._shop.chance.random() < 0.5:
                        self._answer(r.position)

    def _answer(self, position: Position) -> None:
        self.moments.add(position)
        live = self.models.live(position)
        for query, params in self._shop.chance.sample(questions(self._shop), QUESTIONS_PER_MOMENT):
            answer = answered(partial(query.run, params, live))
            self.answers.append(LiveAnswer(position, query, params, answer))
            further = more(query, params, answer)
            if further:
                body = answered(partial(query.run, further[1], live))
                self.answers.append(LiveAnswer(position, *further, body))


@pytest.mark.slow
def test_as_of_answers_are_those_that_were_given_live() -> None:
    check_answers_given_live(400, of_each=10)


@pytest.mark.long
def test_as_of_answers_are_those_that_were_given_live_at_a_thousand_moments() -> None:
    check_answers_given_live(1000, of_each=100)


def check_answers_given_live(moments: int, of_each: int) -> None:
    shop = ObservedShop(4, moments)
    shop.run()
    for live in shop.answers:
        assert not isinstance(live.query.as_of, str)
        log = LogUntil(shop.records, live.position)
        again = answered(partial(live.query.as_of, live.params, log))
        assert again == live.answer, (live.position, live.query.name, live.params)
    answers = Counter(live.query.name for live in shop.answers if live.answer != NOTHING)
    assert len(shop.moments) >= moments
    assert answers.keys() == CAPABLE
    assert min(answers.values()) > of_each, answers


def random_shop(oms: Oms) -> RandomShop:
    """A shop on a real ledger."""

    def execute(command: Command) -> Mapping[str, Json]:
        return oms.execute(command, actor="tester").answer

    return RandomShop(9, execute, lambda: datetime.now(UTC))


def played(oms: Oms, steps: int) -> None:
    """A shop on a real ledger that has done so many steps."""
    shop = random_shop(oms)
    for _ in range(steps):
        shop.step()


def questioned(oms: Oms, steps: int) -> list[LiveAnswer]:
    """The same; after every sixth step nine questions are answered live."""
    answers: list[LiveAnswer] = []
    shop = random_shop(oms)
    with oms.projector() as projector:
        for step in range(steps):
            shop.step()
            if step % 6:
                continue
            position = oms.readers.head()
            projector.catch_up(position)
            for query, params in shop.chance.sample(questions(shop), 9):
                answer = answered(partial(_now, oms, query, params))
                answers.append(LiveAnswer(position, query, params, answer))
    return answers


def _now(oms: Oms, query: Query, params: object) -> Mapping[str, Json]:
    return oms.query(query, params).body


def test_as_of_answers_are_those_that_were_given_live_by_postgresql(oms: Oms) -> None:
    answers = questioned(oms, 250)
    check_answers_of_postgresql(oms, answers)


@pytest.mark.long
def test_so_are_those_of_every_query(oms: Oms) -> None:
    answers = questioned(oms, 900)
    check_answers_of_postgresql(oms, answers)
    assert {each.query.name for each in answers if each.answer != NOTHING} == CAPABLE


def check_answers_of_postgresql(oms: Oms, answers: Sequence[LiveAnswer]) -> None:
    history = list(all_events(oms.readers.log()))
    newest = {r.meta.recorded_at: r.position for r in history}  # the last of each time
    by_time = 0
    for each in answers:
        at = history[each.position - 1].meta.recorded_at
        moments: list[Position | datetime] = [each.position]
        if newest[at] == each.position:
            moments.append(at)
        for moment in moments:
            again = answered(partial(_body, oms, each, moment))
            assert again == each.answer, (moment, each.query.name, each.params)
        by_time += len(moments) - 1
    assert len({each.position for each in answers}) >= 40
    assert by_time > len(answers) // 2


def _body(oms: Oms, live: LiveAnswer, moment: Position | datetime) -> Mapping[str, Json]:
    answer = oms.query(live.query, live.params, as_of=moment)
    assert answer.position == live.position
    return answer.body


def test_the_log_in_postgresql_is_as_one_in_memory(oms: Oms) -> None:
    played(oms, 100)
    records = Records()
    for r in all_events(oms.readers.log()):
        records.add(r)
    head = len(records.all)
    for position in (0, 7, head // 2, head):
        log, other = oms.readers.log(position), LogUntil(records, position)
        assert log.position == position
        for kind in (Order, Product, StockLevel):
            assert log.keys(kind) == other.keys(kind)
            assert log.keys(kind, limit=3) == other.keys(kind, limit=3)
            assert log.keys(kind, after="A!") == other.keys(kind, after="A!")
            for key in other.keys(kind)[:5]:
                stream = stream_id(kind, key)
                assert log.history(stream, 1, 2) == other.history(stream, 1, 2)
                assert log.fold(kind, key) == other.fold(kind, key)
                assert log.fold(kind, key, 9) == other.fold(kind, key, 9)
        assert log.keys(StockLevel, "A@") == other.keys(StockLevel, "A@")
        assert log.events(3, 50) == other.events(3, 50)
        types = ["order.placed.v1"]
        assert log.events(3, 50, types) == other.events(3, 50, types)


def test_a_long_history_is_folded_from_its_snapshots(oms: Oms) -> None:
    """And answers the same as of before and after each of them."""
    received = [ReceiveStock(sku="A", location="LON", quantity=1) for _ in range(2100)]
    oms.execute(PutLocation("LON", "London"), actor="tester")
    oms.execute_many(received, actor="tester")
    query, params = question("get_stock", sku="A")
    moves, newest = question("stock_movements", sku="A", limit="2")
    first = len(list(all_events(oms.readers.log()))) - 2100
    for units in (1, 999, 1000, 1001, 2000, 2100):
        body = oms.query(query, params, as_of=first + units).body
        assert body["on_hand"] == units
        items = oms.query(moves, newest, as_of=first + units).body["items"]
        assert isinstance(items, list)
        assert [item["on_hand"]["after"] for item in items] == [units, units - 1][:units]


def test_a_query_without_as_of_names_the_reason_and_an_alternative(oms: Oms) -> None:
    oms.execute(PutLocation("LON", "London"), actor="tester")
    refused = [query for query in QUERIES if isinstance(query.as_of, str)]
    of_customers = {"get_customer", "customer_orders", "export_customer"}
    others = {
        "list_deadlines",
        "list_backorders",
        "list_cases",
        "promise_of_stock",
        "list_drafts",
        "list_messages",
        "list_orders",
        "list_payments",
        "list_preorders",
        "list_reservations",
        "list_returns",
        "track",
    }
    others |= {"shipping_performance", "retention_due", "stock_figures", "stock_values"}
    others |= {
        "list_stock_alerts",
        "list_preorders",
        "list_inbound",
        "list_transfers",
        "list_incoming",
        "list_counts",
    }
    of_lots = {"list_lots", "orders_of_lot", "list_serials"}
    others |= {"shipping_performance", "fulfilment_performance", "retention_due"}
    others |= {"list_fulfilments", "pick_list", "location_figures"}
    others |= {"order_figures", "payment_figures", "return_figures", "list_customers"}
    assert {query.name for query in refused} == others | of_customers | of_lots
    for query in refused:
        named = {"token": "t"} if query.name == "track" else {}
        if query.name == "orders_of_lot":
            named = {"sku": "A", "lot": "L"}
        if query.name == "promise_of_stock":
            named = {"sku": "A"}
        named |= {"location": "LON"} if query.name == "pick_list" else {}
        if query.name == "location_figures":
            named = {"from": "2026-01-01", "to": "2026-02-01"}
        params = query.params(**({"customer_id": "c"} if query.name in of_customers else named))
        with pytest.raises(AsOfNotSupported) as why:
            oms.query(query, params, as_of=1)
        assert "GET /v1/" in why.value.detail or "`from`" in why.value.detail
    for name, fields in (
        ("list_stock", {"location": "LON"}),
        ("list_products", {"q": "heart"}),
        ("list_shipments", {"status": "delivered"}),
    ):
        query, params = question(name, **fields)
        with pytest.raises(AsOfNotSupported, match="`"):
            oms.query(query, params, as_of=1)
    query, params = question("list_stock", happened_by="2026-01-01")
    with pytest.raises(AsOfNotSupported, match="`sku`"):
        oms.query(query, params)


def test_a_moment_that_is_yet_to_come(oms: Oms) -> None:
    """A position that nothing has yet is a mistake; a time to come is answered as of now."""
    position = oms.execute(PutLocation("LON", "London"), actor="tester").position
    query, params = question("get_location", code="LON")
    with pytest.raises(Invalid, match="is at position 1"):
        oms.query(query, params, as_of=position + 1)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert oms.query(query, params, as_of=tomorrow).position == position
    with pytest.raises(NotFound, match="then"):
        oms.query(query, params, as_of=0)
