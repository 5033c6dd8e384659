"""Authorisation: every route with a key of every role, compared with docs/access.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from starlette.routing import Route

from oms_ledger.access.roles import ADMIN, ANY, PUBLIC, ROLES, SCOPES
from oms_ledger.app import Oms, open_prepared, prepare
from oms_ledger.cli.access import access, routes
from oms_ledger.http.app import create_app
from oms_ledger.http.endpoint import Endpoint
from oms_ledger.settings import Settings
from tests.http.conftest import Api, rounds
from tests.http.test_errors import problem_of

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
ROW = re.compile(r"\| `(\w+) (\S+)` \| (\S+) \| (.+) \|")


def written() -> dict[tuple[str, str], dict[str, bool]]:
    """What the page says of each route, by role."""
    lines = PAGE.read_text("utf-8").splitlines()
    heads = next(line for line in lines if line.startswith("| Route |")).split("|")[3:-1]
    names = [name.strip() for name in heads]
    rows = (match for line in lines if (match := ROW.fullmatch(line)))
    return {
        (row[1], row[2]): dict(
            zip(names, (cell.strip() == "yes" for cell in row[4].split("|")), strict=True)
        )
        for row in rows
    }


def filled(path: str) -> str:
    """The path with an unknown parameter: an authorised request is refused without an effect."""
    return re.sub(r"{\w+}", "x", path) + "?nonsense=1"


def test_the_page_equals_the_generated_one() -> None:
    assert PAGE.read_text("utf-8") == access(), "docs/access.md is old; `make docs` writes it"


def served(oms: Oms) -> Iterator[tuple[str, str, str]]:
    for route in create_app(oms).routes:
        if isinstance(route, Route) and route.path not in ("/docs", "/openapi.json"):
            assert isinstance(route.endpoint, Endpoint), f"{route.path} passes no gate"
            path = route.path.replace(":path}", "}")
            yield route.endpoint.method, path, route.endpoint.scope


def test_every_route_declares_the_scope_that_is_documented(memory_oms: Oms) -> None:
    declared = list(served(memory_oms))
    assert sorted(declared) == sorted(routes())
    assert {scope for _, _, scope in declared} <= {*SCOPES, PUBLIC, ANY}


def test_every_route_with_every_role(oms: Oms) -> None:
    page = written()
    assert set(page) == {(method, path) for method, path, _ in served(oms)}
    app = create_app(oms)
    for role in ROLES:
        with Api(app, key=oms.api_keys.create(f"a {role}", role)) as api:
            for (method, path), may in page.items():
                response = api.send(method, filled(path), json={} if method != "GET" else None)
                assert response.status_code not in (401, 429, 500, 503), (role, method, path)
                assert (response.status_code != 403) is may[role], (role, method, path)


def test_a_single_scope_is_enough_and_no_more(oms: Oms) -> None:
    app = create_app(oms)
    for scope in ("orders:read", "shipments:write", ADMIN):
        with Api(app, key=oms.api_keys.create("single", None, [scope])) as api:
            for method, path, required in routes():
                response = api.send(method, filled(path), json={} if method != "GET" else None)
                allowed = required in (scope, PUBLIC, ANY) or scope == ADMIN
                assert (response.status_code != 403) is allowed, (scope, method, path)


def test_a_refusal_names_the_missing_scope_and_the_roles_that_have_it(oms: Oms) -> None:
    with Api(create_app(oms), key=oms.api_keys.create("counter", "analyst")) as api:
        problem = problem_of(api.post("/v1/orders", {}), 403, "forbidden")
    assert "key:counter lacks the scope orders:write" in problem["detail"]
    assert "admin or operator or pharmacist or channel or support" in problem["detail"]


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Oms]:
    """Another ledger in the same database."""
    other = replace(settings, ledger="north", admin_key=None)
    assert other.database_url is not None
    prepare(other.database_url, other)
    with open_prepared(other) as opened:
        yield opened


def test_a_key_of_one_ledger_is_nothing_in_another(oms: Oms, elsewhere: Oms) -> None:
    """At every route; even if its row were there, as in a copy."""
    key = oms.api_keys.create("main's", "admin")
    for copied in (False, True):
        if copied:
            with psycopg.connect(elsewhere.url) as owner:
                owner.execute("INSERT INTO oms_north.api_keys SELECT * FROM oms_main.api_keys")
        for some in rounds(routes()):
            with Api(create_app(elsewhere), key=key) as api:
                for method, path, scope in some:
                    response = api.send(method, filled(path), json={} if method != "GET" else None)
                    assert (response.status_code == 401) is (scope != PUBLIC), (method, path)


def test_the_actor_is_the_authenticated_caller_and_cannot_be_set_by_a_request(
    oms: Oms, api: Api
) -> None:
    """Nothing in a request can name another."""
    with Api(create_app(oms), key=oms.api_keys.create("stock-taker", "warehouse")) as mine:
        headers = {"X-Actor": "key:boss", "X-User": "boss", "X-Correlation-Id": "key:boss"}
        put = mine.put("/v1/locations/LON", {"name": "London"}, headers=headers)
        assert put.status_code == 200
        problem_of(
            mine.put("/v1/locations/L2", {"name": "x", "actor": "boss"}), 422, "invalid_fields"
        )
        assert mine.put("/v1/locations/L3?actor=boss", {"name": "x"}).status_code == 422
        many = {"items": [{"sku": "A", "location": "LON", "quantity": 1}] * 2}
        assert mine.post("/v1/stock/receipts", many).status_code == 200
    api.put("/v1/locations/LON", {"name": "London, again"})
    actors = [item["actor"] for item in api.get("/v1/events").json()["items"]]
    assert actors[-1] == "key:admin"
    assert set(actors[:-1]) == {"key:stock-taker"}
    assert len(actors) >= 4
