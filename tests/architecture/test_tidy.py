"""The rules of style that matter. What each list holds when it is not empty is what to change."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from statistics import median

import pytest

import oms_commands
import oms_projections
from oms_commands import COMMANDS
from oms_ledger.kernel import Command, Query, ReadModel
from oms_projections import PROJECTIONS, QUERIES
from tests.architecture.sources import EVERYWHERE, PACKAGES, ROOT, RULES, Source, length, sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
MEDIAN_FUNCTION_LINES = 12

SQL = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY|LISTEN|SET|GRANT)\s+\S"
    r"|\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|TRUNCATE\s+TABLE"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|SCHEMA|ROLE|DATABASE)|COPY\s+\w+\s+(FROM|TO)"
    r"|(LISTEN|NOTIFY)\s+\w+)\b",
    re.DOTALL,
)
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImpl" + "emented")))
CHANCE = {"random", "secrets", "time", "uuid_utils", "os", "socket", "threading", "asyncio"}
CLOCKS = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid6", "uuid7", "urandom", "getrandbits"}


def test_the_sources_are_listed() -> None:
    assert all(len(sources(folder)) > 4 for folder in EVERYWHERE)


def test_no_file_is_longer_than_400_lines() -> None:
    assert [(s.path, s.lines) for s in sources(*EVERYWHERE) if s.lines > FILE_LINES_MAX] == []


def test_no_function_is_longer_than_70_lines() -> None:
    long = [
        (s.path, function.name, length(function))
        for s in sources(*EVERYWHERE)
        for function in s.functions()
        if length(function) > FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_median_function_is_short_in_every_folder(package: str) -> None:
    lengths: dict[str, list[int]] = defaultdict(list)
    for s in sources(package):
        lengths[s.folder] += [length(function) for function in s.functions()]
    long = {
        folder: median(lines)
        for folder, lines in lengths.items()
        if lines and median(lines) >= MEDIAN_FUNCTION_LINES
    }
    assert long == {}


def test_every_module_has_a_docstring() -> None:
    silent = [s.path for s in sources(*EVERYWHERE) if s.text and not ast.get_docstring(s.tree)]
    assert silent == []


def test_nothing_is_left_unfinished() -> None:
    assert [s.path for s in sources(*EVERYWHERE) if UNFINISHED.search(s.text)] == []


def test_types_are_ignored_with_a_code_and_a_reason() -> None:
    bare = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]  # \S)")
    violations = [
        (s.path, number)
        for s in sources(*EVERYWHERE)
        for number, line in enumerate(s.text.splitlines(), 1)
        if bare.search(line) and "re.compile" not in line
    ]
    assert violations == []


# What belongs where.


def test_sql_is_written_in_sql_files() -> None:
    violations = [
        (s.path, text.lineno)
        for s in sources(*PACKAGES)
        for text in s.strings
        if SQL.search(str(text.value))
    ]
    assert violations == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT set_config('role', %s, false)",
        "SELECT position\nFROM ledger_head",
        "WITH moved AS (UPDATE ledger_head SET position = 1) SELECT 1",
        "CREATE ROLE {} NOLOGIN",
        "COPY ledger_events FROM STDIN",
        "LISTEN {}",
    ],
)
def test_sql_is_noticed(text: str) -> None:
    assert SQL.search(text)


def test_rules_are_typed_without_any() -> None:
    violations = [
        (s.path, node.lineno)
        for s in sources(*RULES, PACKAGES[2])
        for node in s.nodes
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    assert violations == []


def test_rules_know_no_clock_no_chance_and_no_identity_of_their_own() -> None:
    assert [(s.path, what) for s in sources(*RULES) for what in made_up(s)] == []


@pytest.mark.parametrize(
    "text", ["import random", "from time import time", "datetime.now(UTC)", "uuid.uuid4()"]
)
def test_impurity_is_detected(text: str) -> None:
    assert list(made_up(Source("rule.py", text)))


def made_up(s: Source) -> Iterator[str]:
    """Time, chance and identity that do not come in from outside."""
    for node in s.nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (name for name in names if name.split(".")[0] in CHANCE)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if called in CLOCKS:
                yield f"{called}()"


# Everything is in its catalogue.


def values(package_path: list[str], prefix: str) -> Iterator[tuple[str, object]]:
    """Everything that the modules of a package define or name, by module."""
    for module in pkgutil.walk_packages(package_path, prefix):
        for value in vars(importlib.import_module(module.name)).values():
            yield module.name, value


def test_every_command_is_in_the_catalogue() -> None:
    commands = {
        value
        for _, value in values(list(oms_commands.__path__), "oms_commands.")
        if isinstance(value, type) and issubclass(value, Command) and hasattr(value, "name")
    }
    assert commands == set(COMMANDS.values())


def test_every_read_model_is_in_the_catalogue_with_its_sql() -> None:
    folders = [p.parent for p in (ROOT / PACKAGES[2]).glob("*/fold.py")]
    assert {f"oms_projections.{f.name}" for f in folders} == {m.package for m in PROJECTIONS}
    assert {f.name for f in folders} == {m.name for m in PROJECTIONS}
    for folder in folders:
        files = {file.name for file in folder.iterdir()}
        assert {"rows.py", "fold.py", "queries.py", "table.sql", "queries.sql"} <= files


def test_every_read_model_and_query_that_is_written_is_in_the_catalogue() -> None:
    models, queries = set(), set()
    for _, value in values(list(oms_projections.__path__), "oms_projections."):
        if isinstance(value, ReadModel):
            models.add(value.name)
        if isinstance(value, Query):
            queries.add(value.name)
        if isinstance(value, tuple):
            queries |= {each.name for each in value if isinstance(each, Query)}
    assert models == {model.name for model in PROJECTIONS}
    assert queries == {query.name for query in QUERIES}
    assert len(QUERIES) == len(queries)


def test_every_row_belongs_to_one_read_model() -> None:
    tables = [row.table for model in PROJECTIONS for row in model.rows]
    assert len(tables) == len(set(tables))


def reads_a_type(call: ast.AST) -> bool:
    """Whether this is `msgspec.convert(...)` or `msgspec.json.decode(..., type=...)`."""
    if not isinstance(call, ast.Call):
        return False
    name = ast.unparse(call.func)
    typed = any(given.arg == "type" for given in call.keywords)
    return name == "msgspec.convert" or (typed and name == "msgspec.json.decode")


def test_types_are_read_by_decoders_that_are_made_once() -> None:
    """`msgspec` ends the process where two threads let it read a type for the first time. Make a
    `msgspec.json.Decoder` in the module, or call `integrations/vendor_json.py`."""
    assert reads_a_type(ast.parse("msgspec.json.decode(text, type=Token)").body[0].value)  # type: ignore[attr-defined]  # an expression it is
    readers = [each for each in sources(*PACKAGES) if not each.path.endswith("/vendor_json.py")]
    assert [each.path for each in readers if any(map(reads_a_type, each.nodes))] == []
