"""Keys by command line: roles, scopes, an end, another in their place."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from oms_ledger.cli.ledger import cli_actor
from tests.cli.conftest import Run


def listed(run: Run) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = json.loads(run("keys", "list", "--json").stdout)
    return keys


def test_a_key_has_a_role_scopes_and_an_end(run: Run) -> None:
    run("keys", "create", "desk")
    run("keys", "create", "shop", "--role", "channel", "--expires", "90d")
    run("keys", "create", "probe", "--scope", "stock:read", "--scope", "audit:read")
    desk, shop, probe = listed(run)
    assert (desk["role"], desk["scopes"], desk["expires_at"]) == ("operator", [], None)
    assert shop["role"] == "channel"
    made, ends = (datetime.fromisoformat(shop[name]) for name in ("created_at", "expires_at"))
    assert ends - made == timedelta(days=90)
    assert (probe["role"], probe["scopes"]) == (None, ["audit:read", "stock:read"])
    shown = run("keys", "list").stdout
    assert "channel" in shown
    assert "audit:read" in shown


def test_a_key_is_bound_to_channels(run: Run) -> None:
    run("keys", "create", "shop", "--role", "channel", "--channel", "Web", "--channel", "b2b")
    assert [each["channels"] for each in listed(run)] == [["b2b", "web"]]
    assert "b2b" in run("keys", "list").stdout
    refused = run("keys", "create", "x", "--channel", "a b", code=2).stderr
    assert "channel: 'a b' is no channel" in " ".join(refused.split())


def test_what_cannot_be_is_named(run: Run) -> None:
    assert (
        "There are: admin, operator" in run("keys", "create", "x", "--role", "king", code=2).stderr
    )
    assert "There is no scope 'x'" in run("keys", "create", "x", "--scope", "x", code=2).stderr
    assert "Write 45m, 12h" in run("keys", "create", "x", "--expires", "soon", code=2).stderr
    assert listed(run) == []


def test_no_key_can_have_the_name_of_the_administrators_own_key(run: Run) -> None:
    for name in ("admin", " Admin "):
        refused = run("keys", "create", name, "--role", "analyst", code=2).stderr
        assert "the name of the administrator's own key" in refused
    run("keys", "create", "admin-2", "--role", "analyst")
    assert [each["name"] for each in listed(run)] == ["admin-2"]


def test_a_key_is_rotated(run: Run) -> None:
    old = run("keys", "create", "shop", "--role", "channel").stdout.strip()
    output = run("keys", "rotate", "shop", "--grace", "30m")
    assert output.stdout.strip() != old
    assert "works until" in output.stderr
    before, after = listed(run)
    assert before["expires_at"]
    assert (after["role"], after["expires_at"]) == ("channel", None)
    run("keys", "revoke", "shop")
    assert "List them first" in run("keys", "rotate", "shop", code=4).stderr


def test_a_duration_is_read_strictly_and_bounded(run: Run) -> None:
    for text in ("999999w", "36526d", "5218w", "876601h"):
        error = run("keys", "create", "x", "--expires", text, code=2).stderr
        assert "--expires" in error
        assert "at most 5217w" in error
    for text in ("1_0d", "-1d", " 1d", "1.5h", "\u0663d", "1y", "d", ""):
        assert "--expires" in run("keys", "create", "x", "--expires", text, code=2).stderr
    run("keys", "create", "x", "--expires", "36525d")
    assert "--grace" in run("keys", "rotate", "x", "--grace", "999999w", code=2).stderr
    assert "at most 5217w" in run("keys", "rotate", "x", "--grace", "999999w", code=2).stderr
    run("keys", "rotate", "x", "--grace", "0s")


def test_every_change_of_a_key_is_on_record(run: Run) -> None:
    text = run("keys", "create", "shop", "--role", "channel").stdout.strip()
    run("keys", "create", "desk")
    run("keys", "rotate", "shop", "--grace", "30m")
    run("keys", "revoke", "desk")
    output = run("keys", "history", "--json").stdout
    changes: list[dict[str, Any]] = json.loads(output)
    assert [(each["change"], each["name"]) for each in changes] == [
        ("revoked", "desk"),
        ("rotated", "shop"),
        ("expiry_changed", "shop"),
        ("created", "desk"),
        ("created", "shop"),
    ]
    assert {each["actor"] for each in changes} == {cli_actor()}
    assert text.split("_")[1] not in output
    shown = run("keys", "history", "desk").stdout
    assert "revoked" in shown
    assert "shop" not in shown
    assert "Nothing is on record" in run("keys", "history", "nobody").stdout
