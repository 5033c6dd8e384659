"""The connection breaks around a COMMIT: callers get a true answer, and no command happens
twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import SQL, PostgresStore
from oms_ledger.engine.log.store import Batch, EventRow, Head, LoadedRows, LoadRequest
from oms_ledger.engine.write.writer import Idempotency, Limits, Outcome, Submission, Writer
from tests.databases import Database
from tests.engine.conformance import PostgresLedger
from tests.engine.toy import Receive, context
from tests.resilience.proxy import Cut, Wire, wire_to

ONCE = Idempotency("client", "key", b"body")

OpenStore = Callable[[Callable[[], Connection]], PostgresStore]


@contextmanager
def writer_over(
    database: Database, wire: Wire, patience: float, store: OpenStore = PostgresStore
) -> Iterator[Writer]:
    writer = Writer(
        store(lambda: pool.connect(wire.url, database.schema, role=Role.WRITER)),
        Limits(patience_seconds=patience),
    )
    try:
        writer.submit(Submission(Receive("X", 1), context())).result(10)
        yield writer
    finally:
        writer.close()


def receive(writer: Writer) -> Outcome:
    return writer.submit(Submission(Receive("X", 1), context(), ONCE)).result(30)


def events(database: Database) -> int:
    return len(PostgresLedger(database.connect_writer, database.connect_owner).rows())


def check_a_retry_after_a_lost_answer(
    database: Database, cut: Cut, store: OpenStore = PostgresStore
) -> None:
    """No connection succeeds after the cut, so that the writer cannot check the commit; then the
    client submits again under the same key."""
    with wire_to(database.url) as wire, writer_over(database, wire, 0.2, store) as writer:
        wire.cut_next(cut, for_all=True)
        with pytest.raises(Unavailable) as answer:
            receive(writer)
        assert wire.cuts == 1
        assert "Idempotency-Key" in answer.value.detail, "it is not known, and what to do is said"
        wire.mend()
        again = receive(writer)
        assert events(database) == 2, "it happened twice"
        assert again.replayed == (cut is not Cut.BEFORE)
        assert (again.position, again.answer["on_hand"]) == (2, 2)
        assert receive(writer).replayed


@pytest.mark.parametrize("cut", Cut)
def test_the_same_key_answers_the_first_result(postgres: Database, cut: Cut) -> None:
    check_a_retry_after_a_lost_answer(postgres, cut)


class Forgetful(PostgresStore):
    """Keeps no receipts."""

    def begin(self, wanted: LoadRequest) -> tuple[Head, LoadedRows]:
        return super().begin(LoadRequest(wanted.streams, wanted.categories))

    def commit(self, head: Head, batch: Batch) -> None:
        super().commit(head, Batch(batch.events, [], batch.snapshots, batch.recorded_at))


def test_sabotage_without_receipts_it_happens_twice(postgres: Database) -> None:
    with pytest.raises(AssertionError, match="it happened twice"):
        check_a_retry_after_a_lost_answer(postgres, Cut.AFTER, Forgetful)


SLOW_COMMIT = """
CREATE FUNCTION take_your_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ledger_events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_your_time()"""


def check_the_answer_is_true(
    database: Database, cut: Cut, store: OpenStore = PostgresStore
) -> None:
    """The writer reconnects at once, and the server commits slowly: no caller may get the answer
    that nothing was written when it is written a moment later."""
    with wire_to(database.url) as wire, writer_over(database, wire, 20.0, store) as writer:
        with database.connect_owner() as owner:
            owner.execute(SLOW_COMMIT)
        wire.cut_next(cut, for_all=False)
        try:
            answer: Outcome | Unavailable = receive(writer)
        except Unavailable as no:
            answer = no
        assert wire.cuts == 1
        assert isinstance(answer, Outcome), "it was denied, and happened"
        assert (answer.position, answer.replayed) == (2, False)
        assert events(database) == 2
        assert receive(writer).replayed


@pytest.mark.parametrize("cut", [Cut.WHILE, Cut.AFTER])
def test_a_writer_that_gets_through_again_finds_out_what_happened(
    postgres: Database, cut: Cut
) -> None:
    check_the_answer_is_true(postgres, cut)


class Hasty(PostgresStore):
    """Checks the log without the head lock."""

    def contains(self, row: EventRow) -> bool:
        cursor = self._open_cursor().execute(SQL["stored_event"], (row.position,), binary=True)
        return cursor.fetchone() == (row.stream, row.topic, row.state)


def test_sabotage_checking_too_early_gives_a_false_answer(postgres: Database) -> None:
    with pytest.raises(AssertionError, match="it was denied, and happened"):
        check_the_answer_is_true(postgres, Cut.WHILE, Hasty)


def test_a_writer_that_reconnects_reports_truly_that_nothing_was_written(
    postgres: Database,
) -> None:
    with wire_to(postgres.url) as wire, writer_over(postgres, wire, 20.0) as writer:
        wire.cut_next(Cut.BEFORE, for_all=False)
        with pytest.raises(Unavailable, match="nothing was written"):
            receive(writer)
        assert events(postgres) == 1
        assert not receive(writer).replayed
