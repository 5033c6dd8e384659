"""Names are plain English nouns and standard terms of the field, each with one meaning."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.sources import EVERYWHERE, PACKAGES, ROOT, Source, sources

PARTICIPLES_ALLOWED = {"routing", "serving", "testing"}
"""Rooms whose names the field uses as nouns: `routing/` is order routing, `serving/` runs
processes, `testing/` is shipped."""

RIDDLES = frozenset(
    re.findall(
        r"\w+",
        "ask asked asks asking tell told tells said say says whom who whose theirs ours look looks"
        " looking found known seen brought went somebody nobody anybody whoever aside"
        " asker askers teller knew hears spoke bring someone anyone everyone whichever somehow"
        " stuff",
    )
)
"""Words that name nothing, in identifiers: a reader searches for the thing itself."""

STANDARD_TERMS = {"NotFound", "STOCK_FOUND"}
"""Names that the field uses as they are: an error, and a reason for adjusting stock."""

DOCSTRING_RIDDLES = re.compile(
    r"\b(asked|asks|asking|told|said|whom|whoever|theirs|ours|somebody)\b", re.IGNORECASE
)
"""The same in docstrings, where `who` and `known` may stand."""

VAGUE = re.compile(r"(Manager|Helper|Service|Utils?|Util)$")

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def room_of(s: Source) -> str:
    """The folder or module that a test reports: of a package its first level, else a folder."""
    depth = 3 if s.path.startswith(PACKAGES) else 2
    return "/".join(s.path.split("/")[:depth]).removesuffix(".py")


IN_ROOM: dict[str, list[Source]] = defaultdict(list)
for _source in sources(*EVERYWHERE):
    IN_ROOM[room_of(_source)].append(_source)

ROOMS = sorted(
    {
        room
        for room, members in IN_ROOM.items()
        if any(s.text and not s.path.endswith("oms_ledger/__init__.py") for s in members)
    }
)

NAME_FIELDS: dict[type[ast.AST], str] = {
    ast.ClassDef: "name",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.arg: "arg",
    ast.Name: "id",
    ast.Attribute: "attr",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.ExceptHandler: "name",
    ast.alias: "asname",
}
"""The field with the name that a node may give to something."""

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def is_riddle(name: str) -> bool:
    return name not in STANDARD_TERMS and not RIDDLES.isdisjoint(map(str.lower, WORD.findall(name)))


def definitions(s: Source) -> Iterator[tuple[str, int]]:
    """Every name that a module gives to something, with its line: classes, functions, parameters,
    fields, constants, variables, attributes and aliases of imports."""
    for node in s.nodes:
        field = NAME_FIELDS.get(type(node))
        if field is None or type(getattr(node, "ctx", None)) in (ast.Load, ast.Del):
            continue
        name = getattr(node, field)
        if name is not None:
            yield name, getattr(node, "lineno", 1)


def riddles(s: Source) -> Iterator[str]:
    for name, line in definitions(s):
        if is_riddle(name):
            yield f"{s.path}:{line}: {name}"
    for node in s.nodes:
        if isinstance(node, DOCUMENTED):
            text = ast.get_docstring(node) or ""
            line = getattr(node, "lineno", 1)
            yield from (
                f"{s.path}:{line}: {w.group(0)!r}" for w in DOCSTRING_RIDDLES.finditer(text)
            )


@pytest.mark.parametrize("room", ROOMS)
def test_names_and_docstrings_are_plain_words_of_the_field(room: str) -> None:
    assert [each for s in IN_ROOM[room] for each in riddles(s)] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class Asked: pass", "Asked"),
        ("def ask_many(): pass", "ask_many"),
        ("class Look: pass", "Look"),
        ("def f(told: int): pass", "told"),
        ("def f(*asked: int, **said: int): pass", "said"),
        ("class C:\n    seen: int", "seen"),
        ("def f():\n    found = 1", "found"),
        ("def f():\n    for known in (): pass", "known"),
        ("def f(self):\n    self.looks = 1", "looks"),
        ("with open('x') as theirs: pass", "theirs"),
        ("def test_nobody_writes(): pass", "test_nobody_writes"),
        ("import json as told", "told"),
        ("match 1:\n    case {'x': said}: pass", "said"),
        ('def f():\n    """For whoever asks."""', "whoever"),
    ],
)
def test_riddles_are_noticed(text: str, why: str) -> None:
    assert any(why in each for each in riddles(Source("module.py", text)))


def test_no_class_name_stands_in_two_modules() -> None:
    modules: dict[str, set[str]] = defaultdict(set)
    for s in sources(*PACKAGES):
        for node in s.nodes:
            if isinstance(node, ast.ClassDef):
                modules[node.name].add(s.path)
    assert {name: sorted(paths) for name, paths in modules.items() if len(paths) > 1} == {}


def test_no_module_is_named_by_a_participle() -> None:
    names = {(s.path, part) for s in sources(*EVERYWHERE) for part in s.path[:-3].split("/")}
    participles = [(path, part) for path, part in names if is_participle(part)]
    assert sorted(participles) == []


@pytest.mark.parametrize("name", ["asking", "looking", "sealing", "playing", "test_swapping"])
def test_participles_are_noticed(name: str) -> None:
    assert is_participle(name)


def is_participle(name: str) -> bool:
    last = name.rpartition("_")[2]
    return (
        last.endswith("ing") and last not in PARTICIPLES_ALLOWED and last not in {"string", "ring"}
    )


def test_no_class_is_named_vaguely() -> None:
    vague = [
        (s.path, node.name)
        for s in sources(*PACKAGES)
        for node in s.nodes
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]
    assert vague == []


def test_the_rooms_are_listed() -> None:
    assert len(ROOMS) > 60
    assert {"tests/http", "tests/engine", "benchmarks/shop", "supply/packages"} <= {*ROOMS}
    assert all((ROOT / room).is_dir() or (ROOT / f"{room}.py").is_file() for room in ROOMS)
