"""What must be true of a served ledger, whatever happened to its processes."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from oms_ledger.engine.db import pool
from oms_ledger.engine.log import codec
from oms_ledger.engine.project.tables import Table
from oms_ledger.kernel import Recorded
from oms_ledger.testing import folded
from oms_projections import PROJECTIONS, QUERIES
from tests.databases import SCHEMA
from tests.engine.log.audit import assert_dense, assert_never_oversold
from tests.serving.family import until

LOG = """
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events ORDER BY notification_id"""

LISTS = {
    query.read_model: query.path
    for query in reversed(QUERIES)
    if query.read_model is not None and "{" not in query.path
}
"""By the name of a read model, the path of its first query that names no record."""


def log_of(url: str) -> list[Recorded]:
    with pool.connect(url, SCHEMA) as connection:
        rows = connection.execute(LOG, binary=True).fetchall()
    return [codec.recorded(*row) for row in rows]


def checked_log(url: str) -> list[Recorded]:
    """The whole log: without holes, and at no position oversold."""
    log = log_of(url)
    assert_dense(log)
    assert_never_oversold(log)
    return log


def follow(client: httpx.Client, position: int) -> None:
    """Return when every read model has reached `position`; a worker must run."""
    assert LISTS.keys() == {model.name for model in PROJECTIONS}
    for path in LISTS.values():
        waits = {"min_position": position, "wait_ms": 1000}

        def answered(path: str = path, waits: dict[str, int] = waits) -> bool:
            answer = client.get(path, params=waits)
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) >= 1
                return False
            assert answer.status_code == 200, answer.text
            return int(answer.headers["ledger-position"]) >= position

        until(answered, f"{path} answers from {position} on")


def assert_read_models_are_a_fold(url: str, log: Sequence[Recorded]) -> None:
    """Row for row what the log folds into, nothing left out."""
    with pool.connect(url, SCHEMA) as connection:
        assert connection.execute("SELECT count(*) FROM parked_streams").fetchone() == (0,)
        for model in PROJECTIONS:
            expected = folded(model, log)
            for kind in model.rows:
                table = Table(kind, model.version)
                rows = connection.execute(f"TABLE {kind.table}".encode()).fetchall()
                stored = {table.key_of(row): row for row in map(table.row, rows)}
                assert stored == {table.key_of(row): row for row in expected.of(kind)}, kind.table


def check_everything(client: httpx.Client, url: str) -> list[Recorded]:
    """The log by itself, and the read models, which live workers have brought to its end."""
    log = checked_log(url)
    follow(client, len(log))
    assert_read_models_are_a_fold(url, log)
    return log
