"""The writer against a model that a child could check: plain counters and a plain list.

Commands come in random batches, through several writers in turn, with caches and snapshots so
small that every state is forgotten, saved, and loaded again all the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.write import decider
from oms_ledger.engine.write.states import StateCache
from oms_ledger.engine.write.writer import Limits, Outcome, Submission, Writer
from oms_ledger.kernel import Command, Recorded
from tests.databases import Database
from tests.engine.conformance import Ledger, MemoryLedger, PostgresLedger
from tests.engine.log.audit import assert_dense
from tests.engine.project.log import readers
from tests.engine.toy import Broken, HalfBroken, Open, Receive, Take, TakeAnywhere, context

WRITERS = 3

TINY = Limits(batch_commands=3, batch_bytes=900, cached_streams=2)


@dataclass
class Model:
    """What should be. Keys are those of stock streams."""

    on_hand: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    allocated: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    places: list[str] = field(default_factory=list)
    log: list[tuple[str, str, int]] = field(default_factory=list)
    """Stream, event type and quantity."""

    def apply(self, command: Command) -> str:
        """`accepted`, `refused` or `broken`; and what it changes."""
        match command:
            case Broken() | HalfBroken():
                return "broken"
            case Receive(sku, quantity):
                return self._receive(f"{sku}@A", quantity)
            case Open(code, sku, quantity):
                self.places = sorted({*self.places, code})
                self.log.append((f"location-{code}", "location.defined.v1", 0))
                return self._receive(f"{sku}@{code}", quantity)
            case Take(sku, quantity):
                return self._take([f"{sku}@A"], quantity)
            case TakeAnywhere(sku, _):
                return self._take([f"{sku}@{place}" for place in self.places], 1)
        raise AssertionError(command)

    def _receive(self, key: str, quantity: int) -> str:
        self.on_hand[key] += quantity
        self.log.append((f"stock-{key}", StockReceived.type, quantity))
        return "accepted"

    def _take(self, keys: list[str], quantity: int) -> str:
        for key in keys:
            if self.on_hand[key] - self.allocated[key] >= quantity:
                self.allocated[key] += quantity
                self.log += [(f"stock-{key}", StockAllocated.type, 1)] * quantity
                return "accepted"
        return "refused"


SKUS = st.sampled_from("XYZ")
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Receive, SKUS, st.integers(1, 5)),
    st.builds(Take, SKUS, st.integers(1, 4)),
    st.builds(TakeAnywhere, SKUS, st.just(1)),
    st.builds(Open, st.sampled_from("AB"), SKUS, st.integers(1, 3)),
    st.builds(Broken, SKUS, st.just(1)),
    st.builds(HalfBroken, SKUS, st.just(1)),
)
STEPS = st.lists(
    st.tuples(st.integers(0, WRITERS - 1), st.lists(COMMANDS, min_size=1, max_size=8)), max_size=12
)


def result_of(future: Future[Outcome]) -> str:
    error = future.exception(20)
    if error is None:
        return "accepted"
    return "refused" if isinstance(error, Refused) else "broken"


def check_against_the_model(
    ledger: Ledger, steps: list[tuple[int, list[Command]]]
) -> tuple[Model, list[Recorded]]:
    model = Model()
    writers = [Writer(ledger.store(), TINY) for _ in range(WRITERS)]
    try:
        for n, commands in steps:
            futures = writers[n].submit_many(Submission(c, context()) for c in commands)
            assert [result_of(future) for future in futures] == [model.apply(c) for c in commands]
    finally:
        for writer in writers:
            writer.close()
    log = ledger.recorded()
    assert_dense(log)
    assert [(r.stream, r.event.type, getattr(r.event, "quantity", 0)) for r in log] == model.log
    return model, log


def check_states(model: Model, fold: Callable[[str], StockLevel]) -> None:
    for key in model.on_hand:
        state = fold(key)
        assert (state.on_hand, state.allocated) == (model.on_hand[key], model.allocated[key])


@pytest.mark.slow
@given(STEPS)
def test_the_log_in_memory_is_the_model(steps: list[tuple[int, list[Command]]]) -> None:
    check_against_the_model(MemoryLedger(), steps)


def test_sabotage_a_writer_that_does_not_notice_others_is_not_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[tuple[int, list[Command]]] = [
        (0, [Receive("X", 4)]),
        (0, [Receive("X", 1)]),  # now it believes that it is alone
        (1, [Take("X", 5)]),
        (0, [Take("X", 1)]),
    ]
    check_against_the_model(MemoryLedger(), steps)
    monkeypatch.setattr(StateCache, "begin_epoch", lambda self: None)
    with pytest.raises(AssertionError):
        check_against_the_model(MemoryLedger(), steps)


@pytest.fixture
def saved_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decider, "SNAPSHOT_EVERY", 3)


def empty(owner: Connection) -> None:
    """A new ledger for every example; making a new database takes longer than an example does."""
    owner.execute("ALTER TABLE ledger_events DISABLE TRIGGER USER")
    owner.execute("TRUNCATE ledger_events, receipts, snapshots")
    owner.execute("ALTER TABLE ledger_events ENABLE TRIGGER USER")
    owner.execute("UPDATE ledger_head SET position = 0")


def folded_by_hand(log: Sequence[Recorded], stream: str) -> StockLevel:
    state = StockLevel()
    for r in log:
        if r.stream == stream:
            state.apply(r.event)
            state.version = r.version
    return state


@pytest.fixture
def ledger_readers(postgres: Database) -> Iterator[Readers]:
    with readers(postgres) as ledger_readers:
        yield ledger_readers


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_log_in_postgresql_is_the_model(
    saved_often: None,
    postgres: Database,
    ledger_readers: Readers,
    steps: list[tuple[int, list[Command]]],
) -> None:
    with postgres.connect_owner() as owner:
        empty(owner)
    model, log = check_against_the_model(
        PostgresLedger(postgres.connect_writer, postgres.connect_owner), steps
    )
    with ledger_readers.open(None) as (reader, _):
        check_states(model, lambda key: reader.fold(StockLevel, key))
        # Any state in between, from a snapshot or without, is the fold of the events before it.
        for until in range(0, len(log), 5):
            for key in model.on_hand:
                by_hand = folded_by_hand(log[:until], f"stock-{key}")
                assert reader.fold(StockLevel, key, until) == by_hand
