"""Every command has a test module of its own, and says what the doors need to know of it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from oms_commands import COMMANDS
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
    assert re.fullmatch(r"(orders|shipments|stock):write|admin", command.scope)


def test_no_two_commands_have_one_route() -> None:
    routes = [(c.route.method, c.route.path) for c in COMMANDS.values()]
    assert len(set(routes)) == len(routes) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_braces_of_a_route_are_fields_of_its_command(command: type[Command]) -> None:
    fields = set(inspect.signature(command).parameters)
    assert set(re.findall(r"{(\w+)}", command.route.path)) <= fields
