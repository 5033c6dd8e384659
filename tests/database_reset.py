"""Databases copied from a template, reset after each test instead of dropped.

Making a database writes some three hundred files; putting one back takes a few statements. What a
test did to rows and sequences is undone. A database whose catalogue a test has changed (tables,
columns, triggers, rights, settings, anything) is dropped, and the next test gets a new copy.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
from psycopg import errors, sql

from oms_ledger.engine.db.connection import Connection
from oms_ledger.settings import Settings
from tests.databases import KEK, Database, create_database, drop_database

AT_ONCE = 3
"""How many databases are taken in turn: a connection that outlives its test by a moment does not
meet the next one."""

TRUNCATE_BYTES = 256 << 10
"""A table whose file has grown beyond this is truncated, and deleted from otherwise: truncating
makes new files for the table and each of its indexes."""

END_SESSIONS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""

# One line of text for each thing that a test might have made, changed or dropped.
CATALOGUE = """
WITH spaces AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
)
SELECT concat_ws(' ', 'database', datdba, datacl, datconnlimit, datallowconn)
FROM pg_database WHERE datname = current_database()
UNION ALL
SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT concat_ws(' ', 'schema', nspname, nspowner, nspacl) FROM spaces
UNION ALL
SELECT concat_ws(' ', 'relation', n.nspname, relname, relkind, relowner, relacl, reloptions,
                 relpersistence, relrowsecurity, relforcerowsecurity, relreplident,
                 CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                 CASE WHEN relkind = 'i' THEN pg_get_indexdef(c.oid) END)
FROM pg_class AS c JOIN spaces AS n ON n.oid = relnamespace
UNION ALL
SELECT concat_ws(' ', 'column', n.nspname, relname, attnum, attname, atttypid::regtype, atttypmod,
                 attnotnull, attidentity, attgenerated, attacl, attoptions, attfdwoptions,
                 attstorage, attcompression, pg_get_expr(d.adbin, d.adrelid))
FROM pg_class AS c JOIN spaces AS n ON n.oid = relnamespace
JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
UNION ALL
SELECT concat_ws(' ', 'constraint', n.nspname, conrelid::regclass, conname, convalidated,
                 pg_get_constraintdef(c.oid))
FROM pg_constraint AS c JOIN spaces AS n ON n.oid = connamespace
UNION ALL
SELECT concat_ws(' ', 'index', indexrelid::regclass, indisvalid, indisready)
FROM pg_index WHERE indexrelid >= 16384
UNION ALL
SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled)
FROM pg_trigger WHERE oid >= 16384
UNION ALL
SELECT concat_ws(' ', 'rule', pg_get_ruledef(oid), ev_enabled) FROM pg_rewrite WHERE oid >= 16384
UNION ALL
SELECT concat_ws(' ', 'function', p.oid::regprocedure, proowner, proacl, prosecdef, provolatile,
                 proconfig, prosrc)
FROM pg_proc AS p JOIN spaces AS n ON n.oid = pronamespace
UNION ALL
SELECT concat_ws(' ', 'type', n.nspname, typname, typtype, typowner, typacl)
FROM pg_type AS t JOIN spaces AS n ON n.oid = typnamespace
UNION ALL
SELECT concat_ws(' ', 'sequence', seqrelid::regclass, seqtypid, seqstart, seqincrement, seqmax,
                 seqmin, seqcache, seqcycle)
FROM pg_sequence
UNION ALL
SELECT concat_ws(' ', 'comment', pg_describe_object(classoid, objoid, objsubid), description)
FROM pg_description WHERE objoid >= 16384
UNION ALL
SELECT concat_ws(' ', 'default rights', defaclrole, defaclnamespace, defaclobjtype, defaclacl)
FROM pg_default_acl
UNION ALL
SELECT concat_ws(' ', kind, name) FROM (
    SELECT 'extension', extname FROM pg_extension
    UNION ALL SELECT 'event trigger', evtname FROM pg_event_trigger
    UNION ALL SELECT 'policy', polname FROM pg_policy
    UNION ALL SELECT 'publication', pubname FROM pg_publication
    UNION ALL SELECT 'server', srvname FROM pg_foreign_server
    UNION ALL SELECT 'statistics', stxname FROM pg_statistic_ext
    UNION ALL SELECT 'large object', oid::text FROM pg_largeobject_metadata
) AS others (kind, name)
ORDER BY 1"""

# Every change of the catalogue leaves in its table a newer row or fewer rows; the newest of the
# template are those of all its copies.
CATALOGUE_TABLES = sorted({*re.findall(r"(?:FROM|JOIN) (pg_\w+)", CATALOGUE)} - {"pg_database"})

MARKS = """
SELECT 'pg_database', datdba::int8, concat_ws(' ', datacl, datconnlimit, datallowconn)
FROM pg_database WHERE datname = current_database()""" + "".join(
    f"\nUNION ALL SELECT '{table}', count(*), max(xmin::text::int8)::text FROM {table}"
    for table in CATALOGUE_TABLES
)
"""A text of what `CATALOGUE` depends on that is read in a tenth of the time."""

TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2"""

SIZES = """
SELECT n - 1, size
FROM unnest(%s::text[]) WITH ORDINALITY AS tables (name, n),
     pg_stat_file(pg_relation_filepath(name::regclass))
WHERE size > 0"""
"""By the index of a table, the bytes in its file, where it has any."""

SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value),
       last_value IS NOT NULL
FROM pg_sequences ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A copy of the template as it is before any test: its catalogue, the rows of the tables that
    are not empty (as `COPY` writes them) and the sequences."""

    catalogue: list[tuple[object, ...]]
    tables: list[sql.Identifier]
    rows: dict[int, bytes]
    """By the index in `tables`."""
    sequences: list[tuple[object, ...]]
    marks: set[tuple[tuple[object, ...], ...]]
    """Those of databases whose catalogue is known to be this one. No two transactions of a server
    have the same number, so that marks which are equal stand for the same catalogue."""

    @staticmethod
    def of(url: str) -> Fresh:
        with psycopg.connect(url, autocommit=True) as connection:
            tables = [sql.Identifier(*names) for names in connection.execute(TABLES).fetchall()]
            rows = {n: _copied(connection, tables[n]) for n, _ in _filled(connection, tables)}
            catalogue = connection.execute(CATALOGUE).fetchall()
            sequences = connection.execute(SEQUENCES).fetchall()
            return Fresh(catalogue, tables, rows, sequences, {_marks(connection)})

    def is_catalogue_of(self, connection: Connection) -> bool:
        """Whether no table, column, right or anything else but rows was changed."""
        marks = _marks(connection)
        if marks not in self.marks:
            if connection.execute(CATALOGUE).fetchall() != self.catalogue:
                return False
            self.marks.add(marks)
        return True


def reset(url: str, fresh: Fresh) -> bool:
    """Make a database as it was when it was `fresh`. False where the catalogue was changed, or the
    login is no superuser: it is of no use any more."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(END_SESSIONS)
            if not fresh.is_catalogue_of(connection):
                return False
            with connection.transaction():
                # No triggers: neither those that keep tables append-only nor foreign keys.
                connection.execute("SET LOCAL session_replication_role = replica")
                _reset_rows(connection, fresh)
                _reset_sequences(connection, fresh)
            return True
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction):
        return False


def _marks(connection: Connection) -> tuple[tuple[object, ...], ...]:
    return tuple(connection.execute(MARKS).fetchall())


def _reset_rows(connection: Connection, fresh: Fresh) -> None:
    filled = _filled(connection, fresh.tables)
    large = [fresh.tables[n] for n, size in filled if size > TRUNCATE_BYTES]
    if large:
        tables = sql.SQL(", ").join(large)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
    for n in sorted({n for n, size in filled if size <= TRUNCATE_BYTES} | fresh.rows.keys()):
        connection.execute(sql.SQL("DELETE FROM {}").format(fresh.tables[n]))
    for n, content in fresh.rows.items():
        statement = sql.SQL("COPY {} FROM STDIN").format(fresh.tables[n])
        with connection.cursor().copy(statement) as copy:
            copy.write(content)


def _reset_sequences(connection: Connection, fresh: Fresh) -> None:
    each = sql.SQL("SELECT {}, last_value, is_called FROM {}")
    names = [str(name) for name, _, _ in fresh.sequences]
    query = sql.SQL(" UNION ALL ").join(each.format(name, sql.SQL(name)) for name in names)
    now = connection.execute(query).fetchall()  # the view of all sequences takes ten times as long
    for name, value, used in set(fresh.sequences) - set(now):
        connection.execute("SELECT setval(%s::regclass, %s, %s)", (name, value, used))


def _filled(connection: Connection, tables: list[sql.Identifier]) -> list[tuple[int, int]]:
    """The tables that have rows, by their index, with the size of their files. A table whose file
    is empty has none, and is not even opened: that would take most of the time of a reset."""
    names = [table.as_string() for table in tables]
    sizes = {int(str(n)): int(str(size)) for n, size in connection.execute(SIZES, (names,))}
    if not sizes:
        return []
    each = sql.SQL("SELECT {}::int WHERE EXISTS (SELECT FROM {})")
    query = sql.SQL(" UNION ALL ").join(each.format(n, tables[n]) for n in sizes)
    return [(int(str(n)), sizes[int(str(n))]) for (n,) in connection.execute(query).fetchall()]


def _copied(connection: Connection, table: sql.Identifier) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
        return bytes(b"".join(copy))


class Databases:
    """The databases of one test process that are copies of one template."""

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[str] = []
        self._made = 0
        self._fresh: Fresh | None = None

    @contextmanager
    def lend(self) -> Generator[Database]:
        """A database as fresh as the template, for one test."""
        url = self._next()
        assert self._fresh is not None
        try:
            yield Database(url, replace(Settings(), database_url=url, kek=KEK))
        finally:
            if reset(url, self._fresh):
                self._free.append(url)
            else:
                self._made -= 1
                drop_database(self._server, url)

    def _next(self) -> str:
        if self._free and self._made >= AT_ONCE:
            return self._free.pop(0)
        url = create_database(self._server, self._template)
        self._made += 1
        if self._fresh is None:
            self._fresh = Fresh.of(url)
        return url
