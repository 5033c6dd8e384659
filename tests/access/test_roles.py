"""Roles, scopes, and the rights and validity of API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oms_commands import COMMANDS
from oms_ledger.access import api_keys, roles
from oms_ledger.access.principals import ANONYMOUS, Principal, authorise
from oms_ledger.domain.errors import Forbidden, Invalid
from oms_projections import QUERIES

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_roles_are_made_of_scopes_that_exist() -> None:
    assert roles.ROLES.keys() == roles.ROLE_HOLDERS.keys()
    for role, scopes in roles.ROLES.items():
        assert scopes <= roles.SCOPES.keys(), role
        assert (roles.ADMIN in scopes) is (role == "admin")


def test_every_command_and_query_requires_a_scope_that_exists() -> None:
    """A command requires a write scope, so that a read-only key cannot execute it."""
    for command in COMMANDS.values():
        assert command.scope in roles.SCOPES
        assert command.scope.endswith(":write") or command.scope == roles.ADMIN
    for query in QUERIES:
        assert query.scope in (*roles.SCOPES, roles.PUBLIC)
        assert not query.scope.endswith(":write")


def test_read_only_roles_have_no_scope_that_writes() -> None:
    for role in ("analyst", "auditor"):
        assert not [scope for scope in roles.ROLES[role] if scope.endswith(":write")]
        assert "pii:read" not in roles.ROLES[role]


def test_a_role_that_is_gone_gives_nothing() -> None:
    assert roles.scopes_of("emperor") == frozenset()
    assert roles.scopes_of(None, ["audit:read"]) == {"audit:read"}


@pytest.mark.parametrize(
    ("role", "scopes"), [("emperor", ()), (None, ()), (None, ["orders:burn"]), ("admin", ["x"])]
)
def test_no_key_without_rights_that_exist(role: str | None, scopes: list[str]) -> None:
    with pytest.raises(Invalid):
        api_keys.new_key("1", "shop", NOW, ledger="main", role=role, scopes=scopes)


def test_a_key_opens_for_its_ledger_and_its_time_alone() -> None:
    end = NOW + timedelta(hours=1)
    text, key = api_keys.new_key("1", "shop", NOW, ledger="main", role="admin", expires_at=end)
    assert api_keys.authenticates(text, key, "main", NOW)
    assert not api_keys.authenticates(text, key, "north", NOW)
    assert not api_keys.authenticates(text, key, "main", end)
    assert not api_keys.authenticates(text[:-1] + "!", key, "main", NOW)


def test_a_fading_key_never_lives_longer_for_it() -> None:
    end = NOW + timedelta(hours=1)
    _, key = api_keys.new_key("1", "shop", NOW, ledger="main", role="admin", expires_at=end)
    assert api_keys.expiring(key, NOW, timedelta(hours=2)).expires_at == end
    assert api_keys.expiring(key, NOW, timedelta(minutes=2)).expires_at == NOW + timedelta(
        minutes=2
    )


def test_a_kept_key_shows_nothing_of_its_secret() -> None:
    text, key = api_keys.new_key("1", "shop", NOW, ledger="main", role="admin")
    assert text.rpartition("_")[2] not in repr(key)
    assert repr(key.hash) not in repr(key)


def test_only_public_routes_are_allowed_without_a_key() -> None:
    authorise(ANONYMOUS, "public")
    for scope in roles.SCOPES:
        with pytest.raises(Forbidden, match=scope):
            authorise(ANONYMOUS, scope)
        authorise(Principal("1", "key:a", frozenset({roles.ADMIN})), scope)
