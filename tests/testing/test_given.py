"""`given` is strict: what passes here has named all it uses, and changed nothing it was lent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest

from oms_commands.stock.adjust import AdjustStock
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.stock.events import StockAdjusted, StockReceived
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import SHELF

LON: Ref = (StockLevel, "A@LON")
MAN: Ref = (StockLevel, "A@MAN")
Rule = Callable[[Given], Sequence[Change]]


@dataclass(frozen=True, slots=True)
class CustomCommand(Command):
    """A command made of a rule."""

    name: ClassVar[str] = "Asked"
    route: ClassVar[Route] = Route("POST", "/asked")
    scope: ClassVar[str] = "stock:write"
    rule: Rule
    named: tuple[Ref, ...] = (LON,)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return self.named

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return self.rule(given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {"on_hand": given.state(StockLevel, "A@LON").on_hand}


def receive(given: Given, location: str = "LON") -> Sequence[Change]:
    return [Change(StockReceived("A", location, 1))]


def test_the_answer_comes_from_the_states_afterwards() -> None:
    decision = given(*SHELF).when(CustomCommand(receive))
    decision.then(StockReceived("A", "LON", 1))
    assert decision.answer == {"on_hand": 11}


@pytest.mark.parametrize("units", [2, 0])
def test_other_events_or_none_are_not_what_follows(units: int) -> None:
    decision = given(*SHELF).when(CustomCommand(receive))
    with pytest.raises(AssertionError):
        decision.then(*[StockReceived("A", "LON", 1)] * units)


def test_a_stream_that_holds_something_must_be_named_to_be_used() -> None:
    def decide(given: Given) -> Sequence[Change]:
        given.state(StockLevel, "A@LON")
        return ()

    with pytest.raises(LookupError, match="stock-A@LON is used"):
        given(*SHELF).when(CustomCommand(decide, named=()))
    given().when(CustomCommand(decide, named=())).then()


def test_a_stream_that_holds_something_must_be_named_to_be_written() -> None:
    with pytest.raises(AssertionError, match="stock-A@LON is written"):
        given(*SHELF).when(CustomCommand(receive, named=(MAN,)))


def test_a_rule_does_not_change_what_it_was_lent() -> None:
    def grab(given: Given) -> Sequence[Change]:
        given.state(StockLevel, "A@LON").allocated += 1
        return ()

    with pytest.raises(AssertionError, match="Asked mutates"):
        given(*SHELF).when(CustomCommand(grab))


def test_an_event_goes_to_its_own_stream() -> None:
    decision = given(*SHELF).when(
        CustomCommand(lambda given: receive(given, "MAN"), named=(MAN, LON))
    )
    assert [change.event.stream for change in decision.changes] == ["stock-A@MAN"]
    assert decision.answer == {"on_hand": 10}


def test_reading_ends() -> None:
    class Endless(CustomCommand):
        def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
            object.__setattr__(self, "named", (*self.named, (StockLevel, str(len(self.named)))))
            return self.named

    with pytest.raises(RuntimeError, match="names ever more streams"):
        given(*SHELF).when(Endless(receive))


def refuse(given: Given) -> Sequence[Change]:
    raise Refused("No.", code="no", errors=[{"line": "1"}])


def test_a_refusal_is_matched_by_its_code_and_its_errors() -> None:
    decision = given(*SHELF).when(CustomCommand(refuse))
    assert decision.then_refused("no", {"line": "1"}).detail == "No."
    with pytest.raises(AssertionError, match="no: No"):
        decision.then_refused("yes")
    with pytest.raises(AssertionError, match="line"):
        decision.then_refused("no", {"line": "2"})
    with pytest.raises(AssertionError, match="Asked is refused: No"):
        decision.then()


def test_what_happens_is_not_refused() -> None:
    with pytest.raises(AssertionError, match="is not refused"):
        given(*SHELF).when(CustomCommand(receive)).then_refused("no")


def test_an_invalid_field_is_matched_by_its_name_alone() -> None:
    decision = given().when(AdjustStock, sku="A", location="LON", reason="", change="x")
    with pytest.raises(AssertionError, match="reason"):
        decision.then_invalid("change")
    with pytest.raises(AssertionError, match="AdjustStock is invalid"):
        decision.then()
    right = given(*SHELF).when(AdjustStock, sku="A", location="LON", reason="x", change=1)
    right.then(StockAdjusted("A", "LON", 1, "x"))
    with pytest.raises(AssertionError, match="no fields"):
        right.then_invalid("change")


def test_what_a_command_creates_is_named_after_it() -> None:
    def name(given: Given) -> Sequence[Change]:
        return [Change(StockReceived("A", CONTEXT.command_id, 1))]

    given().when(CustomCommand(name)).then(StockReceived("A", "command-1", 1))
