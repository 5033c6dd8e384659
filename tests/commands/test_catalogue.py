"""Every command has a test module of its own, and says what the doors need to know of it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import oms_commands
from oms_commands import COMMANDS, NOUNS
from oms_ledger.kernel import Command

HERE = Path(__file__).parent


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_has_its_tests(command: type[Command]) -> None:
    _, noun, module = command.__module__.split(".")
    tests = HERE / noun / f"test_{module}.py"
    assert tests.is_file(), f"write {tests.name}"
    assert re.search(r"^def test_\w+", tests.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_is_named_as_its_class_and_explained(command: type[Command]) -> None:
    assert command.name == command.__name__
    summary = (inspect.getdoc(command) or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].{10,}", summary)
    assert re.fullmatch(
        r"(connections|orders|payments|returns|shipments|stock):write|admin", command.scope
    )


def test_no_two_commands_have_one_route() -> None:
    routes = [(c.route.method, c.route.path) for c in COMMANDS.values()]
    assert len(set(routes)) == len(routes) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_braces_of_a_route_are_fields_of_its_command(command: type[Command]) -> None:
    fields = set(inspect.signature(command).parameters)
    assert set(re.findall(r"{(\w+)}", command.route.path)) <= fields


def public_names(module: Path) -> list[str]:
    """What a module defines that does not begin with an underscore."""
    names: list[str] = []
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return [name for name in names if not name.startswith("_")]


def command_modules() -> list[Path]:
    folder = Path(oms_commands.__file__).parent
    return [p for p in sorted(folder.glob("*/*.py")) if not p.name.startswith("_")]


@pytest.mark.parametrize("module", command_modules(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_module_is_one_command_and_nothing_else_public(module: Path) -> None:
    (name,) = public_names(module)
    assert COMMANDS[name].__module__ == f"oms_commands.{module.parent.name}.{module.stem}"


def test_each_noun_lists_its_commands() -> None:
    assert len(command_modules()) == len(COMMANDS)
    for noun in NOUNS:
        for command in noun.COMMANDS:
            assert command.__module__.startswith(f"{noun.__name__}.")
