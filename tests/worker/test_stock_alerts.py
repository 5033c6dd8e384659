"""Workers record when stock is low and when it is back, once each, whatever ends them."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.stock_alerts.events import StockBecameLow, StockCameBack
from oms_ledger.worker import stock_alerts
from oms_ledger.worker.stock_alerts import StockAlertChecks
from oms_projections import QUERIES
from tests.databases import Database

pytestmark = pytest.mark.postgres

Crossings = list[tuple[str, str | None, str | None, int]]


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        for n, code in enumerate(("LON", "MAN")):
            do(oms, "PutLocation", code=code, name=code, priority=n)
        for sku in ("A", "B"):
            for code in ("LON", "MAN"):
                receive(oms, 10, sku, code)
        yield oms


def do(oms: Oms, command: str, **fields: object) -> dict[str, object]:
    return dict(oms.execute(COMMANDS[command](**fields), actor="clerk").answer)


def receive(oms: Oms, units: int, sku: str = "A", location: str = "LON") -> None:
    do(oms, "ReceiveStock", sku=sku, location=location, quantity=units)


def sell(oms: Oms, units: int, sku: str = "A", channel: str = "web") -> str:
    line = {"sku": sku, "quantity": units, "unit_price": "1.00"}
    placed = do(oms, "PlaceOrder", channel=channel, currency="GBP", lines=[line])
    return str(placed["order_id"])


def cancel(oms: Oms, order_id: str) -> None:
    do(oms, "CancelOrder", order_id=order_id, reason="customer")


def crossings(oms: Oms) -> Crossings:
    """The crossings in the log, in order: their kinds, scopes and units."""
    with oms.readers.as_of() as log:
        events = [
            each.event for each in log.events(0, 5000, [StockBecameLow.type, StockCameBack.type])
        ]
    crossed: Crossings = []
    for event in events:
        assert isinstance(event, (StockBecameLow, StockCameBack))
        kind = "low" if isinstance(event, StockBecameLow) else "back"
        crossed.append((kind, event.location, event.channel, event.available))
    return crossed


def see(oms: Oms, name: str, **params: object) -> list[dict[str, Any]]:
    (query,) = (each for each in QUERIES if each.name == name)
    answer: dict[str, Any] = dict(oms.query(query, query.params(**params)).body)
    items: list[dict[str, Any]] = answer.get("items") or answer["locations"]
    return items


def check(oms: Oms, checks: StockAlertChecks | None = None) -> int:
    oms.catch_up()
    return (checks or StockAlertChecks(oms)).step()


def test_a_crossing_is_recorded_once(oms: Oms) -> None:
    do(oms, "PutStockAlert", sku="A", threshold=5)
    checks = StockAlertChecks(oms)
    check(oms, checks)
    first = sell(oms, 15)
    check(oms, checks)
    sell(oms, 2)
    check(oms, checks)
    assert crossings(oms) == [("low", None, None, 5)]
    cancel(oms, first)
    check(oms, checks)
    receive(oms, 1)
    check(oms, checks)
    assert crossings(oms) == [("low", None, None, 5), ("back", None, None, 18)]


def test_a_channel_has_crossings_of_its_own(oms: Oms) -> None:
    do(oms, "PutChannel", channel="store", locations=["MAN"])
    for channel in ("store", "web"):
        do(oms, "PutStockAlert", sku="A", threshold=0, channel=channel)
    checks = StockAlertChecks(oms)
    sell(oms, 10, channel="store")
    check(oms, checks)
    assert crossings(oms) == [("low", None, "store", 0)]
    do(oms, "PutChannel", channel="store", locations=["MAN", "LON"])
    check(oms, checks)
    assert crossings(oms)[1:] == [("back", None, "store", 10)]
    do(oms, "PutLocation", code="LON", name="LON", closed=True)
    check(oms, checks)
    assert crossings(oms)[2:] == [("low", None, "store", 0), ("low", None, "web", 0)]


def test_a_kit_is_low_with_a_component(oms: Oms) -> None:
    parts = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}]
    do(oms, "PutProduct", sku="K", title="Kit", components=parts)
    do(oms, "PutStockAlert", sku="K", threshold=9)
    checks = StockAlertChecks(oms)
    check(oms, checks)
    sell(oms, 2, "B")
    check(oms, checks)
    assert crossings(oms) == [("low", None, None, 9)]


def test_what_has_not_changed_is_not_checked_again(oms: Oms) -> None:
    checks = StockAlertChecks(oms)
    assert check(oms, checks) == 0, "no shop without alerts has anything to check"
    do(oms, "PutStockAlert", sku="A", threshold=5)
    do(oms, "PutStockAlert", sku="B", threshold=5)
    assert check(oms, checks) == 2
    assert check(oms, checks) == 0
    sell(oms, 16)
    assert check(oms, checks) == 1
    assert check(oms, checks) == 0, "its own events are no reason to look again"
    do(oms, "PutStockAlert", sku="B", threshold=None)
    receive(oms, 1, "B")
    assert check(oms, checks) == 0


def test_many_skus_are_checked_page_by_page(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_alerts, "PAGE_SKUS", 2)
    skus = [f"S{n}" for n in range(5)]
    for sku in skus:
        receive(oms, 3, sku)
        do(oms, "PutStockAlert", sku=sku, threshold=1)
        sell(oms, 2, sku)
    assert check(oms) == 5
    assert crossings(oms) == [("low", None, None, 1)] * 5


def test_stock_is_shown_as_low(oms: Oms) -> None:
    do(oms, "PutStockAlert", sku="A", threshold=3, location="MAN")
    do(oms, "PutStockAlert", sku="B", threshold=1, channel="web")
    do(oms, "AdjustStock", sku="A", location="MAN", change=-8, reason="lost")
    check(oms)
    oms.catch_up()
    low = see(oms, "list_stock", low=True)
    others = see(oms, "list_stock", low=False)
    assert [(each["sku"], each["location"]) for each in low] == [("A", "MAN")]
    assert len(others) == 3
    locations = see(oms, "get_stock", sku="A")
    assert [each["low"] for each in locations] == [False, True]
    alerts = see(oms, "list_stock_alerts")
    assert [(a["sku"], a["location"], a["channel"], a["low"], a["available"]) for a in alerts] == [
        ("A", "MAN", None, True, 2),
        ("B", None, "web", False, None),
    ]
    assert see(oms, "list_stock_alerts", low=True) == alerts[:1]
    assert see(oms, "list_stock_alerts", channel="WEB", limit=1) == alerts[1:]


# Crashes.


class Killed(BaseException):
    """The worker has ended."""


SEAMS = ("before it asks", "after it has asked", "before it remembers")


class Mortal(StockAlertChecks):
    """Ends at one seam of its step."""

    def __init__(self, oms: Oms, seam: str) -> None:
        super().__init__(oms)
        self.seam = seam

    def _check(self, skus: list[str]) -> None:
        self._end_at("before it asks")
        super()._check(skus[:1] if self.seam == "after it has asked" else skus)
        self._end_at("after it has asked")
        self._end_at("before it remembers")

    def _end_at(self, seam: str) -> None:
        if self.seam == seam:
            raise Killed(seam)


@pytest.mark.parametrize("seam", SEAMS)
def test_killed_anywhere_each_crossing_is_recorded_once(oms: Oms, seam: str) -> None:
    for sku in ("A", "B"):
        do(oms, "PutStockAlert", sku=sku, threshold=5)
        sell(oms, 16, sku)
    for _ in range(3):
        with pytest.raises(Killed):
            check(oms, Mortal(oms, seam))
    check(oms)
    assert crossings(oms) == [("low", None, None, 4)] * 2
    assert check(oms) == 2, "a new worker looks at everything once"
    assert crossings(oms) == [("low", None, None, 4)] * 2


def test_checks_at_the_same_moment_record_each_crossing_once(oms: Oms) -> None:
    """Two workers that both have the job, while others buy, cancel and receive."""
    for location in (None, "LON", "MAN"):
        do(oms, "PutStockAlert", sku="A", threshold=4, location=location)
    do(oms, "PutStockAlert", sku="A", threshold=4, channel="web")
    stop, failures = threading.Event(), list[BaseException]()

    def run(step: object) -> None:
        assert callable(step)
        try:
            while not stop.is_set():
                step()
        except BaseException as error:
            failures.append(error)

    def trade() -> None:
        for _ in range(25):
            orders = []
            for _ in range(3):
                with suppress(Refused):  # others have it
                    orders.append(sell(oms, 7))
            for order_id in orders:
                cancel(oms, order_id)

    checkers = [threading.Thread(target=run, args=(StockAlertChecks(oms).step,)) for _ in range(2)]
    follower = threading.Thread(target=run, args=(oms.catch_up,))
    traders = [threading.Thread(target=trade) for _ in range(3)]
    for thread in (*checkers, follower, *traders):
        thread.start()
    for thread in traders:
        thread.join(120)
    stop.set()
    for thread in (*checkers, follower):
        thread.join(120)
    assert failures == []
    last = sell(oms, 20)
    check(oms)
    cancel(oms, last)
    check(oms)
    turns = defaultdict(list)
    for kind, location, channel, _ in crossings(oms):
        turns[location, channel].append(kind)
    assert len(turns) == 4
    for kinds in turns.values():
        assert all(one != other for one, other in itertools.pairwise(kinds))
        assert kinds[0] == "low"
        assert kinds[-1] == "back", "all was cancelled"


def test_one_worker_does_it_and_others_wait(oms: Oms) -> None:
    do(oms, "PutStockAlert", sku="A", threshold=5)
    sell(oms, 16)
    oms.catch_up()
    stop = threading.Event()
    stop.set()
    with oms.exclusive(stock_alerts.JOB):
        assert not StockAlertChecks(oms).attempt(stop)
    assert crossings(oms) == []
    checks = StockAlertChecks(oms)
    assert checks.attempt(stop)
    assert crossings(oms) == [("low", None, None, 4)]
    assert checks.attempt(stop)


def test_an_order_of_a_shop_without_alerts_has_the_same_events(oms: Oms) -> None:
    """Nor does it have others in a shop with alerts: they are recorded beside it."""
    sell(oms, 1)
    with oms.readers.as_of() as log:
        before = [each.event.type for each in log.events(0, 5000)][-3:]
    do(oms, "PutStockAlert", sku="A", threshold=19)
    sell(oms, 1)
    with oms.readers.as_of() as log:
        assert [each.event.type for each in log.events(0, 5000)][-3:] == before
