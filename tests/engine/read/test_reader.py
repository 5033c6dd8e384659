"""Questions asked together share a transaction, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from oms_ledger.domain.errors import Invalid, NotFound, ReadModelBehind, Unavailable
from oms_ledger.engine.db.pool import Timeouts
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.read.query import QueryRequest
from oms_ledger.engine.read.reader import Readers
from oms_ledger.kernel import Json, Query, Reader
from tests.databases import Database
from tests.engine.project.log import Log, history, install, readers, terminate_others
from tests.engine.project.tallies import TALLIES


def _query(ask: Any) -> Query:
    return Query("any", "/any", "orders:read", TALLIES.name, object, ask, "Any", "Not then")


def _units(params: object, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows("of_sku", sku=params, place=None)
    if not rows:
        raise NotFound("There is no such SKU.")
    return {"units": sum(int(str(row["units"])) for row in rows)}


def _sleeps(params: object, reader: Reader) -> Mapping[str, Json]:
    reader.rows("slow", seconds=params)
    return {"units": 0}


def _faulty(params: object, reader: Reader) -> Mapping[str, Json]:
    raise ZeroDivisionError


UNITS, SLEEPS, FAULTY = _query(_units), _query(_sleeps), _query(_faulty)


@pytest.fixture
def sku(postgres: Database) -> str:
    install(postgres)
    log = Log(postgres)
    events = history(30)
    log.append(*events)
    log.close()
    with Projector(postgres.connect_projector, [TALLIES]) as projector:
        projector.catch_up(30)
    (row, *_) = _all(postgres)
    return row


def _all(database: Database) -> list[str]:
    with readers(database) as ledger_readers, ledger_readers.open(TALLIES.name) as (reader, _):
        return [str(row["sku"]) for row in reader.rows("all")]


def _asked(ledger_readers: Readers, *questions: QueryRequest) -> list[Any]:
    return list(ledger_readers.execute_many(TALLIES.name, questions))


def test_what_one_fails_with_stands_in_its_place(postgres: Database, sku: str) -> None:
    nul = "\x00"  # the database refuses the statement, and with it the transaction
    with readers(postgres) as ledger_readers:
        good, none, broken, fault, late, again = _asked(
            ledger_readers,
            QueryRequest(UNITS, sku),
            QueryRequest(UNITS, "no-such"),
            QueryRequest(UNITS, nul),
            QueryRequest(FAULTY, sku),
            QueryRequest(UNITS, sku, min_position=31),
            QueryRequest(UNITS, sku, min_position=30),
        )
    assert good == again
    assert good[1] == 30
    assert isinstance(none, NotFound)
    assert isinstance(broken, Invalid)
    assert isinstance(fault, ZeroDivisionError)
    assert isinstance(late, ReadModelBehind)


def test_who_takes_too_long_keeps_nobody_else_from_an_answer(postgres: Database, sku: str) -> None:
    with readers(postgres, timeouts=Timeouts(statement_ms=50)) as ledger_readers:
        slow, good = _asked(ledger_readers, QueryRequest(SLEEPS, 5), QueryRequest(UNITS, sku))
    assert isinstance(slow, Unavailable)
    assert good[1] == 30


def test_with_the_connection_goes_whatever_was_asked_over_it(postgres: Database, sku: str) -> None:
    def ends(params: object, reader: Reader) -> Mapping[str, Json]:
        terminate_others(postgres)
        return _units(params, reader)

    with readers(postgres) as ledger_readers:
        with pytest.raises(Unavailable):
            _asked(ledger_readers, QueryRequest(_query(ends), sku), QueryRequest(UNITS, sku))
        (good,) = _asked(ledger_readers, QueryRequest(UNITS, sku))
    assert good[1] == 30
