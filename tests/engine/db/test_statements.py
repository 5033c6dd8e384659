"""Every named statement of the program is one that PostgreSQL understands on a migrated ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import oms_ledger
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from tests.databases import Database

SOURCES = Path(oms_ledger.__file__).parent

PARAMETER = re.compile(r"%(?:\((\w+)\))?s")

COMPOSED = "identifiers are composed into it"
UTILITY = "PREPARE takes no utility command"
NOT_PREPARED = {
    ("oms_ledger.engine.project", "listen"): COMPOSED,
    ("oms_ledger.engine.project", "select_rows"): COMPOSED,
    ("oms_ledger.engine.project", "insert_rows"): COMPOSED,
    ("oms_ledger.engine.project", "upsert_rows"): COMPOSED,
    ("oms_ledger.engine.project", "insert_new_rows"): COMPOSED,
    ("oms_ledger.engine.project", "copy_rows"): COMPOSED,
    ("oms_ledger.engine.rebuild", "create_view"): COMPOSED,
    ("oms_ledger.engine.rebuild", "drop_view"): COMPOSED,
    ("oms_ledger.engine.rebuild", "drop_tables"): COMPOSED,
    ("oms_ledger.engine.rebuild", "analyze"): COMPOSED,
    ("oms_ledger.engine.rebuild", "grant"): COMPOSED,
    ("oms_ledger.engine.rebuild", "key_ranges"): COMPOSED,
    ("oms_ledger.engine.rebuild", "count_rows"): COMPOSED,
    ("oms_ledger.engine.rebuild", "checksum"): COMPOSED,
    ("oms_ledger.engine.rebuild", "differing_rows"): COMPOSED,
    ("oms_ledger.engine.rebuild", "begin_snapshot"): UTILITY,
    ("oms_ledger.audit.tree", "copy_leaves"): UTILITY,
    ("oms_ledger.engine.db", "create_role"): COMPOSED,
    ("oms_ledger.engine.db", "grant_role"): COMPOSED,
    ("oms_ledger.engine.db", "create_schema"): COMPOSED,
    ("oms_ledger.engine.db", "give_schema"): COMPOSED,
    ("oms_ledger.engine.db", "give_object"): COMPOSED,
    ("oms_ledger.engine.db", "drop_owned"): COMPOSED,
    ("oms_ledger.engine.db", "drop_role"): COMPOSED,
    ("oms_ledger.engine.db", "record_grants"): UTILITY,
    ("oms_ledger.engine.log", "listen"): COMPOSED,
    ("oms_ledger.engine.log", "unlisten"): UTILITY,
    ("oms_ledger.engine.log", "copy_events"): UTILITY,
    ("oms_ledger.engine.work", "listen"): COMPOSED,
    ("oms_ledger.engine.read", "begin"): UTILITY,
    ("oms_ledger.engine.read", "read_model"): COMPOSED,
    ("oms_ledger.engine.read", "with_position"): COMPOSED,
}
"""Statements that the tests of their modules alone execute, each with the reason."""


def all_statements() -> Iterator[tuple[str, str]]:
    for file in sorted(SOURCES.rglob("queries.sql")):
        parts = ("oms_ledger", *file.parent.relative_to(SOURCES).parts)
        package = ".".join(parts)
        yield from ((package, name) for name in statements.queries(package))


def numbered(statement: str) -> str:
    """The statement with `$1`, `$2` ... in place of psycopg's parameters."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1] or f"#{len(names)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return PARAMETER.sub(number, statement).replace("%%", "%")


def prepare(connection: Connection, statement: str) -> None:
    connection.execute(f"PREPARE checked AS {numbered(statement)}".encode())
    connection.execute("DEALLOCATE checked")


def test_every_statement_can_be_prepared(postgres: Database) -> None:
    checked = 0
    with postgres.connect_owner() as connection:
        for package, name in all_statements():
            if (package, name) in NOT_PREPARED:
                continue
            try:
                prepare(connection, statements.queries(package)[name])
            except psycopg.Error as error:
                pytest.fail(f"{name} in {package}: {error}")
            checked += 1
    assert checked > 20


def test_what_is_not_prepared_exists_and_cannot_be(postgres: Database) -> None:
    assert NOT_PREPARED.keys() <= set(all_statements())
    with postgres.connect_owner() as connection:
        for package, name in NOT_PREPARED:
            with pytest.raises(psycopg.errors.SyntaxError):
                prepare(connection, statements.queries(package)[name])


def test_a_wrong_column_is_noticed(postgres: Database) -> None:
    statement = statements.queries("oms_ledger.engine.log")["head"]
    with (
        postgres.connect_owner() as connection,
        pytest.raises(psycopg.errors.UndefinedColumn),
    ):
        prepare(connection, statement.replace("position", "place"))


def test_every_statement_is_used() -> None:
    texts: dict[str, str] = {}
    for package, name in all_statements():
        folder = SOURCES.joinpath(*package.split(".")[1:])
        if package not in texts:
            texts[package] = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
        assert re.search(rf"""["']{name}["']""", texts[package]), f"{name} in {package}"


def test_a_statement_is_named_and_has_no_comment() -> None:
    text = "-- name: one\n-- Why.\nSELECT 1;  -- one\n\n-- name: two\nSELECT '{a}';\n"
    assert statements.named(text) == {"one": "SELECT 1", "two": "SELECT '{a}'"}


def test_an_optional_line_is_sent_with_its_parameter_alone() -> None:
    text = "-- name: one\nSELECT a FROM t\nWHERE a > %(a)s\n  AND b = %(b)s  -- if b\nLIMIT 1;\n"
    statement = statements.named(text)["one"]
    without = "SELECT a FROM t\nWHERE a > %(a)s\nLIMIT 1"
    assert statements.with_parameters(statement, {"a"}) == without
    assert "AND b = %(b)s" in statements.with_parameters(statement, {"a", "b"})
    assert "AND b = %(b)s" in statement  # as it is prepared by these tests


def test_a_part_is_included_and_no_statement_of_its_own() -> None:
    text = (
        "-- name: filter\n-- Why.\n  AND b = %(b)s -- if b\n\n"
        "-- name: one\nSELECT {columns} FROM t WHERE true\n  -- include: filter\nLIMIT 1;\n"
    )
    (name, statement), *others = statements.named(text).items()
    assert (name, others) == ("one", [])
    assert "AND b = %(b)s" in statements.with_parameters(statement, {"b"})
    assert "b" not in statements.with_parameters(statement, ())


def test_a_part_may_have_parts() -> None:
    text = (
        "-- name: inner\n  AND c = 1\n\n-- name: outer\n  AND b = 1\n-- include: inner\n\n"
        "-- name: one\nSELECT 1 FROM t WHERE true\n-- include: outer\nLIMIT 1;\n"
    )
    (statement,) = statements.named(text).values()
    assert " ".join(statement.split()) == "SELECT 1 FROM t WHERE true AND b = 1 AND c = 1 LIMIT 1"
