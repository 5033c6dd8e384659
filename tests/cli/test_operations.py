"""Keys, read models, migrations: what an operator does by command line."""

from __future__ import annotations

import json

import pytest

from oms_ledger.cli.lazy import LazyCommand
from oms_ledger.cli.main import app, exit_code
from oms_ledger.domain.errors import IdempotencyKeyReused, Invalid, NotFound, Overloaded, Refused
from oms_projections import PROJECTIONS, stock_levels
from tests.cli.conftest import Run
from tests.databases import Database


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    made = run("keys", "create", "webshop").stdout.strip()
    assert made.startswith("oms_")
    (listed,) = json.loads(run("keys", "list", "--json").stdout)
    assert listed["name"] == "webshop"
    assert listed["prefix"] in made
    assert "hash" not in listed
    run("keys", "revoke", "webshop")
    (listed,) = json.loads(run("keys", "list", "--json").stdout)
    assert listed["revoked_at"]
    assert "List them first" in run("keys", "revoke", "webshop", code=4).stderr


def test_read_models_are_listed_and_caught_up(run: Run) -> None:
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    behind = {m["name"]: m for m in json.loads(run("projections", "list", "--json").stdout)}
    assert behind.keys() == {model.name for model in PROJECTIONS}
    assert behind["stock_levels"]["lag_events"] == 1
    run("projections", "catch-up")
    up_to_date = json.loads(run("projections", "list", "--json").stdout)
    assert all(model["lag_events"] == 0 for model in up_to_date)
    assert "left nothing out" in run("projections", "parked", "stock_levels").stderr
    assert "left nothing out" in run("projections", "retry", "stock_levels").stderr
    names = ", ".join(model.name for model in PROJECTIONS)
    assert f"There are: {names}" in run("projections", "parked", "nonsense", code=4).stderr


def test_read_models_are_rebuilt_compared_swapped_and_dropped(run: Run, postgres: Database) -> None:
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    run("do", "ReceiveStock", '{"sku": "MUG", "location": "LEEDS", "quantity": 5}')
    run("projections", "catch-up")
    output = run("projections", "rebuild", "all", "--swap").stderr
    assert output.count("are the same at position 3") == len(PROJECTIONS)
    assert output.count("is live") == len(PROJECTIONS)
    old, new = stock_levels.READ_MODEL.version, stock_levels.READ_MODEL.version + 1
    builds = json.loads(run("projections", "list", "--json").stdout)
    (stock,) = (b for b in builds if b["name"] == "stock_levels")
    assert (stock["version"], stock["state"]) == (new, "live")
    assert [(b["version"], b["state"]) for b in stock["others"]] == [(old, "retired")]
    swapped = run("projections", "swap", "stock_levels", "--back").stderr
    assert f"stock_levels {old} is live" in swapped
    refused = run("projections", "drop", "stock_levels", str(old), code=3).stderr
    assert "Swap another in first" in refused
    run("projections", "drop", "stock_levels", str(new))

    with postgres.connect_owner() as owner:
        owner.execute("UPDATE stock SET on_hand = 6")
    rebuild = ("projections", "rebuild", "stock_levels", "--swap", "--jobs", "2")
    differing = run(*rebuild, code=1).stderr
    assert "1 rows differ" in differing
    assert "stock sku MUG, location LEEDS: on_hand 6 is 5" in differing
    (difference,) = json.loads(
        run("projections", "compare", "stock_levels", "--json", code=1).stdout
    )
    assert (difference["table"], difference["key"]) == (
        "stock",
        {"sku": "MUG", "location": "LEEDS"},
    )
    assert "is live" in run("projections", "swap", "stock_levels").stderr
    assert json.loads(run("show", "stock", "MUG", "--json").stdout)["on_hand"] == 5


def test_migrate_prints_what_it_applied_and_applies_it_once(run: Run) -> None:
    fresh = run("migrate", "--ledger", "north")
    assert "0001_event_log" in fresh.stdout
    assert run("migrate", "--ledger", "north").stdout == ""


def test_ledgers_see_nothing_of_each_other(run: Run) -> None:
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    run("do", "ReceiveStock", '{"sku": "MUG", "location": "LEEDS", "quantity": 5}')
    assert "GET /v1/stock" in run("show", "stock", "MUG", "--ledger", "north", code=4).stderr


def test_a_setting_that_cannot_be_is_named(run: Run) -> None:
    assert "OMS_LEDGER" in run("migrate", "--ledger", "North!", code=2).stderr


def test_exit_codes_mean_something() -> None:
    errors = (Invalid("x"), Refused("x"), NotFound("x"), Overloaded("x"), IdempotencyKeyReused("x"))
    assert [exit_code(error) for error in errors] == [2, 3, 4, 5, 1]


def _leaves(group: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    if isinstance(group, LazyCommand):
        group = group.load()
    commands = getattr(group, "commands", None)
    if commands is None:
        return [(path, group)]
    return [leaf for name, each in commands.items() for leaf in _leaves(each, (*path, name))]


def test_every_command_has_help_with_an_example() -> None:
    import typer.main

    leaves = _leaves(typer.main.get_command(app))
    assert len(leaves) >= 14
    for path, command in leaves:
        output = " ".join(str(getattr(command, "help", "")).split())
        assert "Example:" in output, f"{' '.join(path)} has no example"
        assert f"oms-ledger {' '.join(path)}" in output, f"{' '.join(path)} shows another command"


@pytest.mark.parametrize(
    "words", [("--help",), ("serve", "--help"), ("import", "orders", "--help")]
)
def test_help_is_there(run: Run, words: tuple[str, ...]) -> None:
    assert "Usage: oms-ledger" in run(*words).stdout
