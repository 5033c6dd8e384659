"""Queries that are executed together share a transaction, and no failure."""

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


def _query(run: Any) -> Query:
    return Query(
        "any", "/any", "orders:read", TALLIES.name, object, run, "Any", "Not then", answer_type=dict
    )


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


def _results(ledger_readers: Readers, *requests: QueryRequest) -> list[Any]:
    return list(ledger_readers.execute_many(TALLIES.name, requests))


def test_the_error_of_a_query_is_returned_in_its_place(postgres: Database, sku: str) -> None:
    nul = "\x00"  # the database refuses the statement, and with it the transaction
    with readers(postgres) as ledger_readers:
        good, missing, invalid, faulty, early, again = _results(
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
    assert isinstance(missing, NotFound)
    assert isinstance(invalid, Invalid)
    assert isinstance(faulty, ZeroDivisionError)
    assert isinstance(early, ReadModelBehind)


def test_a_query_that_times_out_fails_alone(postgres: Database, sku: str) -> None:
    with readers(postgres, timeouts=Timeouts(statement_ms=50)) as ledger_readers:
        slow, good = _results(ledger_readers, QueryRequest(SLEEPS, 5), QueryRequest(UNITS, sku))
    assert isinstance(slow, Unavailable)
    assert good[1] == 30


def test_a_lost_connection_fails_every_query_on_it(postgres: Database, sku: str) -> None:
    def ends(params: object, reader: Reader) -> Mapping[str, Json]:
        terminate_others(postgres)
        return _units(params, reader)

    with readers(postgres) as ledger_readers:
        with pytest.raises(Unavailable):
            _results(ledger_readers, QueryRequest(_query(ends), sku), QueryRequest(UNITS, sku))
        (good,) = _results(ledger_readers, QueryRequest(UNITS, sku))
    assert good[1] == 30
