"""The SQL in files: the named statements of a package in its `queries.sql`, and the tables of a
read model in its `table.sql`."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib import resources

from oms_ledger.kernel import ReadModel

_COMMENT = re.compile(r"--[^\n]*")
_INCLUDE = re.compile(r"^ *-- include: *(\w+) *$", re.MULTILINE)
_OPTIONAL = re.compile(r"^(.*?) *-- if (\w+) *$", re.MULTILINE)
_CONDITION = re.compile(r"^ */\* if (\w+) \*/.*\n?", re.MULTILINE)
_INDEX = re.compile(r"CREATE\s+(UNIQUE\s+)?INDEX\b", re.IGNORECASE)
_WITH = re.compile(r"WITH\b(\s+RECURSIVE\b)?", re.IGNORECASE)
_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


def table_name(stable: str, number: int) -> str:
    """The name of a table in a build; `{v}` in its `table.sql` stands for the same suffix."""
    return f"{stable}_v{number}"


def source(model: ReadModel, name: str) -> str:
    return resources.files(model.package).joinpath(name).read_text("utf-8")


def definitions(text: str, number: int) -> tuple[list[str], list[str]]:
    """The single statements of a `table.sql`, with `{v}` filled in for a build: those that make
    tables, and those that make indexes, which may come when the rows are there. Comments end with
    their line, statements with a semicolon; neither `--` nor `;` may stand in a literal."""
    plain = _COMMENT.sub("", text).replace("{v}", table_name("", number))
    every = [statement.strip() for statement in plain.split(";") if statement.strip()]
    indexes = [statement for statement in every if _INDEX.match(statement)]
    return [statement for statement in every if statement not in indexes], indexes


def named(text: str) -> dict[str, str]:
    """Statements, without comments, by the name in the line `-- name: <name>` above each.

    A line that ends in `-- if <parameter>` is part of the statement where that parameter has a
    value; see `with_parameters`. A line `-- include: <name>` stands for the text of that name,
    which is a part of statements and none itself; it may have such lines too."""
    pieces = _NAME.split(_OPTIONAL.sub(r"/* if \2 */\1", text))
    bodies = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    parts = {name for body in bodies.values() for name in _INCLUDE.findall(body)}

    def whole_of(body: str) -> str:
        return _INCLUDE.sub(lambda include: whole_of(bodies[include[1]]), body)

    whole = {name: whole_of(body) for name, body in bodies.items() if name not in parts}
    return {name: _COMMENT.sub("", body).strip().rstrip(";") for name, body in whole.items()}


def with_parameters(text: str, given: Collection[str]) -> str:
    """A statement without the lines that need a parameter which is not among those `given`. What is
    left is planned for just these filters."""
    return _CONDITION.sub(lambda line: line[0] if line[1] in given else "", text)


@cache
def queries(package: str) -> dict[str, str]:
    """The named statements in the `queries.sql` of this package; none without the file."""
    file = resources.files(package).joinpath("queries.sql")
    return named(file.read_text("utf-8")) if file.is_file() else {}


@cache
def on_build(
    package: str,
    statement: str,
    tables: tuple[str, ...],
    number: int,
    given: frozenset[str] = frozenset(),
) -> str:
    """A named statement as it is sent, with the parameters `given`. A table's name means its table
    in this build, whatever the views of that name show by now. So an answer that was begun before a
    swap is finished from the tables it was begun with, and nobody who reads stands in the way of a
    swap.
    `LookupError` where there is no such statement."""
    statements = queries(package)
    if statement not in statements:
        names = ", ".join(sorted(statements)) or "none"
        raise LookupError(f"no statement {statement!r} in queries.sql; there are: {names}")
    text = with_parameters(statements[statement], given)
    meant = [
        f"{name} AS NOT MATERIALIZED (TABLE {table_name(name, number)})"
        for name in tables
        if re.search(rf"\b{name}\b", text)
    ]
    if not meant:
        return text
    if begins := _WITH.match(text):
        return f"{begins[0]} {', '.join(meant)},{text[begins.end() :]}"
    return f"WITH {', '.join(meant)} {text}"
