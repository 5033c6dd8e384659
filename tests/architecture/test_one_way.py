"""One module hands commands to the writer: the bus, which checks, resolves and seals them before,
and erases after. No door does any of these steps by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, Source, sources

BUS = "src/oms_ledger/bus.py"
IN_MEMORY = "src/oms_ledger/testing/memory.py"
"""A ledger in memory for tests of commands, with neither keys nor doors."""

SUBJECTS, SEALER = "src/oms_ledger/privacy/subjects.py", "src/oms_ledger/privacy/sealer.py"
ERASURE = "src/oms_ledger/privacy/erasure.py"

ALLOWED: dict[str, set[str]] = {
    "Writer": {BUS, IN_MEMORY, "src/oms_ledger/app.py"},
    "writer.submit": {BUS, IN_MEMORY},
    "writer.submit_many": {BUS, IN_MEMORY},
    "writer.submit_async": {BUS},
    "writer.submit_many_async": {BUS},
    "card_check": {BUS},
    "are_resolved": {BUS, SUBJECTS},
    "resolve_commands": {BUS, SUBJECTS},
    "vault.sealer": {BUS},
    "bus.sealer": {BUS},
    "seal_cached": {BUS, SEALER},
    "seal_again": {BUS, SEALER},
    "KeySuperseded": {BUS},
    "erase": {BUS, ERASURE},
    "erase_all": {BUS, ERASURE},
}
"""Names of the steps, some with that of their owner, and where they may stand beside the engine."""

ENGINE = "src/oms_ledger/engine/"


def names_in(s: Source) -> Iterator[str]:
    """Names that a module imports, uses or reads as an attribute; these also after the name of
    their owner."""
    for node in s.nodes:
        match node:
            case ast.alias(name=name):
                yield name.rpartition(".")[2]
            case ast.Name(id=name):
                yield name
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                yield name
                yield f"{owner.lstrip('_')}.{name}"
            case ast.Attribute(attr=name):
                yield name


def ways_round(s: Source) -> set[str]:
    """What of a module goes round the bus."""
    if s.path.startswith(ENGINE):
        return set()
    return {name for name in names_in(s) if s.path not in ALLOWED.get(name, {s.path})}


def test_only_the_bus_hands_commands_to_the_writer() -> None:
    violations = {s.path: ways for s in sources(*PACKAGES) if (ways := ways_round(s))}
    assert violations == {}, "hand the command to a bus of oms_ledger/bus.py"


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("oms.bus.writer.submit(submission)", "writer.submit"),
        ("submit = self._writer.submit_many", "writer.submit_many"),
        ("await bus.writer.submit_many_async(many)", "writer.submit_many_async"),
        ("from oms_ledger.engine.write.writer import Outcome, Writer", "Writer"),
        ("from oms_ledger.privacy import card_check", "card_check"),
        ("import oms_ledger.privacy.card_check", "card_check"),
        ("oms.vault.sealer.seal([submission])", "vault.sealer"),
        ("vault.erasure.erase(command, outcome)", "erase"),
        ("except_ = submissions.KeySuperseded", "KeySuperseded"),
    ],
)
def test_a_module_that_goes_round_it_is_named(text: str, way: str) -> None:
    assert way in ways_round(Source("src/oms_ledger/http/commands/handler.py", text))
    assert way not in ways_round(Source(BUS, text))
