"""The record of who made, rotated and revoked which API key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from oms_ledger.access.postgres import CHANGE_COLUMNS, ApiKeyStore
from oms_ledger.app import Oms
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.http.app import create_app
from tests.databases import Database
from tests.http.conftest import Api
from tests.http.test_errors import fields, problem_of

WEEK = timedelta(days=7)


@pytest.fixture
def custodian(postgres: Database) -> Iterator[Connection]:
    with closing(postgres.connect(Role.CUSTODIAN)) as connection:
        yield connection


def brief(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Oldest first: what, who, and the name of the key."""
    return [(each["change"], each["actor"], each["name"]) for each in reversed(changes)]


def test_a_key_is_on_record_from_its_making_to_its_end(oms: Oms) -> None:
    begun = datetime.now(UTC)
    oms.api_keys.create(
        "shop", "channel", ["audit:read"], lifetime=WEEK, channels=["Web"], actor="cli:ann"
    )
    oms.api_keys.rotate("shop", timedelta(hours=1), actor="cli:bob")
    oms.api_keys.create("desk", "operator", actor="cli:ann")
    oms.api_keys.revoke("shop", actor="cli:eve")
    first, second, _ = oms.api_keys.all()
    changes = oms.api_keys.changes()
    assert brief(changes) == [
        ("created", "cli:ann", "shop"),
        ("expiry_changed", "cli:bob", "shop"),
        ("rotated", "cli:bob", "shop"),
        ("created", "cli:ann", "desk"),
        ("revoked", "cli:eve", "shop"),
        ("revoked", "cli:eve", "shop"),
    ]
    ids = [each["key_id"] for each in reversed(changes)]
    assert ids[:3] == [first.id, first.id, second.id]
    assert set(ids[4:]) == {first.id, second.id}
    made, ending, rotated = reversed(changes[-3:])
    assert (made["role"], made["scopes"], made["holder"]) == ("channel", ["audit:read"], None)
    assert (rotated["role"], rotated["scopes"], rotated["holder"]) == (
        "channel",
        ["audit:read"],
        first.id,
    )
    assert made["channels"] == rotated["channels"] == ["web"]
    assert datetime.fromisoformat(str(made["expires_at"])) - begun > timedelta(days=6)
    assert datetime.fromisoformat(str(ending["expires_at"])) - begun < timedelta(hours=2)
    assert begun - timedelta(seconds=5) < datetime.fromisoformat(str(made["at"]))
    of_shop = oms.api_keys.changes("shop")
    assert brief(of_shop) == [each for each in brief(changes) if each[2] == "shop"]
    assert oms.api_keys.changes(first.id) == of_shop  # the keys that replaced it too
    assert [each["key_id"] for each in oms.api_keys.changes(second.id)] == [second.id] * 2


def test_nothing_of_a_key_is_in_the_record(oms: Oms, postgres: Database) -> None:
    texts = [oms.api_keys.create("shop", "channel"), oms.api_keys.rotate("shop", WEEK)[0]]
    with postgres.connect_owner() as owner:
        rows = str(owner.execute("SELECT c::text FROM api_key_changes AS c").fetchall())
        hashes = owner.execute("SELECT encode(hash, 'hex') FROM api_keys").fetchall()
    assert rows.count("shop") == 3
    for text in texts:
        _, prefix, secret = text.split("_")
        assert prefix not in rows
        assert secret not in rows
    assert not [digest for (digest,) in hashes if str(digest) in rows]


def test_what_is_done_past_the_program_is_on_record_too(
    oms: Oms, postgres: Database, custodian: Connection
) -> None:
    """The login of the session stands for a person that nobody named."""
    oms.api_keys.create("shop", "analyst")
    with postgres.connect_owner() as owner:
        owner.execute("UPDATE api_keys SET role = 'admin', scopes = '{admin}'")
        owner.execute("UPDATE api_keys SET revoked_at = now()")
        owner.execute("UPDATE api_keys SET revoked_at = NULL")
        owner.execute("DELETE FROM api_keys")
        login = str(owner.info.user)
    changes = oms.api_keys.changes()
    by = f"database:{login}"
    assert brief(changes) == [
        (change, by, "shop") for change in ("created", "altered", "revoked", "altered", "deleted")
    ]
    assert {each["login"] for each in changes} == {login}
    assert [each["role"] for each in reversed(changes)] == ["analyst", *["admin"] * 4]


def test_an_actor_is_that_of_one_change_alone(oms: Oms, custodian: Connection) -> None:
    """On a connection that is used again."""
    store = ApiKeyStore(lambda _: nullcontext(custodian), oms.settings.ledger)
    store.create("one", "analyst", actor="cli:ann")
    store.create("two", "analyst")
    second, first = oms.api_keys.changes()
    assert first["actor"] == "cli:ann"
    assert str(second["actor"]).startswith("database:")


def test_a_use_of_a_key_is_no_change(oms: Oms) -> None:
    oms.api_keys.create("shop", "analyst")
    (key,) = oms.api_keys.all()
    oms.api_keys.record_use({key.id: datetime.now(UTC)})
    assert oms.api_keys.all()[0].last_used_at is not None
    assert len(oms.api_keys.changes()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO api_key_changes (at, change, actor, login, key_id, name, scopes)"
        " VALUES (now(), 'revoked', 'cli:ann', 'x', 'x', 'x', '{}')",
        "UPDATE api_key_changes SET actor = 'cli:eve'",
        "DELETE FROM api_key_changes",
        "TRUNCATE api_key_changes",
        "SELECT record_api_key_change()",
    ],
)
def test_a_role_that_changes_keys_cannot_write_the_record(
    oms: Oms, custodian: Connection, statement: str
) -> None:
    oms.api_keys.create("shop", "analyst")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        custodian.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_key_changes SET actor = 'cli:eve'",
        "DELETE FROM api_key_changes",
        "TRUNCATE api_key_changes",
        "TRUNCATE api_keys",
    ],
)
def test_no_role_changes_the_record(oms: Oms, postgres: Database, statement: str) -> None:
    oms.api_keys.create("shop", "analyst")
    with postgres.connect_owner() as owner, pytest.raises(psycopg.Error, match="append-only"):
        owner.execute(statement.encode())


def test_no_change_without_its_record(oms: Oms, postgres: Database) -> None:
    with postgres.connect_owner() as owner:
        owner.execute("ALTER TABLE api_key_changes ADD CHECK (name <> 'shop')")
    with pytest.raises(psycopg.errors.CheckViolation):
        oms.api_keys.create("shop", "analyst")
    assert oms.api_keys.all() == []


def test_an_administrator_reads_it_page_by_page(oms: Oms) -> None:
    for n in range(5):
        oms.api_keys.create(f"key {n}", "analyst", actor="cli:ann")
    app = create_app(oms)
    with Api(app) as admin:
        first = admin.get("/v1/audit/keys?limit=3").json()
        assert [each["name"] for each in first["items"]] == ["key 4", "key 3", "key 2"]
        rest = admin.get(f"/v1/audit/keys?limit=3&before={first['next_before']}").json()
        assert [each["name"] for each in rest["items"]] == ["key 1", "key 0"]
        assert rest["next_before"] is None
        (one,) = admin.get("/v1/audit/keys?key=key+3").json()["items"]
        assert tuple(one) == CHANGE_COLUMNS
        assert (one["change"], one["actor"], one["scopes"]) == ("created", "cli:ann", [])
        wrong = admin.get("/v1/audit/keys?actor=x")
        assert fields(problem_of(wrong, 422, "invalid_fields")) == ["actor"]
    for role in ("auditor", "operator"):
        with Api(app, key=oms.api_keys.create(role, role)) as other:
            problem_of(other.get("/v1/audit/keys"), 403, "forbidden")
