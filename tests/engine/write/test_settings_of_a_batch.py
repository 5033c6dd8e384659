"""Commands that read settings which a command of their own batch has changed."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders.place import PlaceOrder
from oms_commands.routing.put_rules import PutRoutingRules
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.contexts import new_context
from oms_ledger.domain.routing.events import OrderRouted, UnitsRouted
from oms_ledger.domain.routing.state import LocationLoad
from oms_ledger.engine.log.memory import MemoryLog, MemoryStore
from oms_ledger.engine.write.decider import Decider
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.engine.write.writer import Limits, Writer
from oms_ledger.kernel import Command
from oms_ledger.testing import MemoryLedger, replace
from oms_ledger.testing.history import START


def rules(*kinds: str) -> PutRoutingRules:
    return PutRoutingRules(channel="web", rules=[{"type": kind} for kind in kinds])  # type: ignore[arg-type]  # validated


def order() -> PlaceOrder:
    lines: Any = [{"sku": "A", "quantity": 2, "unit_price": "1.00"}]
    return PlaceOrder(channel="web", currency="GBP", lines=lines)


def at_once(log: MemoryLog, *commands: Command) -> list[Any]:
    """What becomes of commands that one writer with an empty cache decides in one batch."""
    writer = Writer(MemoryStore(log), Limits(), clock=lambda: START)
    try:
        with log.lock:  # the writer waits for it, and takes all of them together
            submissions = [
                Submission(each, replace(new_context("tester"), now=START)) for each in commands
            ]
            futures = writer.submit_many(submissions)
        return [future.result(10) for future in futures]
    finally:
        writer.close()


@pytest.fixture
def log() -> MemoryLog:
    """A shop whose place LON has sent two of its three units of the day."""
    log = MemoryLog()
    with MemoryLedger(log) as ledger:
        ledger.execute(PutLocation(code="LON", name="London", priority=1, daily_capacity=3))  # type: ignore[call-arg]  # an alias
        ledger.execute(PutLocation(code="MAN", name="Manchester", priority=2))  # type: ignore[call-arg]  # an alias
        for place in ("LON", "MAN"):
            ledger.execute(ReceiveStock(sku="A", location=place, quantity=9))
        ledger.execute(rules("capacity"))
        ledger.execute(order())
        ledger.execute(rules())
    return log


def routed(log: MemoryLog) -> tuple[list[str], list[int]]:
    """Where orders were routed to, and the versions of the load of LON."""
    with MemoryLedger(log) as ledger:
        history = ledger.history()
        assert ledger.state(LocationLoad, "LON").version
    places = [r.event.allocations[0].location for r in history if isinstance(r.event, OrderRouted)]
    return places, [r.version for r in history if isinstance(r.event, UnitsRouted)]


def is_rejected(log: MemoryLog) -> bool:
    """Decide new rules and two orders in one batch; whether the log has refused that batch."""
    with capture_logs() as entries:
        at_once(log, rules("capacity", "priority"), order(), order())
    return any(entry["event"] == "batch_failed_retrying_singly" for entry in entries)


def test_the_streams_that_new_settings_need_are_loaded(log: MemoryLog) -> None:
    assert not is_rejected(log)
    assert routed(log) == (["LON", "MAN", "MAN"], [1])


def test_without_loading_them_the_batch_is_rejected(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above fails where what a command reads is loaded only before its batch."""
    monkeypatch.setattr(Decider, "_load_states", lambda *_: None)
    assert is_rejected(log)


def test_only_changed_categories_make_a_command_load_again(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders read by products, locations and settings of their channel, not by its numbers."""
    loads: list[str] = []
    load_states = Decider._load_states

    def counted(decider: Decider, submission: Submission, given: Any) -> None:
        loads.append(submission.command.name)
        load_states(decider, submission, given)

    monkeypatch.setattr(Decider, "_load_states", counted)
    named = [replace(order(), external_id=str(n)) for n in range(2)]
    at_once(log, *named)
    assert loads == []
    at_once(log, named[0], rules("capacity"), named[1])
    assert loads == ["PlaceOrder"]
