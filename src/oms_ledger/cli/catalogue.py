"""Generates docs/catalogue.md: `python -m oms_ledger.cli.catalogue` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from importlib import import_module
from inspect import getdoc
from typing import get_type_hints

from msgspec import structs

from oms_commands import COMMANDS
from oms_ledger.domain.registry import EVENTS, STATES
from oms_ledger.kernel import Command, Event, Query, ReadModel, Record
from oms_ledger.policies import POLICIES
from oms_projections import PROJECTIONS, QUERIES

HEAD = """\
# Catalogue

All commands, queries, read models, events and streams of the ledger. Generated from the code by
`make docs`; a test fails when the two differ.
"""


def catalogue() -> str:
    """The whole page, in Markdown."""
    parts = (
        HEAD,
        *_commands(),
        *_queries(),
        *_read_models(),
        *_policies(),
        *_events(),
        *_streams(),
    )
    return "\n".join(parts) + "\n"


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Optional fields in brackets.\n"
    yield _row("Command", "Over HTTP", "Scope", "Fields", "What it does")
    yield _row(*["---"] * 5)
    for name, command in COMMANDS.items():
        route = f"`{command.route.method} {command.route.path}`"
        if command.route.many_path:
            route += f" `{command.route.many_path}`"
        yield _row(name, route, command.scope, _fields(command), _summary(command))
    yield ""


def _queries() -> Iterator[str]:
    yield "## Queries\n"
    yield _row("Query", "Over HTTP", "Scope", "Parameters", "Read model", "What it answers")
    yield _row(*["---"] * 6)
    for query in QUERIES:
        yield _query(query)
    yield ""


def _query(query: Query) -> str:
    route, read_model = f"`GET {query.path}`", query.read_model or "the log"
    given = _fields(query.params)
    if not isinstance(query.as_of, str):
        given = f"{given}, [as_of]" if given else "[as_of]"
    return _row(query.name, route, query.scope, given, read_model, query.summary)


def _read_models() -> Iterator[str]:
    yield "## Read models\n"
    yield _row("Read model", "Version", "Tables", "Events", "What it is")
    yield _row(*["---"] * 5)
    for model in PROJECTIONS:
        yield _read_model(model)
    yield ""


def _read_model(model: ReadModel) -> str:
    tables = ", ".join(f"`{kind.table}`" for kind in model.rows)
    summary = (import_module(model.package).__doc__ or "").strip().partition("\n")[0]
    return _row(model.name, str(model.version), tables, str(len(model.event_types)), summary)


def _policies() -> Iterator[str]:
    yield "## Policies: what follows by itself\n"
    yield _row("Policy", "After", "What follows")
    yield _row(*["---"] * 3)
    for policy in POLICIES:
        events = ", ".join(f"`{name}`" for name in sorted(policy.event_types))
        summary = (import_module(policy.react.__module__).__doc__ or "").partition("\n\n")[0]
        yield _row(policy.name, events, " ".join(summary.split()))
    yield ""


def _events() -> Iterator[str]:
    yield "## Events\n"
    yield "Each also carries time of recording, actor, command, correlation and causation.\n"
    yield _row("Stored name", "Fields", "What happened")
    yield _row(*["---"] * 3)
    for name, event in EVENTS.items():
        yield _row(f"`{name}`", _fields(event), _summary(event))
    yield ""


def _streams() -> Iterator[str]:
    yield "## Streams\n"
    yield _row("Stream", "State", "What it is")
    yield _row(*["---"] * 3)
    for category, state in STATES.items():
        yield _row(f"`{category}-<key>`", state.__name__, _summary(state))


def _fields(kind: type) -> str:
    hints = get_type_hints(kind)
    given = {name: required for name, required in _required(kind).items() if name in hints}
    shown = (_shown_name(n) if required else f"[{_shown_name(n)}]" for n, required in given.items())
    return ", ".join(shown)


def _required(kind: type) -> dict[str, bool]:
    """The fields that an event, a command or parameters are made of, and whether each must be
    given."""
    if issubclass(kind, Record):
        return {each.name: each.required for each in structs.fields(kind)}
    return {
        each.name: each.default is MISSING and each.default_factory is MISSING
        for each in fields(kind)  # type: ignore[arg-type]  # all others are dataclasses
        if each.init
    }


def _shown_name(name: str) -> str:
    """The field's name without the underscore that sets it apart from a name of Python or of a base
    class."""
    return name.rstrip("_")


def _summary(kind: type[Command] | type[Event] | type) -> str:
    """The first paragraph of a docstring; empty where a class has none of its own, or `dataclass`
    generated it."""
    text = getdoc(kind) or ""
    if not vars(kind).get("__doc__") or text.startswith(f"{kind.__name__}("):
        return ""
    return " ".join(text.split("\n\n")[0].split())


def _row(*cells: str) -> str:
    return f"| {' | '.join(_cells(cells))} |"


def _cells(cells: Iterable[str]) -> Iterator[str]:
    return (cell.replace("|", "\\|") for cell in cells)


if __name__ == "__main__":
    print(catalogue(), end="")
