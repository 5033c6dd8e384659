"""The project's own source files, parsed once and when it is needed."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("src/oms_ledger", "commands/oms_commands", "projections/oms_projections")
"""What is shipped."""

RULES = ("src/oms_ledger/domain", "commands/oms_commands")
"""Where decisions are made."""

EVERYWHERE = (*PACKAGES, "tests", "benchmarks", "supply")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A million nodes that all stay are searched for garbage again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class Source:
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        with no_garbage_collection():
            return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree, walked once."""
        with no_garbage_collection():
            return list(ast.walk(self.tree))

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    @cached_property
    def strings(self) -> list[ast.Constant]:
        """Literals of text, but not docstrings."""
        documentation = {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}
        literals = [node for node in self.nodes if isinstance(node, ast.Constant)]
        return [
            node
            for node in literals
            if isinstance(node.value, str) and id(node) not in documentation
        ]

    @cached_property
    def texts(self) -> frozenset[str]:
        """What the literals of text say."""
        return frozenset(str(literal.value) for literal in self.strings)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that a module uses, imports or has as a text; not those in docstrings."""
        names: set[str] = set()
        for node in self.nodes:
            match node:
                case ast.alias(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                    names.add(name)
        for text in self.texts:
            names.update(re.findall(r"\w+", text))
        return frozenset(names)


@cache
def source(path: Path) -> Source:
    return Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


@cache
def _sources_in(folder: str) -> list[Source]:
    return [source(path) for path in sorted((ROOT / folder).rglob("*.py"))]


def sources(*folders: str) -> list[Source]:
    return [each for folder in folders for each in _sources_in(folder)]


def length(function: Function) -> int:
    """Lines from the first decorator to the last line of the body."""
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    return (function.end_lineno or function.lineno) - first + 1
