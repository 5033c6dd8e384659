"""Opening a ledger: one that is up to date is only read, and whatever is missing is made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oms_ledger.app import open_oms
from oms_ledger.engine.db import bootstrap, migrations
from oms_ledger.engine.db.roles import Role
from oms_projections import PROJECTIONS
from tests.databases import SCHEMA, Database, temporary_database

READS = re.compile(r"(\s|--[^\n]*\n)*(SELECT|WITH)\b")

MOST_STATEMENTS = 9

READER, PROJECTOR = Role.READER.of(SCHEMA), Role.PROJECTOR.of(SCHEMA)


@pytest.fixture
def ready(postgres: Database) -> Database:
    """A ledger that was opened once."""
    open_once(postgres)
    return postgres


def open_once(database: Database) -> None:
    with open_oms(database.settings) as oms:
        oms.readers.head()


def statements_of_opening(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that `ensure_prepared` sends, on whatever connection."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def recorded(cursor: Any, query: Any, *rest: Any, **named: Any) -> Any:
        sent.append(query if isinstance(query, str) else str(query.as_string()))
        return execute(cursor, query, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", recorded)
        bootstrap.ensure_prepared(database.url, database.settings, PROJECTIONS)
    return sent


def make_read_only(database: Database) -> None:
    """Make every transaction read-only by default, so that writing fails."""
    with database.connect_owner() as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())


def test_a_ledger_that_is_up_to_date_is_only_read(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_read_only(ready)
    sent = statements_of_opening(ready, monkeypatch)
    assert [each for each in sent if not READS.match(each)] == []
    assert 3 <= len(sent) <= MOST_STATEMENTS


def test_so_is_one_that_the_log_has_been_folded_for(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work changes rows, and a rebuild the tables; neither is anything to prepare."""
    with open_oms(ready.settings) as oms:
        oms.catch_up()
        oms.rebuilds.complete(oms.rebuilds.request([PROJECTIONS[0].name]))
    make_read_only(ready)
    assert len(statements_of_opening(ready, monkeypatch)) <= MOST_STATEMENTS


def test_where_anything_differs_it_is_prepared(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the two tests above rest on: there are more statements then, and they write."""
    with ready.connect_owner() as owner:
        owner.execute("COMMENT ON TABLE _yoyo_migration IS NULL")
    sent = statements_of_opening(ready, monkeypatch)
    assert len(sent) > MOST_STATEMENTS
    assert [each for each in sent if not READS.match(each)]


LOSSES = {
    "a role's usage of the schema": f"REVOKE USAGE ON SCHEMA {SCHEMA} FROM {READER}",
    "a table": f"REVOKE SELECT ON ledger_events FROM {READER}",
    "columns": f"REVOKE UPDATE (last_used_at) ON api_keys FROM {READER}",
    "a function": "REVOKE EXECUTE ON FUNCTION prune_accesses(timestamptz, bigint)"
    f" FROM {Role.WRITER.of(SCHEMA)}",
    "a build of a read model": f"REVOKE INSERT ON {{build}} FROM {PROJECTOR}",
    "the view of a read model": f"REVOKE SELECT ON {{view}} FROM {READER}",
    "more than it should have": f"GRANT DELETE ON ledger_events TO {READER}",
    "more of a build than it should have": f"GRANT DELETE ON {{build}} TO {READER}",
    "the owner's table": "ALTER TABLE ledger_events OWNER TO CURRENT_USER",
    "the owner's build": "ALTER TABLE {build} OWNER TO CURRENT_USER",
    "the owner's function": "ALTER FUNCTION prune_accesses(timestamptz, bigint)"
    " OWNER TO CURRENT_USER",
    "the owner's schema": f"ALTER SCHEMA {SCHEMA} OWNER TO CURRENT_USER",
}

RIGHTS = """
SELECT c.relname, c.relowner::regrole::text, (
    SELECT array_agg(a::text ORDER BY a::text COLLATE "C") FROM unnest(c.relacl) AS a
), (
    SELECT array_agg(attname || a.attacl::text ORDER BY attname)
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
)
FROM pg_class AS c WHERE c.relnamespace = current_schema::regnamespace
UNION ALL
SELECT proname, proowner::regrole::text, (
    SELECT array_agg(a::text ORDER BY a::text COLLATE "C") FROM unnest(proacl) AS a
), NULL
FROM pg_proc WHERE pronamespace = current_schema::regnamespace
UNION ALL
SELECT nspname, nspowner::regrole::text, (
    SELECT array_agg(a::text ORDER BY a::text COLLATE "C") FROM unnest(nspacl) AS a
), NULL
FROM pg_namespace WHERE nspname = current_schema
ORDER BY 1"""


def rights(database: Database) -> list[tuple[object, ...]]:
    with database.connect_owner() as owner:
        return owner.execute(RIGHTS).fetchall()


@pytest.mark.parametrize("loss", LOSSES)
def test_rights_that_were_changed_are_those_decided_about_again(
    ready: Database, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rights(ready)
    table = PROJECTIONS[0].rows[0].table
    build = f"{table}_v{PROJECTIONS[0].version}"
    with ready.connect_owner() as owner:
        owner.execute(LOSSES[loss].format(build=build, view=table).encode())
    assert rights(ready) != before
    open_once(ready)
    assert rights(ready) == before
    assert len(statements_of_opening(ready, monkeypatch)) <= MOST_STATEMENTS


def test_a_grant_to_another_role_stays_and_is_prepared_for_once(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ready.connect_owner() as owner:
        owner.execute("GRANT SELECT ON ledger_head TO pg_monitor")
    given = rights(ready)
    open_once(ready)
    assert rights(ready) == given
    assert len(statements_of_opening(ready, monkeypatch)) <= MOST_STATEMENTS


def test_the_grants_of_another_program_version_are_made(
    ready: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in migrations.directory().glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    with (tmp_path / "post-apply.sql").open("a") as more:
        more.write(f"\nGRANT SELECT ON snapshots TO {Role.AUDITOR.of(SCHEMA)};\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    open_once(ready)
    with ready.connect(Role.AUDITOR) as auditor:
        assert auditor.execute("SELECT count(*) FROM snapshots").fetchone() == (0,)
    make_read_only(ready)
    assert len(statements_of_opening(ready, monkeypatch)) <= MOST_STATEMENTS


def test_a_migration_of_another_program_version_is_applied(
    ready: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in migrations.directory().glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "9999_last.sql").write_text("-- Why.\nCREATE TABLE last (one int);\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    open_once(ready)
    with ready.connect(Role.OWNER) as owner:
        assert migrations.pending(owner, SCHEMA) == []
        assert owner.execute("SELECT count(*) FROM last").fetchone() == (0,)


def test_a_read_model_that_nothing_follows_is_followed_again(ready: Database) -> None:
    """As after an earlier program's return, whose build a later program's had replaced."""
    name = PROJECTIONS[0].name
    state = "SELECT state FROM projection_positions WHERE name = %s"
    with ready.connect(Role.OWNER) as owner:
        owner.execute("UPDATE projection_positions SET state = 'retired' WHERE name = %s", (name,))
        open_once(ready)
        assert owner.execute(state, (name,)).fetchone() == ("building",)


def test_in_a_database_beside_an_up_to_date_one_all_is_made(server: str, ready: Database) -> None:
    """The roles are there already, since they belong to the server; the ledger is not."""
    with temporary_database(server) as url:
        bootstrap.ensure_prepared(url, ready.settings.with_database(url), PROJECTIONS)
        with psycopg.connect(url) as connection:
            result = connection.execute(f"SELECT position FROM {SCHEMA}.ledger_head".encode())
            assert result.fetchone() == (0,)
